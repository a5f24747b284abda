"""Values for what a checkpoint does not have: zeros, initial values, those of a second checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

from graphsurgeon.errors import PassError
from graphsurgeon.evaluator import Initializers
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.boxes import whole
from graphsurgeon.tensors.joined import JoinedTensor
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor, StringTensor
from graphsurgeon.tools.fit.requirements import OPERATION, Requirement
from proto_utils.errors import UnsupportedError


def zeros(wanted: Requirement) -> Tensor:
    """Return zeros, or empty strings; UnsupportedError for an unknown shape or a dtype without a zero."""
    shape = wanted.full_shape
    if shape is None:
        raise UnsupportedError(f"zeros of what shape? The graph does not say: {wanted.shape}")
    return StringTensor(shape, []) if wanted.dtype is dtypes.STRING else FillTensor(wanted.dtype, shape)


class InitialValues:
    """The initial values of what is restored, put together of their parts where a variable is partitioned.

    `values` are those of variables that are known, by node.
    """

    def __init__(self, model: Model, seed: int, values: Mapping[str, Tensor]) -> None:
        self._model = model
        self._seed = seed
        self._values = values
        self._made: Initializers | None = None

    def __call__(self, wanted: Requirement) -> Tensor:
        """Return the initial value of the wanted shape and dtype; UnsupportedError when it has others.

        PassError when no variable is restored from that key, or its initializer cannot be evaluated.
        """
        if self._made is None:
            self._made = Initializers(self._model, seed=self._seed, values=self._values)
        if not wanted.parts:
            raise PassError(OPERATION, f"no variable is restored from {wanted.key!r}, so that nothing initializes it")
        parts = [(box, self._made[node]) for node, box in wanted.parts]
        box, tensor = parts[0]
        if box is not None:
            shape = wanted.full_shape or ()
            joined = JoinedTensor(shape, [(box or whole(part.shape), part) for box, part in parts])
            if not joined.is_complete:
                raise UnsupportedError(f"the parts that the graph has do not make up {list(shape)}")
            # In one piece: only what is stored in slices stays so.
            tensor = ReshapedTensor(joined, shape)
        if tensor.dtype is not wanted.dtype or not wanted.takes_shape(tensor.shape):
            raise UnsupportedError(f"the graph initializes it to {tensor.dtype.name} {list(tensor.shape)}")
        return tensor


def part_values(wanted: Requirement, tensor: Tensor) -> dict[str, Tensor]:
    """Return the value of each variable that is restored from a tensor, by node."""
    return {
        node: tensor if box is None else SlicedTensor.of_box(tensor, box)
        for node, box in wanted.parts
        if box is None or len(box) == len(tensor.shape)
    }
