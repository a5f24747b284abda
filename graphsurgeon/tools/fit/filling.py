"""Values for what a checkpoint does not have: zeros, initial values, those of a second checkpoint."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Mapping, Sequence

from graphsurgeon.errors import PassError
from graphsurgeon.evaluator import Initializers
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.bands import intersection
from graphsurgeon.tensors.slices import Extents, JoinedTensor, SliceTensor
from graphsurgeon.tensors.tensor import FillTensor, StringTensor, Tensor
from graphsurgeon.tools.fit.requirements import OPERATION, Requirement
from proto_utils.errors import UnsupportedError

#: A variable in more parts is not put together of their initial values.
_MAX_PARTS = 1000


def zeros(wanted: Requirement) -> Tensor:
    """Return zeros, or empty strings, of the wanted shape.

    Raises
    ------
    UnsupportedError
        The shape is not known, or the dtype has no zero.
    """
    shape = wanted.full_shape
    if shape is None:
        raise UnsupportedError(f"zeros of what shape? The graph does not say: {wanted.shape}")
    return StringTensor(shape, []) if wanted.dtype is dtypes.STRING else FillTensor(wanted.dtype, shape)


class InitialValues:
    """The initial values of what is restored, put together of their parts where a variable is partitioned.

    Parameters
    ----------
    model : Model
    seed : int
    values : mapping of str to Tensor
        Values of variables that are known, by node.
    """

    def __init__(self, model: Model, seed: int, values: Mapping[str, Tensor]) -> None:
        self._model = model
        self._seed = seed
        self._values = values
        self._made: Initializers | None = None

    def __call__(self, wanted: Requirement) -> Tensor:
        """Return the initial value of the wanted shape and dtype.

        Raises
        ------
        PassError
            No variable is restored from that key, or its initializer cannot be evaluated.
        UnsupportedError
            It has another shape or dtype.
        """
        if self._made is None:
            self._made = Initializers(self._model, seed=self._seed, values=self._values)
        if not wanted.parts:
            raise PassError(OPERATION, f"no variable is restored from {wanted.key!r}, so that nothing initializes it")
        parts = [(extents, self._made[node]) for node, extents in wanted.parts]
        extents, tensor = parts[0]
        if extents is not None:
            boxes = [(each or (), part) for each, part in parts]
            if not _is_tiled(wanted.full_shape or (), boxes):
                shape = list(wanted.full_shape or ())
                raise UnsupportedError(f"the parts that the graph has do not make up {shape}")
            tensor = JoinedTensor(wanted.full_shape or (), boxes)
        if tensor.dtype is not wanted.dtype or not wanted.takes_shape(tensor.shape):
            raise UnsupportedError(f"the graph initializes it to {tensor.dtype.name} {list(tensor.shape)}")
        return tensor


def _is_tiled(shape: Sequence[int], parts: Sequence[tuple[Extents, Tensor]]) -> bool:
    """Whether parts cover a tensor, and no two of them overlap."""
    if len(parts) > _MAX_PARTS or sum(part.size for _, part in parts) != math.prod(shape):
        return False
    for extents, part in parts:
        lengths = tuple(length for _, length in extents)
        ends = [start + length for start, length in extents]
        if part.shape != lengths or len(ends) != len(shape) or any(map(operator.gt, ends, shape)):
            return False
    boxes = [tuple((start, start + length) for start, length in extents) for extents, _ in parts]
    return not any(intersection(a, b) for a, b in itertools.combinations(boxes, 2))


def part_values(wanted: Requirement, tensor: Tensor) -> dict[str, Tensor]:
    """Return the value of each variable that is restored from a tensor, by node."""
    return {
        node: tensor if extents is None else SliceTensor(tensor, extents)
        for node, extents in wanted.parts
        if extents is None or len(extents) == len(tensor.shape)
    }
