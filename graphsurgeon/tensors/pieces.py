"""Reading the values of a tensor in pieces of one's own choice.

Tensors yield their bytes in chunks of any length. A transform wants the next n elements, often those of the next band
(`graphsurgeon.tensors.bands.bands`): `ElementReader` gives those, without a copy where a chunk holds them whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors.tensor import Box, Tensor
from proto_utils.errors import CorruptionError
from proto_utils.files import CHUNK_NBYTES

if TYPE_CHECKING:
    import numpy as np


class ElementReader:
    """Reads a tensor's elements forward, as many at a time as asked for.

    Parameters
    ----------
    tensor : Tensor
        With raw values. One without elements is read here and now, so that its checksum is verified too.
    dtype : numpy.dtype
        What to take the elements for; of the tensor's item size.

    Raises
    ------
    CorruptionError
        The tensor yields fewer or more bytes than its dtype and shape ask for; anything that its chunks raise.
    """

    def __init__(self, tensor: Tensor, dtype: np.dtype[Any]) -> None:
        self._tensor = tensor
        self._dtype = dtype
        self._chunks = iter(tensor.chunks())
        self._left = memoryview(b"")
        self._num_left = tensor.size
        if not self._num_left:
            self._expect_end()

    def read(self, count: int) -> np.ndarray[Any, Any]:
        """Return the next elements as a flat array, valid until the next call; not to be written to."""
        import numpy as np

        nbytes = count * self._dtype.itemsize
        if not self._left:
            self._left = self._next()
        if len(self._left) >= nbytes:
            piece, self._left = self._left[:nbytes], self._left[nbytes:]
        else:
            piece = self._gather(nbytes)
        self._num_left -= count
        if not self._num_left:
            self._expect_end()
        return np.frombuffer(piece, dtype=self._dtype)

    def _gather(self, nbytes: int) -> memoryview:
        buffer = memoryview(bytearray(nbytes))
        position = 0
        while position < nbytes:
            if not self._left:
                self._left = self._next()
            part = self._left[: nbytes - position]
            buffer[position : position + len(part)] = part
            position += len(part)
            self._left = self._left[len(part) :]
        return buffer

    def _next(self) -> memoryview:
        for chunk in self._chunks:
            if len(chunk):
                return memoryview(chunk)
        raise self._wrong_length("fewer")

    def _expect_end(self) -> None:
        # A chunk that held the last elements may still be in use, and is not asked to make way for another one.
        if self._left or (self._tensor.size == 0 and any(len(chunk) for chunk in self._chunks)):
            raise self._wrong_length("more")

    def _wrong_length(self, kind: str) -> CorruptionError:
        return CorruptionError(f"{self._tensor!r} gives {kind} bytes than its dtype and shape ask for")


def extents(box: Box) -> tuple[int, ...]:
    """Return how long a box is in each dimension."""
    return tuple(stop - start for start, stop in box)


def raw_dtype(itemsize: int) -> np.dtype[Any]:
    """Return a numpy dtype for elements that are only moved: numpy moves its own types fastest."""
    import numpy as np

    return np.dtype({1: "u1", 2: "u2", 4: "u4", 8: "u8", 16: "c16"}[itemsize])


def raw_chunks(values: np.ndarray[Any, Any]) -> Iterator[memoryview]:
    """Yield the bytes of a contiguous array in views of about 1 MiB."""
    import numpy as np

    data = values.reshape(-1).view(np.uint8).data
    for start in range(0, len(data), CHUNK_NBYTES):
        yield data[start : start + CHUNK_NBYTES]
