"""A tensor that lies on the first elements of a larger one: a head that got more classes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from graphsurgeon.tensors.bands import bands, intersection, within
from graphsurgeon.tensors.pieces import ElementReader, extents, raw_chunks, raw_dtype
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError


class OverlaidTensor(Tensor):
    """A tensor whose first elements along every axis are those of another one.

    Both are read forward, in bands of about 1 MiB.

    Parameters
    ----------
    base : Tensor
        What is below, and shows where `top` does not reach.
    top : Tensor
        Of the same dtype and rank, and nowhere longer.

    Raises
    ------
    UnsupportedError
        It is not so, or they are strings.
    """

    __slots__ = ("_base", "_top")

    def __init__(self, base: Tensor, top: Tensor) -> None:
        super().__init__(base.dtype, base.shape)
        is_within = len(top.shape) == len(base.shape) and all(
            dim <= whole for dim, whole in zip(top.shape, base.shape, strict=True)
        )
        if not (is_within and top.dtype is base.dtype and base.dtype.itemsize):
            raise UnsupportedError(f"{top!r} does not lie within {base!r}")
        self._base = base
        self._top = top

    def chunks(self) -> Iterator[memoryview]:
        """Yield the raw values."""
        raw = raw_dtype(self.dtype.itemsize)
        below, above = ElementReader(self._base, raw), ElementReader(self._top, raw)
        box = tuple((0, dim) for dim in self._top.shape)
        for band in bands(self.shape, self.dtype.itemsize):
            values = below.read(math.prod(extents(band))).reshape(extents(band)).copy()
            shared = intersection(band, box)
            if shared is not None:
                values[within(shared, band)] = above.read(math.prod(extents(shared))).reshape(extents(shared))
            yield from raw_chunks(values)
