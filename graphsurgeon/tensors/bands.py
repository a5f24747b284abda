"""Putting tensors together of parts, and cutting parts out, in bands of about 1 MiB.

Whatever box a part is, its elements come in the same order as in the whole. So while the
whole goes by front to back, every part is read, or written, front to back exactly once:
a tensor of any size passes through a few buffers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import TypeVar

from graphsurgeon.tensors.tensor import Box
from proto_utils.files import CHUNK_NBYTES

T = TypeVar("T")
Chunks = Iterator[bytes | memoryview]

_MIN_CHUNK_NBYTES = 1 << 12


def weave(shape: Sequence[int], itemsize: int, parts: Sequence[tuple[Box, Chunks]]) -> Iterator[memoryview]:
    """Yield the values of a tensor whose parts are streams.

    Parameters
    ----------
    shape : sequence of int
        Of the whole.
    itemsize : int
        Bytes of an element.
    parts : sequence of (Box, iterator of bytes-like)
        Bounds and values; together they cover the whole, and no two overlap.
    """
    import numpy as np

    readers = [(box, _Reader(chunks)) for box, chunks in parts]
    for band in bands(shape, itemsize):
        out = np.empty((*(stop - start for start, stop in band), itemsize), dtype=np.uint8)
        for box, reader in readers:
            place = intersection(band, box)
            if place is None:
                continue
            view = out[within(place, band)]
            view[...] = np.frombuffer(reader.read(view.size), dtype=np.uint8).reshape(view.shape)
        yield memoryview(out.reshape(-1).data)


def cut(chunks: Chunks, shape: Sequence[int], itemsize: int, box: Box) -> Iterator[memoryview]:
    """Yield the values of a part of a tensor that is a stream, which is read to its end.

    Parameters
    ----------
    chunks : iterator of bytes-like
        The values of the whole.
    shape : sequence of int
        Of the whole; of at least one element.
    itemsize : int
        Bytes of an element.
    box : Box
        Bounds of the part.
    """
    import numpy as np

    reader = _Reader(chunks)
    for band in bands(shape, itemsize):
        dims = [stop - start for start, stop in band]
        raw = reader.read(math.prod(dims) * itemsize)
        place = intersection(band, box)
        if place is not None:
            whole = np.frombuffer(raw, dtype=np.uint8).reshape(*dims, itemsize)
            yield memoryview(np.ascontiguousarray(whole[within(place, band)]).reshape(-1).data)
    for _ in chunks:
        # Behind the last element may come a checksum.
        pass


def shared_nbytes(num_streams: int) -> int:
    """Return the size of a buffer when so many streams share what one would have."""
    return max(_MIN_CHUNK_NBYTES, CHUNK_NBYTES // max(num_streams, 1) & ~15)


def in_sequence(parts: Sequence[tuple[Box, T]], shape: Sequence[int]) -> list[T] | None:
    """Return the parts in order when each is one run of the whole tensor's values, else None."""
    for box, _ in parts:
        axis = next((a for a, (start, stop) in enumerate(box) if stop - start > 1), len(box))
        if any(bounds != (0, dim) for bounds, dim in zip(box[axis + 1 :], shape[axis + 1 :], strict=True)):
            return None
    return [part for _, part in sorted(parts, key=lambda each: [start for start, _ in each[0]])]


def bands(shape: Sequence[int], itemsize: int, nbytes: int | None = None) -> Iterator[Box]:
    """Divide a tensor into consecutive runs of elements that are boxes.

    Parameters
    ----------
    shape : sequence of int
    itemsize : int
        Bytes per element.
    nbytes : int, optional
        What a run takes at most, beyond one element; about 1 MiB by default.

    Yields
    ------
    Box
        In the order of the values: one index each of some leading axes, a range of the next, all of the rest. None at
        all for a tensor without elements.
    """
    if not math.prod(shape):
        return
    nbytes = CHUNK_NBYTES if nbytes is None else nbytes
    axis, row_nbytes = 0, math.prod(shape) * itemsize
    while axis < len(shape):
        row_nbytes //= shape[axis]
        if row_nbytes <= nbytes:
            break
        axis += 1
    if axis == len(shape):
        yield from (tuple((i, i + 1) for i in index) for index in product(*map(range, shape)))
        return
    num_rows = max(1, nbytes // row_nbytes)
    inner = tuple((0, dim) for dim in shape[axis + 1 :])
    for outer in product(*map(range, shape[:axis])):
        for start in range(0, shape[axis], num_rows):
            stop = min(start + num_rows, shape[axis])
            yield (*((index, index + 1) for index in outer), (start, stop), *inner)


def intersection(a: Box, b: Box) -> Box | None:
    """Return what two boxes share, None when that is nothing."""
    box = tuple((max(s, u), min(t, v)) for (s, t), (u, v) in zip(a, b, strict=True))
    return box if all(start < stop for start, stop in box) else None


def within(box: Box, frame: Box) -> tuple[slice, ...]:
    """Return the index of a box in an array that holds another one, `frame`."""
    return tuple(slice(start - origin, stop - origin) for (start, stop), (origin, _) in zip(box, frame, strict=True))


class _Reader:
    """Reads exact amounts from a stream of chunks."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._left = memoryview(b"")

    def read(self, nbytes: int) -> bytearray:
        out = bytearray(nbytes)
        position = 0
        while position < nbytes:
            if not self._left:
                self._left = memoryview(next(self._chunks))
            piece = self._left[: nbytes - position]
            out[position : position + len(piece)] = piece
            position += len(piece)
            self._left = self._left[len(piece) :]
        return out
