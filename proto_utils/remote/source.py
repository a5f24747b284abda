"""Files of stores: the ranges that are asked for are read, and no others; a file that changes meanwhile is an error."""

from __future__ import annotations

import errno
import functools
import os
from collections.abc import Callable, Iterator

from proto_utils.errors import ChangedError, UnsupportedError
from proto_utils.files import CLOSED, FileSource, reopened
from proto_utils.remote.address import home_of
from proto_utils.remote.blocks import MAX_AHEAD_NBYTES, Blocks
from proto_utils.remote.retries import retried
from proto_utils.remote.scratch import ScratchSource
from proto_utils.remote.store import Facts, pieces_of
from proto_utils.remote.urls import facts_to_open, put_back, store_of_url

#: Of what is read along with small reads, at least so much is asked for at a time.
_LANE_NBYTES = 4 << 20
_AGAIN = "read it again when nobody writes to it"


class RemoteSource(FileSource):
    """A file of a store.

    Costs one request, of which the beginning of the file may come along. Without ranges, which some web servers do not
    have, all of it is read at once, into a scratch file.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError, OSError
        It cannot be read there.
    UnsupportedError
        What reads such places is not installed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = place = os.fspath(path)
        self._is_closed = False
        self._store, (facts, self._until) = store_of_url(place), facts_to_open(place)
        if facts is None or facts.is_directory:
            raise _no_file(facts, place)
        #: What the store says of it; of some files no size, until they are read.
        self._looked = facts
        self._whole: ScratchSource | None = None
        if not facts.has_ranges and len(facts.head) != facts.nbytes:
            self._whole = retried(functools.partial(self._spooled, facts), place)
            facts = facts._replace(nbytes=self._whole.size)
        self._facts, self.size, self._version = facts, facts.nbytes, (facts.nbytes, *facts.version)
        self.identity = (home_of(place), (place, self._version))
        self._blocks = Blocks(self._fetch, self.size, facts.head)

    def __reduce__(self) -> tuple[object, ...]:
        return reopened, (type(self), self.path or "", self.path, self._version)

    def will_read(self) -> None:
        """Take down that all of the file will be read."""
        self._blocks.expect_all()

    def is_current(self) -> bool:
        """Return whether this version of the file is still what stands at its path; costs a request."""
        now = self._store.look(self.path or "", 0)
        return now is not None and (now.nbytes, now.version) == (self._looked.nbytes, self._looked.version)

    def require_unchanged(self) -> None:
        """Require that the file is the one that was opened; costs a request.

        Raises
        ------
        ChangedError
            It is another, or gone.
        """
        if not self.is_current():
            raise ChangedError("was replaced while it was read", path=self.path, hint=_AGAIN)

    def close(self) -> None:
        """Let go of what is in memory; spans into this source can no longer be read."""
        self._is_closed = True
        self._blocks.clear()
        if self._whole is not None:
            self._whole.close()

    def _spooled(self, facts: Facts) -> ScratchSource:
        path = self.path or ""
        return ScratchSource(path, lambda: self._store.whole(path, facts), facts.nbytes)

    def put_back(self) -> None:
        """Close it, and remember for who opens it next what was read of its beginning."""
        if not self._is_closed and self._whole is None:
            put_back(self.path or "", self._facts._replace(head=self._blocks.beginning()), self._until)
        self.close()

    def _filler(self, start: int, end: int) -> Callable[[memoryview, int], None]:
        if self._whole is None and end - start > MAX_AHEAD_NBYTES:
            return _Stream(self._pieces(start, end)).fill
        return lambda view, offset: self._fill(view, offset, end)

    def _fill(self, view: memoryview, offset: int, until: int = 0) -> None:
        if self._is_closed:
            raise UnsupportedError("was closed before this was read from it", path=self.path, hint=CLOSED)
        if self._whole is not None:
            self._whole._fill(view, offset)
        elif len(view) > MAX_AHEAD_NBYTES:
            _Stream(self._pieces(offset, offset + len(view))).fill(view, offset)
        else:
            self._blocks.fill(view, offset, until)

    def _fetch(self, start: int, end: int) -> bytes:
        pieces = pieces_of(start, end, max(_LANE_NBYTES, -(-(end - start) // self._store.lanes)))
        return b"".join(self._store.fetch(self.path or "", self._facts, pieces))

    def _pieces(self, start: int, end: int) -> Iterator[bytes]:
        for piece in self._store.stream(self.path or "", self._facts, start, end):
            if self._is_closed:
                raise UnsupportedError("was closed before this was read from it", path=self.path, hint=CLOSED)
            yield piece


def _no_file(facts: Facts | None, path: str) -> OSError:
    if facts is None:
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)


class _Stream:
    """Fills buffers with pieces that come in order."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def fill(self, view: memoryview, offset: int) -> None:  # noqa: ARG002 -- it is what comes next
        while len(view):
            if not len(self._left):
                self._left = memoryview(next(self._pieces))
            count = min(len(view), len(self._left))
            view[:count] = self._left[:count]
            view, self._left = view[count:], self._left[count:]
