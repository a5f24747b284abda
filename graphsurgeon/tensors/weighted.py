"""Tensors whose slices along an axis are multiplied by a factor each, computed as they are read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors.pieces import ElementReader
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import CHUNK_NBYTES

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class WeightedTensor(Tensor):
    """A tensor times a vector of factors along one axis, or along several that stand side by side.

    Computed in float64 and rounded once to the tensor's own dtype; streams in blocks.

    Parameters
    ----------
    base : Tensor
        Of floating-point numbers.
    factors : numpy.ndarray of float64
        As many as the axes have elements together.
    axis : int
        The first of the axes.
    num_axes : int

    Raises
    ------
    UnsupportedError
        The elements are no floating-point numbers, or there are not as many factors.
    """

    __slots__ = ("_base", "_factors", "_inner")

    def __init__(self, base: Tensor, factors: Array, axis: int, num_axes: int = 1) -> None:
        super().__init__(base.dtype, base.shape)
        if not base.dtype.is_floating:
            raise UnsupportedError(f"elements of dtype {base.dtype.name} are no floating-point numbers")
        wanted = math.prod(base.shape[axis : axis + num_axes])
        if factors.shape != (wanted,):
            raise UnsupportedError(f"{factors.size} factors for {wanted} slices")
        self._base = base
        self._factors = factors
        self._inner = math.prod(base.shape[axis + num_axes :])

    @property
    def bases(self) -> Sequence[Tensor]:
        """The tensor whose elements are multiplied."""
        return (self._base,)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
        """Yield the raw values; the base is read while they are."""
        import numpy as np

        kind = self.dtype.numpy()
        reader = ElementReader(self._base, kind, nbytes)
        step = max(1, nbytes // self.dtype.itemsize)
        for start in range(0, self.size, step):
            count = min(step, self.size - start)
            with np.errstate(all="ignore"):
                product = reader.read(count).astype(np.float64) * self._along(start, count)
                yield np.ascontiguousarray(product.astype(kind)).view(np.uint8).data
        reader.end()

    def _along(self, start: int, count: int) -> Array:
        """Return the factor of each element of a range."""
        import numpy as np

        first, last = start // self._inner, (start + count - 1) // self._inner
        taken = np.take(self._factors, np.arange(first, last + 1) % self._factors.size)
        if self._inner == 1:
            return taken
        offset = start - first * self._inner
        return np.repeat(taken, self._inner)[offset : offset + count]
