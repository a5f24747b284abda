"""Gathering: elements of a tensor at chosen indices along one axis, as ``tf.gather`` and ``numpy.take`` give them.

The axes in front of that one divide the tensor into blocks, which come one after the other. A block that is larger than
`MAX_WINDOW_NBYTES` is made in windows of its indices; the first reads all of the base, which verifies it, and each of
the others the rows between its lowest and its highest index.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors.boxes import Box, bands
from graphsurgeon.tensors.derived import DerivedTensor
from graphsurgeon.tensors.pieces import ElementReader, raw_chunks, raw_dtype
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError

if TYPE_CHECKING:
    import numpy as np

#: What is laid out in memory.
MAX_WINDOW_NBYTES = 1 << 26


class TakenTensor(DerivedTensor):
    """The elements of a tensor at some indices along an axis, in their order; an index may come again.

    Parameters
    ----------
    base : Tensor
    indices : sequence of int
        From 0.
    axis : int
        From 0.

    Raises
    ------
    UnsupportedError
        There is no such axis, or no such index.
    """

    __slots__ = ("_axis", "_indices")

    def __init__(self, base: Tensor, indices: Sequence[int], axis: int = 0) -> None:
        if not 0 <= axis < len(base.shape):
            raise UnsupportedError(f"no axis {axis} in shape {list(base.shape)}")
        beyond = next((index for index in indices if not 0 <= index < base.shape[axis]), None)
        if beyond is not None:
            raise UnsupportedError(f"no index {beyond} along axis {axis} of shape {list(base.shape)}")
        super().__init__(base, (*base.shape[:axis], len(indices), *base.shape[axis + 1 :]))
        self._indices, self._axis = tuple(indices), axis

    def _raw(self, nbytes: int) -> Iterator[bytes | memoryview]:
        import numpy as np

        dims = self._base.shape
        num_blocks, length, row = math.prod(dims[: self._axis]), dims[self._axis], math.prod(dims[self._axis + 1 :])
        indices = np.array(self._indices, np.intp)
        itemsize = self.dtype.itemsize
        if max(length, len(indices)) * row * itemsize > MAX_WINDOW_NBYTES:
            yield from self._in_windows((num_blocks, length, row), indices, nbytes)
            return
        reader = ElementReader(self._base, nbytes=nbytes)
        at_once = max(1, nbytes // max(1, length * row * itemsize))
        for start in range(0, num_blocks if self.size else 0, at_once):
            count = min(at_once, num_blocks - start)
            blocks = reader.read(count * length * row).reshape(count, length, row)
            yield from raw_chunks(np.ascontiguousarray(blocks[:, indices]), nbytes)
        reader.end()

    def _in_windows(
        self, dims: tuple[int, int, int], indices: np.ndarray[Any, Any], nbytes: int
    ) -> Iterator[memoryview]:
        num_blocks, _, row = dims
        base = ReshapedTensor(self._base, dims)
        at_once = max(1, MAX_WINDOW_NBYTES // max(1, row * self.dtype.itemsize))
        is_checked = True
        for block in range(num_blocks):
            for start in range(0, len(indices), at_once):
                wanted = indices[start : start + at_once]
                box = ((block, block + 1), (int(wanted.min()), int(wanted.max()) + 1), (0, row))
                yield from raw_chunks(self._window(base, box, wanted, nbytes, is_checked=is_checked), nbytes)
                is_checked = False

    def _window(
        self, base: Tensor, box: Box, wanted: np.ndarray[Any, Any], nbytes: int, *, is_checked: bool
    ) -> np.ndarray[Any, Any]:
        """Return the rows of a block at some indices, all of which are in a box."""
        import numpy as np

        _, (first, last), (_, row) = box
        rows = SlicedTensor.of_box(base, box, checked=is_checked)
        reader = ElementReader(rows, nbytes=nbytes)
        result = np.empty((len(wanted), row), raw_dtype(self.dtype.itemsize))
        order = np.argsort(wanted, kind="stable")
        ordered = wanted[order] - first
        for (start, stop), (left, right) in bands((last - first, row), self.dtype.itemsize, nbytes):
            piece = reader.read_box(((start, stop), (left, right)))
            here = slice(*np.searchsorted(ordered, [start, stop]))
            result[order[here], left:right] = piece[ordered[here] - start]
        reader.end()
        return result

    def _arranged(self, elements: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = elements.take(list(self._indices), axis=self._axis)
        return found
