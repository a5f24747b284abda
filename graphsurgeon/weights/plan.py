"""The classification of a graph's constants, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils.named_tuple import NamedTuple

#: What variables are called: as their constants are, or as readers imply where a capture gave these their names.
VariableNames = Literal["keep", "readers"]


class Weight(NamedTuple):
    """A constant that is a weight."""

    node: Node  # the Const
    dtype: DType
    shape: tuple[int, ...]
    role: str  # one of `roles.ROLES`
    trainable: bool  # whether an optimizer trains it
    evidence: list[str]  # each piece, for people
    variable: str  # the name of the variable it was: its own, but for what constant folding made of a read

    @property
    def nbytes(self) -> int:
        """Bytes of its values, going by dtype and shape."""
        return math.prod(self.shape) * self.dtype.itemsize


class Kept(NamedTuple):
    """A constant of more than one element that stays one, for a `reason`; `function` is the one whose body holds it.

    `role` is what its use established all the same.
    """

    node: Node
    dtype: DType
    shape: tuple[int, ...]
    reason: str
    function: str | None = None
    role: str | None = None

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


class WeightPlan(NamedTuple):
    """The verdict on every constant."""

    weights: list[Weight]  # in the order of the graph; empty when nothing qualifies
    kept: list[Kept]  # in the order of the graph, then of the functions
    fingerprinted: bool  # whether marks of freezing decided; otherwise roles did
    implied: Mapping[str, str]  # the names that readers imply, by constant, where they were asked
