"""Advisory locks: one writer at a time for an output, and for a state file.

::

    .NAME.graphsurgeon.lock    is there while somebody writes to NAME: process and machine

Advisory: programs that do not ask are not kept out. The lock is one of the system on that file (``flock``), which ends
with the process, however that ends: a lock file that nobody holds is stale, and whoever comes next takes it over. It
stands beside NAME, so who may not make files there cannot lock either, nor write; reading takes no lock.

Where there is no ``flock`` (Windows, some network file systems) the file's being there is the lock. It is stale when
its process is known to be gone: on the same machine, by its number, and on Windows because a file that is open cannot
be removed. One of a machine that crashed has to be removed by hand, and the error says so. NFS of Linux passes
``flock`` on to the server, between machines too, unless it is mounted with ``local_lock``.
"""

from __future__ import annotations

import contextlib
import os
import time

from proto_utils import disk
from proto_utils.deferral import deferred_signals
from proto_utils.errors import OutputBusyError

SUFFIX = ".graphsurgeon.lock"
_MAX_BASE_NBYTES = 230
#: In seconds, between two tries.
_PAUSE = 0.01


def lock_path(target: str) -> str:
    """Return where the lock of an output stands."""
    directory, base = os.path.split(target)
    return os.path.join(directory, f".{os.fsdecode(os.fsencode(base)[:_MAX_BASE_NBYTES])}{SUFFIX}")


class Lock:
    """The right to write to an output.

    Parameters
    ----------
    target : str
        The output: a file, a directory, or the prefix of the files of a checkpoint; where it really is.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.path = lock_path(target)
        self._fd = -1

    def acquire(self, *, patience: float = 0.0) -> None:
        """Take the lock; wait for it as many seconds.

        Raises
        ------
        OutputBusyError
            Another process has it, or another thread.
        OSError
            The directory cannot be written.
        """
        end = time.monotonic() + patience
        while not self._try():
            if time.monotonic() >= end:
                raise self._busy()
            time.sleep(_PAUSE)

    def release(self) -> None:
        """Let go of the lock; harmless when it is not held."""
        with deferred_signals():
            fd, self._fd = self._fd, -1
            if fd < 0:
                return
            # In this order nobody can come by a file that is about to go; where open files cannot be removed, in the
            # other one.
            is_gone = _is_removed(self.path)
            os.close(fd)
            if not is_gone:
                _is_removed(self.path)

    def is_free(self, *, dry_run: bool = False) -> bool:
        """Return whether nobody has the lock; a stale file of it is removed, unless in a `dry_run`."""
        if dry_run:
            return not os.path.lexists(self.path) or self._is_stale()
        try:
            self.acquire()
        except OutputBusyError:
            return False
        self.release()
        return True

    def _is_stale(self) -> bool:
        try:
            fd, _ = disk.open_lock(self.path, make=False)
        except OSError:
            return False
        is_ours = disk.flock(fd)
        os.close(fd)
        return _is_owner_gone(self.path) if is_ours is None else is_ours

    def _try(self) -> bool:
        with deferred_signals():
            try:
                fd, is_new = disk.open_lock(self.path)
            except OSError as error:
                # Users know the output that they asked for.
                error.filename = self.target
                raise
            is_ours = disk.flock(fd)
            if is_ours is None:
                is_ours = is_new
                if not is_new and _is_owner_gone(self.path):
                    _is_removed(self.path)
            elif is_ours and not _is_at(fd, self.path):
                # Its owner removed it meanwhile.
                is_ours = False
            if not is_ours:
                os.close(fd)
                return False
            self._fd = fd
            # What only errors tell must not stand in the way.
            with contextlib.suppress(OSError):
                # A file that was cut to nothing ext4 writes to the disk when it is closed, and that is waited for.
                if not is_new:
                    disk.truncate(fd, 0)
                disk.write(fd, memoryview(f"{os.getpid()} {_machine()}\n".encode()))
        return True

    def _busy(self) -> OutputBusyError:
        owner = _owner(self.path)
        who = "another process" if owner is None else f"process {owner[0]} on {owner[1]}"
        return OutputBusyError(self.target, who, self.path)


def lock_targets(directory: str) -> list[str]:
    """Return the outputs of a directory that have lock files, stale or not."""
    names = sorted(name for name in os.listdir(directory) if name.startswith(".") and name.endswith(SUFFIX))
    return [os.path.join(directory, name[1 : -len(SUFFIX)]) for name in names]


def _is_removed(path: str) -> bool:
    try:
        disk.unlink(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _is_at(fd: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path, follow_symlinks=False))
    except OSError:
        return False


def _owner(path: str) -> tuple[int, str] | None:
    try:
        with open(path, encoding="utf-8") as file:
            number, _, machine = file.read(300).strip().partition(" ")
        return int(number), machine
    except (OSError, ValueError):
        return None


def _is_owner_gone(path: str) -> bool:
    """Return whether the process of a lock file is known to be gone."""
    if os.name == "nt":
        # Its owner has it open, and then it cannot be removed.
        return _is_removed(path)
    owner = _owner(path)
    if owner is None or owner[1] != _machine():
        return False
    try:
        os.kill(owner[0], 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _machine() -> str:
    if hasattr(os, "uname"):
        return os.uname().nodename
    return os.environ.get("COMPUTERNAME", "this machine")
