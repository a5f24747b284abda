"""Buffered reading of a tensor's values, in pieces of the reader's own choice.

Tensors yield their bytes in chunks of any length. Whoever works on them wants the next n elements, often those of the
next band (`graphsurgeon.tensors.boxes.bands`): `ElementReader` gives those, without a copy where a chunk holds them
whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors.boxes import Box, num_elements, shape_of
from graphsurgeon.tensors.tensor import Tensor, array_shape, require_raw
from proto_utils.errors import CorruptionError
from proto_utils.files import CHUNK_NBYTES

if TYPE_CHECKING:
    import numpy as np


class ElementReader:
    """A forward reader of a tensor's elements, as many at a time as asked for.

    Parameters
    ----------
    tensor : Tensor
        With raw values. One without elements is read here and now, so that its checksum is verified too.
    dtype : numpy.dtype, optional
        What to take the elements for; by default, something of their size that numpy moves fast.
    nbytes : int
        About how much the tensor gives at a time.
    chunks : iterable of bytes, optional
        Its values in another form; `dtype` says in which.

    Raises
    ------
    UnsupportedError
        The tensor has no raw values.
    CorruptionError
        While it is read: there are fewer or more bytes than dtype and shape ask for; anything that its chunks raise.
    """

    def __init__(
        self,
        tensor: Tensor,
        dtype: np.dtype[Any] | None = None,
        nbytes: int = CHUNK_NBYTES,
        *,
        chunks: Iterable[bytes | memoryview] | None = None,
    ) -> None:
        if chunks is None:
            require_raw(tensor.dtype)
        self._tensor = tensor
        self._dtype = raw_dtype(tensor.dtype.itemsize) if dtype is None else dtype
        self._chunks = iter(tensor.chunks(nbytes) if chunks is None else chunks)
        self._left = memoryview(b"")
        self._num_missing = tensor.size * self._dtype.itemsize
        if not self._num_missing:
            self.end()

    def take(self, count: int) -> memoryview:
        """Return the bytes of the next elements, valid until the next call."""
        nbytes = count * self._dtype.itemsize
        piece = self._next(nbytes)
        return piece if len(piece) == nbytes else self._gathered(piece, nbytes)

    def read(self, count: int) -> np.ndarray[Any, Any]:
        """Return the next elements as a flat array, valid until the next call; not to be written to."""
        import numpy as np

        return np.frombuffer(self.take(count), dtype=self._dtype)

    def read_box(self, box: Box) -> np.ndarray[Any, Any]:
        """Return the next elements in the shape of a box, as `read` does."""
        return self.read(num_elements(box)).reshape(array_shape(shape_of(box)))

    def pieces(self, count: int) -> Iterator[memoryview]:
        """Yield the bytes of the next elements as they come, each piece valid until the next; nothing is copied."""
        missing = count * self._dtype.itemsize
        while missing:
            piece = self._next(missing)
            missing -= len(piece)
            yield piece

    def skip(self, count: int) -> None:
        """Read over the next elements."""
        for _ in self.pieces(count):
            pass

    def end(self) -> None:
        """Read what is left, to where checksums are compared."""
        self.skip(self._num_missing // self._dtype.itemsize)
        if self._left or any(len(chunk) for chunk in self._chunks):
            raise self._wrong_length("more")

    def _next(self, nbytes: int) -> memoryview:
        """Return up to so many bytes: what there is without a copy."""
        while nbytes and not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise self._wrong_length("fewer")
            self._left = memoryview(chunk)
        piece, self._left = self._left[:nbytes], self._left[nbytes:]
        self._num_missing -= len(piece)
        if not self._num_missing and self._left:
            raise self._wrong_length("more")
        return piece

    def _gathered(self, piece: memoryview, nbytes: int) -> memoryview:
        buffer = memoryview(bytearray(nbytes))
        position = 0
        while True:
            buffer[position : position + len(piece)] = piece
            position += len(piece)
            if position == nbytes:
                return buffer
            piece = self._next(nbytes - position)

    def _wrong_length(self, kind: str) -> CorruptionError:
        return CorruptionError(f"{self._tensor.describe()} gives {kind} bytes than its dtype and shape ask for")


def run(tensor: Tensor, start: int, stop: int, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
    """Yield the values of the elements ``[start, stop)`` in C order of a tensor, which is read to its end."""
    reader = ElementReader(tensor, nbytes=nbytes)
    reader.skip(start)
    yield from reader.pieces(stop - start)
    reader.end()


def raw_dtype(itemsize: int) -> np.dtype[Any]:
    """Return a numpy dtype for elements that are only moved: numpy moves its own types fastest."""
    import numpy as np

    return np.dtype({1: "u1", 2: "u2", 4: "u4", 8: "u8", 16: "c16"}[itemsize])


def raw_chunks(values: np.ndarray[Any, Any], nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
    """Yield the bytes of a contiguous array in views of at most `nbytes`."""
    import numpy as np

    data = values.reshape(-1).view(np.uint8).data
    for start in range(0, len(data), nbytes):
        yield data[start : start + nbytes]
