"""A source made of pieces: bytes in memory, and values that stay elsewhere until they are read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Protocol

from proto_utils.errors import CorruptionError
from proto_utils.files import CHUNK_NBYTES, BytesSource, FileSource


class Ranged(Protocol):
    """Something with a known number of bytes of which any range can be had."""

    @property
    def nbytes(self) -> int:
        """Length in bytes."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes in order."""
        ...

    def ranges(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes of ``[start, end)`` in order."""
        ...


class PiecedSource:
    """Pieces, one behind the other, with the face of a file.

    Parameters
    ----------
    pieces : sequence of bytes or Ranged
    file : FileSource
        Where what is not in memory is read from. Closed by `close`.
    """

    def __init__(self, pieces: Sequence[bytes | Ranged], file: FileSource) -> None:
        self.path = file.path
        self._file = file
        self._pieces = list(pieces)
        sizes = [len(piece) if isinstance(piece, bytes) else piece.nbytes for piece in self._pieces]
        self._starts = [0, *accumulate(sizes)]
        self.size = self._starts.pop()

    def __deepcopy__(self, memo: dict[int, object]) -> PiecedSource:
        # Nobody changes it.
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return BytesSource, (self.read(0, self.size), self.path)

    def close(self) -> None:
        """Close the file; what is in it can no longer be read."""
        self._file.close()

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of ``[start, end)``.

        Raises
        ------
        CorruptionError
            There are fewer.
        """
        return b"".join(self._ranges(start, end))

    def chunks(self, start: int, end: int, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield ``[start, end)`` in views of at most `nbytes`."""
        for data in self._ranges(start, end):
            view = memoryview(data)
            for position in range(0, len(view), nbytes):
                yield view[position : position + nbytes]

    def _ranges(self, start: int, end: int) -> Iterator[bytes]:
        if end > self.size:
            raise CorruptionError(f"ends at byte {self.size}, {end} is wanted", path=self.path, offset=start)
        index = bisect_right(self._starts, start) - 1
        while start < end:
            piece, first = self._pieces[index], self._starts[index]
            stop = min(end, self._starts[index + 1] if index + 1 < len(self._starts) else self.size)
            if isinstance(piece, bytes):
                yield piece[start - first : stop - first]
            elif stop > start:
                yield from piece.ranges(start - first, stop - first)
            start, index = stop, index + 1
