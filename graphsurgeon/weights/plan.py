"""The classification of a graph's constants, as data."""

from __future__ import annotations

import dataclasses
import math

from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType


@dataclasses.dataclass(frozen=True)
class Weight:
    """A constant that is a weight.

    Attributes
    ----------
    node : Node
        The Const.
    dtype : DType
    shape : tuple of int
    role : str
        One of `roles.ROLES`.
    trainable : bool
        Whether an optimizer trains it.
    evidence : list of str
        Each piece, for people.
    read : Node or None
        The Identity ``X/read`` that freezing left for ``X``, to be used again.
    reads : list of Node
        All Identities fed by it that freezing left: `read`, and what were ReadVariableOps.
    """

    node: Node
    dtype: DType
    shape: tuple[int, ...]
    role: str
    trainable: bool
    evidence: list[str]
    read: Node | None = None
    reads: list[Node] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Kept:
    """A constant of more than one element that stays one, for a `reason`; `function` is the one whose body holds it."""

    node: Node
    dtype: DType
    shape: tuple[int, ...]
    reason: str
    function: str | None = None

    @property
    def path(self) -> str:
        """Its name; after that of the function that holds it."""
        return self.node.name if self.function is None else f"{self.function}/{self.node.name}"

    @property
    def nbytes(self) -> int:
        """Bytes of its values, going by dtype and shape; of the contents of strings."""
        if self.dtype is dtypes.STRING:
            return self.node.tensor.nbytes
        return math.prod(self.shape) * self.dtype.itemsize


@dataclasses.dataclass(frozen=True)
class WeightPlan:
    """The verdict on every constant.

    Attributes
    ----------
    weights : list of Weight
        In the order of the graph; empty when nothing qualifies.
    kept : list of Kept
        In the order of the graph, then of the functions.
    fingerprinted : bool
        Whether marks of freezing decided; otherwise roles did.
    """

    weights: list[Weight]
    kept: list[Kept]
    fingerprinted: bool
