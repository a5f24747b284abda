"""What a summary says: layers in a tree, and totals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphsurgeon.display import Displayed


@dataclass(frozen=True)
class LayerRow:
    """A layer, or a scope with layers in it, which has figures only where those are not listed.

    So a column adds up to the total. `depth` is how many scopes it is in; `trainable` are the parameters that are
    trained, `shared` those that a layer before has too, where they count; null where nothing is known.
    """

    name: str
    depth: int
    op: str | None
    shape: list[int | None] | None
    parameters: int | None
    trainable: int | None
    shared: int | None
    multiply_adds: int | None
    nbytes: int | None


@dataclass(frozen=True)
class SummaryInput:
    """An input: its tensor, dtype and shape."""

    name: str
    dtype: str | None
    shape: list[int | None] | None


@dataclass(frozen=True)
class Summary(Displayed):
    """The layers of a model, and what they hold and cost.

    Attributes
    ----------
    inputs : list of SummaryInput
    outputs : list of str
        The tensors whose layers these are.
    layers : list of LayerRow
        In the order in which they run, below their scopes.
    parameters : int
        Elements of all variables or weights of the layers; of those that are shared once.
    trainable : int
        How many of them are trained; null where nothing tells.
    nbytes : int
        What they take.
    multiply_adds : int
        What all layers add up to; null when nothing is known of any.
    per_example : bool
        The size of the batch is not known: the multiply-adds are those of one example.
    notes : list of str
        What the figures leave out.
    """

    inputs: list[SummaryInput]
    outputs: list[str]
    layers: list[LayerRow]
    parameters: int
    trainable: int | None
    nbytes: int
    multiply_adds: int | None
    per_example: bool
    notes: list[str] = field(default_factory=list)

    def labels(self) -> Iterator[str]:
        """Yield what each layer is called below the scope that it is in."""
        above: list[str] = []
        for row in self.layers:
            del above[row.depth :]
            yield row.name[len(above[-1]) + 1 :] if above else row.name
            above.append(row.name)
