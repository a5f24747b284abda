"""Writing files so that nothing half-written is ever seen.

Every file of an output is written to a sibling temp file; when all are complete
they are renamed into place in the order they were created (data, index, meta,
state file). A failure at any point removes the temp files, puts back what had
already been replaced and removes the directories that were made for it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from types import TracebackType
from typing import Protocol

from proto_utils.errors import OutputExistsError

# Small writes are gathered up to this many bytes.
_BUFFER_NBYTES = 1 << 18

_fallocate = getattr(os, "posix_fallocate", None)


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
        nbytes = len(data)
        self.offset += nbytes
        if nbytes < _BUFFER_NBYTES:
            self._pending.append(bytes(data))
            self._pending_nbytes += nbytes
            if self._pending_nbytes < _BUFFER_NBYTES:
                return
            self.flush()
        else:
            self.flush()
            self._write_all(memoryview(data))

    def preallocate(self, nbytes: int) -> None:
        """Reserve `nbytes` in all, so that a full disk shows before the work is done."""
        if _fallocate is None or nbytes <= 0:
            return
        try:
            _fallocate(self._fd, 0, nbytes)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
            return  # A file system without support: it was only a hint.
        self._allocated = nbytes

    def flush(self) -> None:
        """Hand gathered bytes to the system."""
        if self._pending:
            data = b"".join(self._pending)
            self._pending, self._pending_nbytes = [], 0
            self._write_all(memoryview(data))

    def finish(self, *, sync: bool) -> None:
        """Flush, cut what was reserved but not written, optionally fsync, and close."""
        self.flush()
        if self._allocated > self.offset:
            os.ftruncate(self._fd, self.offset)
        if sync:
            os.fsync(self._fd)
        self.close()

    def close(self) -> None:
        """Close without flushing; harmless when closed already."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _write_all(self, view: memoryview) -> None:
        while len(view):
            view = view[os.write(self._fd, view) :]


class _Pending:
    """One file of a transaction: its target, its temp file, and a link to what it replaced."""

    def __init__(self, target: str, temp: str | None, sink: FileSink, replaces: bool) -> None:
        self.target = target
        self.temp = temp
        self.sink = sink
        self.replaces = replaces
        self.backup: str | None = None
        self.moved = False


class Transaction:
    """Several files that appear together or not at all.

    Used as a context manager: leaving it normally puts the files in place, in the
    order of `create`; leaving it by an exception leaves everything as it was.

    Parameters
    ----------
    overwrite : bool
        Whether existing files may be replaced. They are replaced by rename, after
        an fsync, so readers that hold the old files keep them; the output may be
        the input.
    """

    def __init__(self, *, overwrite: bool = False) -> None:
        self._overwrite = overwrite
        self._pending: list[_Pending] = []
        self._made_dirs: list[str] = []

    def create(self, path: str | os.PathLike[str]) -> FileSink:
        """Begin a file that will stand at `path`; missing parent directories are made.

        Raises
        ------
        OutputExistsError
            `path` exists and `overwrite` is false, or it is a directory.
        OSError
            The directory cannot be written.
        """
        target = os.path.realpath(os.fspath(path))
        mode = _mode(target)
        if mode is not None and (stat.S_ISDIR(mode) or not self._overwrite) and not _is_stream(mode):
            hint = "name a file, not a directory" if stat.S_ISDIR(mode) else None
            raise OutputExistsError(os.fspath(path), hint=hint)
        self._make_dirs(os.path.dirname(target))
        if mode is not None and _is_stream(mode):
            sink = FileSink(os.open(target, os.O_WRONLY))
            self._pending.append(_Pending(target, None, sink, replaces=False))
            return sink
        temp = _temp_name(target)
        fd = os.open(temp, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666)
        sink = FileSink(fd)
        self._pending.append(_Pending(target, temp, sink, replaces=mode is not None))
        if mode is not None:
            with contextlib.suppress(OSError):
                os.chmod(temp, stat.S_IMODE(mode))
        return sink

    def __enter__(self) -> Transaction:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._abort()
            return
        try:
            self._commit()
        except BaseException:
            self._abort()
            raise

    def _commit(self) -> None:
        sync = any(p.replaces for p in self._pending)
        for pending in self._pending:
            pending.sink.finish(sync=sync)
        for pending in self._pending:
            _move_into_place(pending)
        if sync:
            for directory in {os.path.dirname(p.target) for p in self._pending}:
                _sync_dir(directory)
        for pending in self._pending:
            _remove(pending.backup)

    def _abort(self) -> None:
        for pending in reversed(self._pending):
            pending.sink.close()
            if pending.moved and pending.backup is None:
                _remove(pending.target)
            elif pending.backup is not None:
                os.replace(pending.backup, pending.target)
                # Renaming one link of a file onto another does nothing: the backup may still be there.
                _remove(pending.backup)
            _remove(pending.temp)
        for directory in reversed(self._made_dirs):
            with contextlib.suppress(OSError):
                os.rmdir(directory)

    def _make_dirs(self, directory: str) -> None:
        missing = []
        while directory and not os.path.isdir(directory):
            missing.append(directory)
            directory = os.path.dirname(directory)
        for path in reversed(missing):
            os.mkdir(path)
            self._made_dirs.append(path)


def _move_into_place(pending: _Pending) -> None:
    if pending.temp is None:
        return
    if pending.replaces:
        backup = _temp_name(pending.target)
        try:
            os.link(pending.target, backup)
        except OSError:
            # No hard links here: for a moment only the backup exists.
            os.replace(pending.target, backup)
        pending.backup = backup
    os.replace(pending.temp, pending.target)
    pending.temp, pending.moved = None, True


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _is_stream(mode: int) -> bool:
    """Pipes and devices such as /dev/stdout are written directly: there is nothing to protect."""
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _temp_name(target: str) -> str:
    directory, base = os.path.split(target)
    # File names end at 255 bytes on most systems; the temp name must fit beside a long one.
    return os.path.join(directory, f".{base[:60]}.{secrets.token_hex(6)}.tmp")


def _remove(path: str | None) -> None:
    if path is not None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _sync_dir(directory: str) -> None:
    # Not every system can open a directory; the rename itself has happened either way.
    with contextlib.suppress(OSError):
        fd = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
