"""Parts of tensors: a range of indices, with a step, along every axis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors.bands import bands
from graphsurgeon.tensors.derived import DerivedTensor
from graphsurgeon.tensors.pieces import ElementReader, extents, raw_chunks, raw_dtype
from graphsurgeon.tensors.slices import SliceTensor
from graphsurgeon.tensors.tensor import Box, Stored, Tensor
from proto_utils.errors import UnsupportedError

if TYPE_CHECKING:
    import numpy as np


class SlicedTensor(DerivedTensor):
    """The elements of a tensor whose indices are in a range along every axis.

    Nothing has to be written for a part that is one run of values, such as some rows.

    Parameters
    ----------
    base : Tensor
    ranges : sequence of range
        One for each axis, within it and going up; ``range(*slice.indices(dim))`` makes one of a slice.
    checked : bool
        Read all of the base, whatever the part, because its checksum is of the whole. Otherwise rows of a tensor that
        lies raw in a file are read alone, and somebody else has to verify it.

    Raises
    ------
    UnsupportedError
        The number of ranges is another than that of axes, one of them goes down or leaves its axis.
    """

    __slots__ = ("_is_checked", "_ranges")

    def __init__(self, base: Tensor, ranges: Sequence[range], *, checked: bool = True) -> None:
        fits = len(ranges) == len(base.shape) and all(
            not r or (r.step > 0 and r[0] >= 0 and r[-1] < dim) for r, dim in zip(ranges, base.shape, strict=True)
        )
        if not fits:
            raise UnsupportedError(f"{[*map(_spell, ranges)]} is not a part of shape {list(base.shape)}")
        super().__init__(base, [*map(len, ranges)])
        self._ranges = tuple(ranges)
        self._is_checked = checked

    @property
    def stored(self) -> Stored | None:
        """Where the part is stored, when it is one run of the base's values and these lie in a data file as they are.

        It has no checksum of its own, and whoever computes it reads `chunks`, which verifies that of the base.
        """
        whole = self._base.stored if self.dtype.itemsize and self._is_run() else None
        if whole is None or whole.is_big_endian or not self.size:
            return None
        first = sum(r.start * math.prod(self._base.shape[axis + 1 :]) for axis, r in enumerate(self._ranges))
        offset = whole.offset + first * self.dtype.itemsize
        return Stored(whole.source, offset, self.nbytes, None, is_big_endian=False)

    def _is_run(self) -> bool:
        axis = next((axis for axis, r in enumerate(self._ranges) if len(r) != 1), len(self._ranges))
        steps_by_one = all(r.step == 1 for r in self._ranges[axis : axis + 1])
        return steps_by_one and self.shape[axis + 1 :] == self._base.shape[axis + 1 :]

    def _raw(self) -> Iterator[bytes | memoryview]:
        import numpy as np

        if not self._is_checked and all(r.step == 1 for r in self._ranges):
            yield from SliceTensor(self._base, [(r.start, len(r)) for r in self._ranges], checked=False).chunks()
            return
        reader = ElementReader(self._base, raw_dtype(self.dtype.itemsize))
        for band in bands(self._base.shape, self.dtype.itemsize):
            piece = reader.read(math.prod(extents(band)))
            index = self._index(band)
            if index is not None:
                yield from raw_chunks(np.ascontiguousarray(piece.reshape(extents(band))[index]))

    def _index(self, band: Box) -> tuple[slice, ...] | None:
        """Return what of a part of the base is wanted, None when that is nothing."""
        index = []
        for wanted, (start, stop) in zip(self._ranges, band, strict=True):
            first = wanted.start + max(0, -(-(start - wanted.start) // wanted.step)) * wanted.step
            last = min(stop, wanted.stop)
            if first >= last:
                return None
            index.append(slice(first - start, last - start, wanted.step))
        return tuple(index)

    def _arranged(self, elements: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return elements[tuple(slice(r.start, r.stop, r.step) for r in self._ranges)]


def _spell(indices: range) -> str:
    return f"{indices.start}:{indices.stop}" + (f":{indices.step}" if indices.step != 1 else "")
