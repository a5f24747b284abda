"""Scratch files: what can only be had as one stream, such as a compressed archive, is read from the disk afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from proto_utils import disk
from proto_utils.errors import LimitError
from proto_utils.files import FileSource

#: What stays free of the disk, as a part of it: a small archive may hold very much.
_KEPT = 0.05


class ScratchSource(FileSource):
    """A file without a name, which goes with the last who reads it.

    Parameters
    ----------
    path : str
        What errors call it.
    pieces : callable
        Returns what is written there, from the beginning.
    nbytes : int
        How much is promised; -1 when nobody knows.

    Raises
    ------
    LimitError
        The disk is too small.
    """

    def __init__(self, path: str, pieces: Callable[[], Iterable[bytes]], nbytes: int = -1) -> None:
        self.path = path
        self._file = disk.scratch_stream()  # type: ignore[assignment]  # without a buffer it is a FileIO
        limit = _room()
        if nbytes > limit:
            raise LimitError(f"what {path} holds, in bytes on the disk for temporary files,", nbytes, limit)
        for piece in _limited(pieces(), limit, path):
            self._file.write(piece)
        self._file.flush()
        self._adopt()

    def is_current(self) -> bool:
        """Return True: nobody else can write there."""
        return True


def _room() -> int:
    found = disk.scratch_room()
    return found[1] - int(found[0] * _KEPT)


def _limited(pieces: Iterable[bytes], limit: int, path: str) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > limit:
            raise LimitError(f"what {path} holds, in bytes on the disk for temporary files,", total, limit)
        yield piece
