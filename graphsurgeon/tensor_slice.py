"""A rectangular part of a tensor, and the words TensorFlow writes one in.

A partitioned variable is restored by slice: its saver's ``shape_and_slices`` holds
``"10 4 3,2:-"``, the whole shape and then ``start,length`` per dimension (``-`` takes
all of it), separated by colons.

Source: tensorflow/core/framework/tensor_slice.cc, `ParseShapeAndSlice` in
tensorflow/core/util/saved_tensor_slice_util.cc.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from graphsurgeon.tensor import Tensor
from proto_utils.errors import CorruptionError

#: ``(start, length)`` per dimension.
Extents = tuple[tuple[int, int], ...]


class SliceTensor(Tensor):
    """A part of another tensor.

    Whole rows stream; any other part reads the tensor into memory.

    Raises
    ------
    CorruptionError
        The part is not within the tensor.
    """

    __slots__ = ("_base", "_extents")

    def __init__(self, base: Tensor, extents: Sequence[tuple[int, int]]) -> None:
        super().__init__(base.dtype, [length for _, length in extents])
        inside = len(extents) == len(base.shape) and all(
            start >= 0 and start + length <= dim for (start, length), dim in zip(extents, base.shape, strict=True)
        )
        if not inside:
            raise CorruptionError(f"slice {list(extents)} is not within a tensor of shape {list(base.shape)}")
        self._base = base
        self._extents = tuple(extents)

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Yield the raw values; each piece is valid until the next."""
        if any(length != dim for (_, length), dim in zip(self._extents[1:], self._base.shape[1:], strict=True)):
            import numpy as np

            index = tuple(slice(start, start + length) for start, length in self._extents)
            yield np.ascontiguousarray(self._base.numpy()[index]).reshape(-1).view(np.uint8).data
            return
        row_nbytes = math.prod(self._base.shape[1:]) * self.dtype.itemsize
        first = self._extents[0][0] * row_nbytes if self._extents else 0
        yield from _cut(self._base.chunks(), first, first + self.nbytes)

    def strings(self) -> Iterator[bytes]:
        """Yield the elements of a string tensor; reads all of it."""
        index = tuple(slice(start, start + length) for start, length in self._extents)
        yield from self._base.numpy()[index].reshape(-1).tolist()


class JoinedTensor(Tensor):
    """A tensor put together of parts that cover it without overlap.

    Parts that are whole rows stream; any others are read into memory.

    Parameters
    ----------
    shape : sequence of int
    parts : sequence of (extents, Tensor)
        At least one; all of one dtype.
    """

    __slots__ = ("_parts",)

    def __init__(self, shape: Sequence[int], parts: Sequence[tuple[Extents, Tensor]]) -> None:
        super().__init__(parts[0][1].dtype, shape)
        self._parts = sorted(parts, key=lambda part: part[0])

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Yield the raw values; each piece is valid until the next."""
        rows = self.shape[1:]
        if all([length for _, length in extents[1:]] == list(rows) for extents, _ in self._parts):
            for _, part in self._parts:
                yield from part.chunks()
            return
        import numpy as np

        # As raw bytes, so that every dtype works.
        joined = np.empty((*self.shape, self.dtype.itemsize), dtype=np.uint8)
        for extents, part in self._parts:
            raw = np.frombuffer(b"".join(map(bytes, part.chunks())), dtype=np.uint8)
            index = tuple(slice(start, start + length) for start, length in extents)
            joined[index] = raw.reshape((*part.shape, self.dtype.itemsize))
        yield joined.reshape(-1).data

    def strings(self) -> Iterator[bytes]:
        """Yield the elements of a string tensor; reads all of it."""
        import numpy as np

        joined = np.empty(self.shape, dtype=object)
        for extents, part in self._parts:
            joined[tuple(slice(start, start + length) for start, length in extents)] = part.numpy()
        yield from joined.reshape(-1).tolist()


def parse_shape_and_slice(spec: str) -> tuple[tuple[int, ...], Extents] | None:
    """Parse an element of a saver's ``shape_and_slices``.

    Returns
    -------
    (shape, extents), or None
        None for the empty string, which takes the whole tensor.

    Raises
    ------
    CorruptionError
        It is not such a text.
    """
    if not spec.strip():
        return None
    *dims, parts = spec.split()
    try:
        shape = tuple(int(dim) for dim in dims)
        pairs = [None if part == "-" else tuple(map(int, part.split(","))) for part in parts.split(":")]
        extents = tuple(
            (0, dim) if pair is None else (pair[0], pair[1]) for pair, dim in zip(pairs, shape, strict=True)
        )
    except (ValueError, IndexError):
        raise CorruptionError(f"not a shape and slice: {spec!r}") from None
    return shape, extents


def _cut(chunks: Iterator[bytes | memoryview], first: int, last: int) -> Iterator[memoryview]:
    """Pass on the bytes ``[first, last)`` of a stream; it is read to its end, where checksums are compared."""
    position = 0
    for chunk in chunks:
        start, stop = max(first - position, 0), min(last - position, len(chunk))
        position += len(chunk)
        if start < stop:
            yield memoryview(chunk)[start:stop]
