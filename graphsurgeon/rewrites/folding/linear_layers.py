"""Linear layers: convolutions and products whose kernel can take a factor for each channel that they give."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.weighted import WeightedTensor
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# By op: the axes of the kernel along which the channels lie that the layer gives, and the rank of its result.
_LAYERS: Final[dict[str, tuple[int, int, int]]] = {
    "Conv2D": (3, 1, 4), "DepthwiseConv2dNative": (2, 2, 4), "Conv2DBackpropInput": (2, 1, 4), "Conv3D": (4, 1, 5),
    "Conv3DBackpropInputV2": (3, 1, 5), "MatMul": (1, 1, 2),
}  # fmt: skip
LAYER_OPS: Final = frozenset(_LAYERS)
#: A factor between its reciprocal and this leaves trained weights in the range of float32.
_GREAT: Final = 1e15
_MAX_STEPS: Final = 20


class LinearLayer(NamedTuple):
    """A layer: where its kernel has the channels that it gives, the rank of its result, and whether they come first."""

    node: Node
    axis: int
    num_axes: int
    rank: int
    is_channels_first: bool

    @property
    def kernel(self) -> str:
        """The tensor that is the kernel."""
        return self.node.data_inputs[1]

    def num_channels(self, shape: Sequence[int]) -> int:
        """Return how many channels it gives with a kernel of that shape."""
        return math.prod(shape[self.axis : self.axis + self.num_axes])

    def scaled(self, kernel: Tensor, factors: Array) -> Tensor:
        """Return the kernel with which each channel is multiplied by a factor."""
        return WeightedTensor(kernel, factors, self.axis, self.num_axes)

    def has_room(self, kernel: Tensor, factors: Array) -> bool:
        """Return whether each channel of the kernel times its factor is in the range of the kernel's dtype.

        The kernel is only read where factors, or the range, are extreme.
        """
        import numpy as np

        sizes = np.abs(factors[factors != 0])
        if kernel.dtype.itemsize > 2 and (not sizes.size or (sizes.max() < _GREAT and sizes.min() > 1 / _GREAT)):
            return True
        shape = kernel.shape
        values = np.abs(kernel.numpy().astype(np.float64)).reshape(
            -1, factors.size, math.prod(shape[self.axis + self.num_axes :])
        )
        largest = values.max(axis=(0, 2), initial=0) * np.abs(factors)
        return fits(largest, kernel.dtype) and not (largest[largest > 0] < _smallest(kernel.dtype)).any()


def fits(values: Array, dtype: DType) -> bool:
    """Return whether numbers are finite in a dtype."""
    import numpy as np

    with np.errstate(all="ignore"):
        return bool(np.isfinite(values.astype(dtype.numpy()).astype(np.float64)).all())


def _smallest(dtype: DType) -> float:
    """Return the smallest number of a dtype that has all its digits."""
    return 2.0**-14 if dtype.name == "float16" else 2.0**-126


def linear_layer(node: Node) -> LinearLayer | None:
    """Return what kind of layer a node is, None if it is not a layer."""
    if node.op not in _LAYERS:
        return None
    axis, num_axes, rank = _LAYERS[node.op]
    if node.op == "MatMul" and attr_of(node, "transpose_b"):
        axis = 0
    return LinearLayer(node, axis, num_axes, rank, is_channels_first(node))


def leads_to_layer(index: Index, text: str, passed: Collection[str]) -> bool:
    """Whether a layer stands behind a tensor, on the way through ops that are `passed`."""
    node = index.producer(text)
    for _ in range(_MAX_STEPS):
        if node is None:
            return False
        if linear_layer(node) is not None:
            return True
        if node.op not in passed:
            return False
        behind = map(index.producer, node.data_inputs)
        node = next((each for each in behind if each is not None and each.op != "Const"), None)
    return False


def is_channels_first(node: Node) -> bool:
    """Whether an op takes its channels to stand before height and width."""
    order = attr_of(node, "data_format")
    return isinstance(order, bytes) and order.startswith(b"NC")


def channel_vector(value: Tensor, num_channels: int, rank: int, *, channels_first: bool) -> Array | None:
    """Return what an operand is for each channel when numpy's rules broadcast it; None if it is not one for each."""
    import numpy as np

    shape = value.shape
    if len(shape) > rank or not value.dtype.is_floating:
        return None
    full = (1,) * (rank - len(shape)) + tuple(shape)
    axis = 1 if channels_first and rank > 2 else rank - 1
    if any(dim != 1 for i, dim in enumerate(full) if i != axis) or full[axis] not in (1, num_channels):
        return None
    return np.broadcast_to(value.numpy().astype(np.float64).reshape(-1), (num_channels,))
