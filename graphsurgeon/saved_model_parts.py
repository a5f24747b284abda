"""What a SavedModel holds beside the one meta graph that is a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphsurgeon.tensor import Tensor
from proto_utils.files import Span


@dataclass(frozen=True)
class SavedModelParts:
    """What goes along when a model that came from a SavedModel becomes one again.

    Attributes
    ----------
    records : tuple of Span
        The records of the SavedModel message, in order: meta graphs, version, unknown fields.
    own : int
        Which of them is the model's own meta graph.
    num_others : int
        How many of them are other meta graphs.
    files : mapping of str to str
        Assets and the like: their paths in the SavedModel, with slashes, and where they are.
    variables : mapping of str to Tensor
        The checkpoint as it was read: other meta graphs need it whatever becomes of this one.
    """

    records: tuple[Span, ...]
    own: int
    num_others: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Tensor] = field(default_factory=dict)
