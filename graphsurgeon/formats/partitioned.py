"""Tensors that are stored in slices: put together as they are read.

Whatever the slices, each is read front to back exactly once while the whole is
handed out front to back: the elements of a slice come in the same order in both.
So a tensor of any size is assembled in a few buffers, and the checksum of every
slice is verified on the way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

from graphsurgeon import dtypes
from graphsurgeon.dtypes import DType
from graphsurgeon.formats.bundle_tensors import BundleTensor
from graphsurgeon.formats.slices import Slice
from graphsurgeon.formats.v1_tensors import V1Slice
from graphsurgeon.tensor import Box, Tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES

_MIN_CHUNK_NBYTES = 1 << 12


class PartitionedTensor(Tensor):
    """A tensor stored in slices, assembled as it is read; never whole in memory.

    Parameters
    ----------
    name : str
    dtype : DType
    shape : tuple of int
    parts : sequence of (Box, Tensor)
        Slices and their bounds; no two overlap.
    slices : sequence of Slice, optional
        The slices as an index has them, where a length of -1 means all of a dimension.
    """

    __slots__ = ("_all_parts", "_name", "_parts", "slices")

    def __init__(
        self,
        name: str,
        dtype: DType,
        shape: Sequence[int],
        parts: Sequence[tuple[Box, Tensor]],
        slices: Sequence[Slice] | None = None,
    ) -> None:
        super().__init__(dtype, shape)
        self._name = name
        self._all_parts = tuple(parts)
        self._parts = [(box, tensor) for box, tensor in parts if tensor.size]
        lengths = (tuple((start, stop - start) for start, stop in box) for box, _ in parts)
        self.slices: tuple[Slice, ...] = tuple(lengths if slices is None else slices)

    @property
    def parts(self) -> Sequence[tuple[Box, Tensor]]:
        """The slices and their bounds."""
        return self._all_parts

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Yield the values of the whole tensor in order.

        Slices along the leading axis follow one another; others are woven together
        in bands of about 1 MiB.

        Raises
        ------
        CorruptionError
            The slices do not cover the tensor, or a checksum differs.
        """
        self._check_covered()
        ordered = _in_sequence(self._parts, self.shape)
        if ordered is None:
            yield from self._woven()
        else:
            for part in ordered:
                yield from part.chunks()

    def strings(self) -> Iterator[bytes]:
        """Yield the elements of the whole tensor in order; slices off the leading axis are held in memory."""
        if self.dtype is not dtypes.STRING:
            raise UnsupportedError(f"tensor {self._name!r} is a {self.dtype.name} and has no strings")
        self._check_covered()
        ordered = _in_sequence(self._parts, self.shape)
        if ordered is None:
            yield from self._woven_strings()
        else:
            for part in ordered:
                yield from part.strings()

    def _check_covered(self) -> None:
        stored = sum(tensor.size for _, tensor in self._parts)
        if stored != self.size:
            raise CorruptionError(
                f"tensor {self._name!r}: its {len(self._parts)} slices hold {stored} of {self.size} elements",
                hint="a checkpoint of part of a variable has no whole value",
            )

    def _woven(self) -> Iterator[memoryview]:
        import numpy as np

        itemsize = self.dtype.itemsize
        # Every slice is read front to back at once, so they share what one would have as its buffer.
        nbytes = max(_MIN_CHUNK_NBYTES, CHUNK_NBYTES // len(self._parts) & ~15)
        readers = [(box, _Reader(_chunks(tensor, nbytes))) for box, tensor in self._parts]
        for band in _bands(self.shape, itemsize):
            out = np.empty((*(stop - start for start, stop in band), itemsize), dtype=np.uint8)
            for box, reader in readers:
                place = _intersection(band, box)
                if place is None:
                    continue
                view = out[tuple(slice(a - b, c - b) for (a, c), (b, _) in zip(place, band, strict=True))]
                view[...] = np.frombuffer(reader.read(view.size), dtype=np.uint8).reshape(view.shape)
            yield memoryview(out.tobytes())

    def _woven_strings(self) -> Iterator[bytes]:
        import numpy as np

        out = np.empty(self.shape, dtype=object)
        for box, tensor in self._parts:
            out[tuple(slice(start, stop) for start, stop in box)] = tensor.numpy()
        yield from out.reshape(-1)


class _Reader:
    """Reads exact amounts from a stream of chunks."""

    def __init__(self, chunks: Iterator[bytes | memoryview]) -> None:
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


def _chunks(tensor: Tensor, nbytes: int) -> Iterator[bytes | memoryview]:
    return tensor.chunks(nbytes) if isinstance(tensor, (BundleTensor, V1Slice)) else tensor.chunks()


def _in_sequence(parts: Sequence[tuple[Box, Tensor]], shape: Sequence[int]) -> list[Tensor] | None:
    """Return the slices in order when each is one run of the whole tensor's values, else None."""
    for box, _ in parts:
        axis = next((a for a, (start, stop) in enumerate(box) if stop - start > 1), len(box))
        if any(bounds != (0, dim) for bounds, dim in zip(box[axis + 1 :], shape[axis + 1 :], strict=True)):
            return None
    return [tensor for _, tensor in sorted(parts, key=lambda part: [start for start, _ in part[0]])]


def _bands(shape: Sequence[int], itemsize: int) -> Iterator[Box]:
    """Divide a tensor into consecutive runs of about 1 MiB that are boxes."""
    axis = 0
    while math.prod(shape[axis + 1 :]) * itemsize > CHUNK_NBYTES:
        axis += 1
    num_rows = max(1, CHUNK_NBYTES // (math.prod(shape[axis + 1 :]) * itemsize))
    inner = tuple((0, dim) for dim in shape[axis + 1 :])
    for outer in product(*map(range, shape[:axis])):
        for start in range(0, shape[axis], num_rows):
            stop = min(start + num_rows, shape[axis])
            yield (*((index, index + 1) for index in outer), (start, stop), *inner)


def _intersection(a: Box, b: Box) -> Box | None:
    box = tuple((max(s, u), min(t, v)) for (s, t), (u, v) in zip(a, b, strict=True))
    return box if all(start < stop for start, stop in box) else None
