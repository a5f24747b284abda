"""Buffered appending to a new file: small writes are gathered, large ones pass through; space is preallocated."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Protocol

from proto_utils import disk, meter

# Small writes are gathered up to this many bytes.
_BUFFER_NBYTES = 1 << 18

# Some systems refuse more in one call.
_MAX_WRITE_NBYTES = 1 << 30


class Sink(Protocol):
    """Where bytes go when something is written."""

    offset: int

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append bytes."""
        ...


class FileSink:
    """Appends to a new file; small writes are gathered, large ones pass through.

    Attributes
    ----------
    offset : int
        Bytes written so far.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._pending: list[bytes] = []
        self._pending_nbytes = 0
        self._allocated = 0
        self.offset = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append `data`; it may be reused by the caller afterwards."""
        nbytes = data.nbytes if isinstance(data, memoryview) else len(data)
        self.offset += nbytes
        if nbytes < _BUFFER_NBYTES:
            self._pending.append(bytes(data))
            self._pending_nbytes += nbytes
            if self._pending_nbytes < _BUFFER_NBYTES:
                return
            self.flush()
        else:
            self.flush()
            self._write_all(memoryview(data).cast("B"))

    def preallocate(self, nbytes: int) -> None:
        """Reserve `nbytes` in all, so that a full disk shows before the work is done."""
        if nbytes > 0 and disk.allocate(self._fd, nbytes):
            self._allocated = nbytes

    def flush(self) -> None:
        """Hand gathered bytes to the system."""
        if self._pending:
            data = b"".join(self._pending)
            self._pending, self._pending_nbytes = [], 0
            self._write_all(memoryview(data))

    def finish(self, *, sync: bool) -> None:
        """Flush, cut what was reserved but not written, optionally sync, and close."""
        self.flush()
        if self._allocated > self.offset:
            disk.truncate(self._fd, self.offset)
        if sync:
            disk.sync(self._fd)
        self.close()

    @property
    def is_closed(self) -> bool:
        """True when nothing can be written any more."""
        return self._fd < 0

    def close(self) -> None:
        """Close without flushing; harmless when closed already."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _write_all(self, view: memoryview) -> None:
        while len(view):
            count = disk.write(self._fd, view[:_MAX_WRITE_NBYTES])
            view = view[count:]
            if meter.observer is not None:
                meter.observer.wrote(count)


@contextlib.contextmanager
def naming_output(path: str) -> Iterator[None]:
    """Give errors of the system that know no file, such as a full disk's, the output's path."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = path
        raise
