"""Ranges of bytes in files: where payloads stay until a writer moves them.

A `Source` is something with bytes that do not change while it is open; a `Span`
is a range of one. A file source keeps its descriptor open, so a file may be
replaced (by rename) while spans still point into the old one.

The copy loop is `os.preadv` into one reused buffer: a mapping would count the whole file as resident once touched.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import threading
from collections.abc import Callable, Iterator
from typing import Protocol, TypeGuard

from proto_utils import meter
from proto_utils.errors import ChangedError, CorruptionError, NotFoundError, UnsupportedError

#: Bytes moved at a time.
CHUNK_NBYTES = 1 << 20

#: From here on reading is worth a thread of its own.
READ_AHEAD_NBYTES = 1 << 24

# Looked up once, and replaced by the tests that force the portable paths.
_preadv = getattr(os, "preadv", None)
_pread = getattr(os, "pread", None)


class Source(Protocol):
    """Bytes that do not change while the source is open.

    Attributes
    ----------
    path : str or None
        The file, or None for bytes in memory.
    size : int
        In bytes.
    """

    path: str | None
    size: int

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of ``[start, end)``."""
        ...

    def chunks(self, start: int, end: int, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield ``[start, end)`` in order; each view is valid until the next."""
        ...


#: What is said to who reads a file that was closed.
CLOSED = "read what is needed before close(), or inside the with statement"
_AGAIN = "read it again when nobody writes to it"


def _version(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _open_at_once(path: str, flags: int) -> int:
    # To open a pipe that nobody writes to would wait for ever.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


class FileSource:
    """A regular file, kept open.

    Raises
    ------
    OSError
        The file cannot be opened.
    UnsupportedError
        It is not a regular file.
    """

    path: str | None
    size: int
    #: Which file this is, whatever its name: device and inode, or another pair.
    identity: tuple[object, object]
    _file: io.FileIO
    _version: tuple[object, ...]

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        try:
            self._file = open(path, "rb", buffering=0, opener=_open_at_once)  # noqa: SIM115 -- closed with the object
        except ValueError as error:
            # A null character, or what no encoding has: a name that files cannot have.
            raise FileNotFoundError(errno.ENOENT, str(error), self.path) from None
        self._adopt()

    def _adopt(self) -> None:
        """Take down what the open file is."""
        status = os.fstat(self._file.fileno())
        if not stat.S_ISREG(status.st_mode):
            self._file.close()
            raise UnsupportedError("not a regular file", path=self.path)
        self.size = status.st_size
        self.identity = (status.st_dev, status.st_ino)
        self._version = _version(status)
        self._lock = threading.Lock()

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of ``[start, end)``.

        Raises
        ------
        CorruptionError
            The file ends before `end`.
        """
        if end > self.size:
            raise CorruptionError(f"ends at byte {self.size}, {end} is wanted", path=self.path, offset=start)
        buffer = bytearray(end - start)
        self._fill(memoryview(buffer), start)
        if meter.observer is not None:
            meter.observer.read(end - start, self.path)
        return bytes(buffer)

    def chunks(self, start: int, end: int, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield ``[start, end)`` through one reused buffer; each view is valid until the next.

        Raises
        ------
        CorruptionError
            The file ends before `end`.
        """
        if end > self.size:
            raise CorruptionError(f"ends at byte {self.size}, {end} is wanted", path=self.path, offset=start)
        is_long = end - start >= READ_AHEAD_NBYTES
        pieces = (self._chunks_ahead if is_long else self._chunks)(start, end, nbytes)
        return pieces if meter.observer is None else meter.counted(pieces, self.path)

    def will_read(self) -> None:
        """Take down that all of the file will be read: from elsewhere it comes at once then, if it is not large."""

    def is_current(self) -> bool:
        """Return whether this file still stands at its path, and nobody has written to it since it was opened."""
        try:
            status = os.stat(self.path or "")
        except FileNotFoundError:
            return False
        return (status.st_dev, status.st_ino) == self.identity and _version(status) == self._version

    def require_unchanged(self) -> None:
        """Require that nobody has written to the file since it was opened; that another has its name by now is well.

        Raises
        ------
        ChangedError
            Its size or its time of modification is another.
        """
        if _version(os.fstat(self._file.fileno())) != self._version:
            raise ChangedError("was written to while it was read", path=self.path, hint=_AGAIN)

    def close(self) -> None:
        """Close the descriptor; spans into this source can no longer be read."""
        self._file.close()

    def put_back(self) -> None:
        """Close it, for somebody else to open it at once: from elsewhere nothing is sent twice for that."""
        self.close()

    def __deepcopy__(self, memo: dict[int, object]) -> FileSource:
        # Nobody changes it.
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return reopened, (type(self), os.path.abspath(self.path or ""), self.path, self._version)

    def __del__(self) -> None:
        # Spans keep a source alive, and the last one going is the ordinary end of it: no ResourceWarning.
        file = getattr(self, "_file", None)
        if file is not None:
            file.close()

    def _chunks_ahead(self, start: int, end: int, nbytes: int) -> Iterator[memoryview]:
        from proto_utils.read_ahead import chunks_ahead

        return chunks_ahead(self._filler(start, end), start, end, nbytes)

    def _chunks(self, start: int, end: int, nbytes: int) -> Iterator[memoryview]:
        buffer = memoryview(bytearray(min(nbytes, end - start)))
        fill = self._filler(start, end)
        while start < end:
            view = buffer[: min(nbytes, end - start)]
            fill(view, start)
            start += len(view)
            yield view

    def _filler(self, start: int, end: int) -> Callable[[memoryview, int], None]:  # noqa: ARG002 -- of subclasses
        """Return what fills buffers with a range, in order."""
        return self._fill

    def _fill(self, view: memoryview, offset: int) -> None:
        while len(view):
            try:
                count = self._read_some(view, offset)
            except OSError as error:
                # A disk or a network that fails says of no file that it does.
                error.filename = error.filename or self.path
                raise
            except ValueError as error:
                # What Python says of a file that is closed.
                raise UnsupportedError(
                    "was closed before this was read from it", path=self.path, hint=CLOSED
                ) from error
            if count == 0:
                raise ChangedError("was truncated while it was read", path=self.path, offset=offset, hint=_AGAIN)
            view, offset = view[count:], offset + count

    def _read_some(self, view: memoryview, offset: int) -> int:
        if _preadv is not None:
            return int(_preadv(self._file.fileno(), [view], offset))
        if _pread is not None:
            data = _pread(self._file.fileno(), len(view), offset)
            view[: len(data)] = data
            return len(data)
        with self._lock:
            self._file.seek(offset)
            return int(self._file.readinto(view) or 0)


def is_on_disk(source: object) -> TypeGuard[FileSource]:
    """Return whether a source is an open file of this machine, of which threads may read any ranges at once."""
    return type(source) is FileSource


def reopened(cls: type[FileSource], absolute: str, path: str, version: tuple[object, ...]) -> FileSource:
    """Open the file of a source that was pickled, maybe in another process, or on another machine."""
    try:
        source = cls(absolute)
    except FileNotFoundError:
        raise NotFoundError("file", absolute, hint="what was pickled reads it there") from None
    if source._version != version:  # of values that are others, no checksum of a graph tells
        raise ChangedError("was written to since it was pickled", path=absolute, hint="load it anew")
    source.path = path
    return source


class ReopenedSource(FileSource):
    """A regular file that is opened anew for every read: for those who have more files than descriptors.

    Raises
    ------
    ChangedError
        When it is read: another file stands there by now.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        self._file.close()

    def _read_some(self, view: memoryview, offset: int) -> int:
        source = FileSource(self.path or "")
        try:
            if source.identity != self.identity:
                raise ChangedError("was replaced while it was read", path=self.path, hint=_AGAIN)
            return source._read_some(view, offset)
        finally:
            source.close()


class BytesSource:
    """Bytes in memory with the face of a file.

    Parameters
    ----------
    data : bytes-like
    name : str, optional
        What errors call it.
    """

    def __init__(self, data: bytes | memoryview, name: str | None = None) -> None:
        self.path = name
        self._view = memoryview(data).cast("B").toreadonly()
        self.size = len(self._view)

    def __deepcopy__(self, memo: dict[int, object]) -> BytesSource:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return BytesSource, (bytes(self._view), self.path)

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of ``[start, end)``.

        Raises
        ------
        CorruptionError
            There are fewer.
        """
        if end > self.size:
            raise CorruptionError(f"ends at byte {self.size}, {end} is wanted", path=self.path, offset=start)
        return bytes(self._view[start:end])

    def chunks(self, start: int, end: int, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield ``[start, end)`` in views of at most `nbytes`; nothing is copied."""
        if end > self.size:
            raise CorruptionError(f"ends at byte {self.size}, {end} is wanted", path=self.path, offset=start)
        for position in range(start, end, nbytes):
            yield self._view[position : min(position + nbytes, end)]


class Span:
    """The bytes ``[start, end)`` of a source; nothing is read until asked.

    Parameters
    ----------
    source : Source
    start, end : int
        Byte offsets.

    Raises
    ------
    CorruptionError
        The range is not within the source.
    """

    __slots__ = ("end", "source", "start")

    def __init__(self, source: Source, start: int, end: int) -> None:
        if not 0 <= start <= end <= source.size:
            raise CorruptionError(
                f"bytes [{start}, {end}) are wanted, the file has {source.size}", path=source.path, offset=start
            )
        self.source = source
        self.start = start
        self.end = end

    @property
    def nbytes(self) -> int:
        """Length in bytes."""
        return self.end - self.start

    def read(self) -> bytes:
        """Return all of it; costs one read and that much memory."""
        return self.source.read(self.start, self.end)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield the bytes in order through one reused buffer; each view is valid until the next."""
        return self.source.chunks(self.start, self.end, nbytes)

    def sub(self, start: int, end: int) -> Span:
        """Return the part ``[start, end)``, relative to this span's start."""
        return Span(self.source, self.start + start, self.start + end)

    def __repr__(self) -> str:
        return f"Span({self.source.path!r}, {self.start}, {self.end})"


class Window:
    """Reads a source forward through a small window, for parsing between payloads.

    Parameters
    ----------
    source : Source
    nbytes : int
        How much is read at a time: small, because behind a node's head may lie
        a payload that nobody asked for.
    """

    def __init__(self, source: Source, nbytes: int = 1 << 16) -> None:
        self.path = source.path
        self._source = source
        self._nbytes = nbytes
        self.buffer = b""
        self.base = 0

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of ``[start, end)``, from the window when they are in it."""
        if start >= self.base and end <= self.base + len(self.buffer):
            return self.buffer[start - self.base : end - self.base]
        return self._source.read(start, end)

    def ensure(self, position: int, nbytes: int) -> int:
        """Make ``[position, position + nbytes)`` available, as far as the source goes.

        Returns
        -------
        int
            The index of `position` in `buffer`.
        """
        index = position - self.base
        if index < 0 or index + nbytes > len(self.buffer):
            end = min(position + max(nbytes, self._nbytes), self._source.size)
            self.buffer = self._source.read(min(position, end), end)
            self.base = position
            return 0
        return index
