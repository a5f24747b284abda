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
from itertools import chain

from graphsurgeon.tensors.bands import cut, in_sequence, intersection, weave
from graphsurgeon.tensors.tensor import Box, Tensor
from proto_utils.errors import CorruptionError

#: ``(start, length)`` per dimension.
Extents = tuple[tuple[int, int], ...]


class SliceTensor(Tensor):
    """A part of another tensor; it streams, whatever part it is.

    Parameters
    ----------
    base : Tensor
    extents : sequence of (int, int)
        ``(start, length)`` per dimension.
    shape : sequence of int, optional
        What the part's shape is, when not the lengths: of as many elements.
    checked : bool
        Read all of the base, so that its checksum is compared. Otherwise, where the base lies raw in a file, only the
        run of values from the leading axis that holds the part is read, and nothing vouches for them.

    Raises
    ------
    CorruptionError
        The part is not within the tensor.
    """

    __slots__ = ("_base", "_extents", "_is_checked")

    def __init__(
        self,
        base: Tensor,
        extents: Sequence[tuple[int, int]],
        *,
        shape: Sequence[int] | None = None,
        checked: bool = True,
    ) -> None:
        super().__init__(base.dtype, [length for _, length in extents] if shape is None else shape)
        inside = len(extents) == len(base.shape) and all(
            start >= 0 and start + length <= dim for (start, length), dim in zip(extents, base.shape, strict=True)
        )
        if not inside:
            raise CorruptionError(f"slice {list(extents)} is not within a tensor of shape {list(base.shape)}")
        self._base = base
        self._extents = tuple(extents)
        self._is_checked = checked

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Yield the raw values; each piece is valid until the next."""
        if not self.dtype.itemsize:
            return self._base.chunks()
        if not self._is_checked and self._base.parts is not None:
            return self._of_parts(self._base.parts)
        itemsize, dims = self.dtype.itemsize, self._base.shape
        # Where leading axes have one index, the part lies within one run of values: rows of the first other axis.
        axis = next((a for a, (_, length) in enumerate(self._extents) if length != 1), len(dims))
        first = sum(start * math.prod(dims[a + 1 :]) for a, (start, _) in enumerate(self._extents[: axis + 1]))
        run = (*(length for _, length in self._extents[axis : axis + 1]), *dims[axis + 1 :])
        stream = self._run(first * itemsize, (first + math.prod(run)) * itemsize)
        if self._extents[axis + 1 :] == tuple((0, dim) for dim in dims[axis + 1 :]) or 0 in run:
            return stream
        box = ((0, run[0]), *_box(self._extents[axis + 1 :]))
        return cut(stream, run, itemsize, box)

    def strings(self) -> Iterator[bytes]:
        """Yield the elements of a string tensor; reads all of it."""
        index = tuple(slice(start, start + length) for start, length in self._extents)
        yield from self._base.numpy()[index].reshape(-1).tolist()

    def _run(self, first: int, last: int) -> Iterator[bytes | memoryview]:
        """Yield the bytes ``[first, last)`` of the base."""
        if not self._is_checked and self._base.span is not None:
            return self._base.span.sub(first, last).chunks()
        stored = None if self._is_checked else self._base.stored
        if stored is not None and not stored.is_big_endian:
            return stored.source.chunks(stored.offset + first, stored.offset + last)
        return _between(self._base.chunks(), first, last)

    def _of_parts(self, parts: Sequence[tuple[Box, Tensor]]) -> Iterator[bytes | memoryview]:
        """Yield the values of a part of a partitioned tensor: of its slices, what is in this one."""
        own = _box(self._extents)
        shared = [(intersection(own, box), box, tensor) for box, tensor in parts]
        pieces: list[tuple[Extents, Tensor]] = [
            (_relative(common, own), SliceTensor(tensor, _relative(common, box), checked=False))
            for common, box, tensor in shared
            if common is not None
        ]
        found = sum(piece.size for _, piece in pieces)
        if found != self.size:
            raise CorruptionError(f"the tensor's slices hold {found} of the {self.size} elements of this part")
        return JoinedTensor([length for _, length in self._extents], pieces).chunks() if pieces else iter(())


class JoinedTensor(Tensor):
    """A tensor put together, as it is read, of parts that cover it without overlap.

    Parameters
    ----------
    shape : sequence of int
    parts : sequence of (extents, Tensor)
        At least one; all of one dtype. One part that is everything needs no extents.
    """

    __slots__ = ("_parts",)

    def __init__(self, shape: Sequence[int], parts: Sequence[tuple[Extents, Tensor]]) -> None:
        super().__init__(parts[0][1].dtype, shape)
        whole: Box = tuple((0, dim) for dim in self.shape)
        self._parts = [(_box(extents) or whole, part) for extents, part in parts]

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Yield the raw values; each piece is valid until the next."""
        ordered = in_sequence(self._parts, self.shape)
        if ordered is not None:
            return chain.from_iterable(part.chunks() for part in ordered)
        stored = [(box, part.chunks()) for box, part in self._parts if part.size]
        return weave(self.shape, self.dtype.itemsize, stored)

    def strings(self) -> Iterator[bytes]:
        """Yield the elements of a string tensor; reads all of it."""
        import numpy as np

        joined = np.empty(self.shape, dtype=object)
        for box, part in self._parts:
            joined[tuple(slice(start, stop) for start, stop in box)] = part.numpy()
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


def _box(extents: Sequence[tuple[int, int]]) -> Box:
    return tuple((start, start + length) for start, length in extents)


def _relative(box: Box, base: Box) -> Extents:
    """Return a box within another one as extents of that."""
    return tuple((start - origin, stop - start) for (start, stop), (origin, _) in zip(box, base, strict=True))


def _between(chunks: Iterator[bytes | memoryview], first: int, last: int) -> Iterator[memoryview]:
    """Pass on the bytes ``[first, last)`` of a stream; it is read to its end, where checksums are compared."""
    position = 0
    for chunk in chunks:
        start, stop = max(first - position, 0), min(last - position, len(chunk))
        position += len(chunk)
        if start < stop:
            yield memoryview(chunk)[start:stop]
