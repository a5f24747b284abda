"""The one place where the file system is changed: every file that is made, written, renamed or removed.

Each function is one operation of the system, by its name there. Tests put themselves in their place: to end the process
at any of them, to let any of them fail, or to keep what a disk would still have if the power went (`OPERATIONS`).
Nothing else in the library changes a file, but for h5py, which writes into a file that was made here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import IO

#: The functions that change something, or make a change last.
OPERATIONS = (
    "create", "open_lock", "open_stream", "write", "allocate", "truncate", "sync", "sync_file", "sync_directory",
    "rename", "exchange", "link", "symlink", "unlink", "mkdir", "rmdir", "chmod",
)  # fmt: skip

# Looked up once, and replaced by the tests that force the portable paths.
_fallocate = getattr(os, "posix_fallocate", None)
_link = getattr(os, "link", None)
_symlink = getattr(os, "symlink", None)

_BINARY = getattr(os, "O_BINARY", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
#: What is written is on the disk when the call returns.
_THROUGH = getattr(os, "O_DSYNC", 0)
WRITES_THROUGH = bool(_THROUGH)

# File systems, pipes and devices on which nothing can be reserved; it was only a hint.
_CANNOT_RESERVE = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS, errno.ESPIPE, errno.ENODEV, errno.EBADF)
# File systems whose directories cannot be synced.
_CANNOT_SYNC = (errno.EINVAL, errno.EBADF, errno.ENOSYS, errno.EOPNOTSUPP)

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def create(path: str, *, through: bool = False) -> int:
    """Make a new file and return a descriptor to write to it; FileExistsError when something is there.

    `through` has what is written on the disk before `write` returns, where the system can; `sync` has it elsewhere.
    """
    return os.open(
        path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _BINARY | _NOFOLLOW | (_THROUGH if through else 0), 0o666
    )


def open_lock(path: str, *, make: bool = True) -> tuple[int, bool]:
    """Open a lock file, and `make` it if there is none; return its descriptor, and whether it was made."""
    flags = _BINARY | _NOFOLLOW
    if not make:
        return os.open(path, os.O_RDONLY | flags), False
    try:
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | flags, 0o666), True
    except FileExistsError:
        pass
    try:
        return os.open(path, os.O_CREAT | os.O_RDWR | flags, 0o666), False
    except PermissionError:
        # Another user's.
        return os.open(path, os.O_RDONLY | flags), False


def flock(fd: int) -> bool | None:
    """Lock an open file for oneself; False when somebody else has, None where there are no such locks."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def open_stream(path: str | os.PathLike[str]) -> int:
    """Open a pipe or a device to write to it."""
    return os.open(path, os.O_WRONLY)


def write(fd: int, view: memoryview) -> int:
    """Write bytes at the end; return how many were taken."""
    return os.write(fd, view)


def allocate(fd: int, nbytes: int) -> bool:
    """Reserve space from the beginning of a file; False where that cannot be done."""
    if _fallocate is None:
        return False
    try:
        _fallocate(fd, 0, nbytes)
    except OSError as error:
        if error.errno not in _CANNOT_RESERVE:
            raise
        return False
    return True


def truncate(fd: int, nbytes: int) -> None:
    """Cut a file."""
    os.ftruncate(fd, nbytes)


def sync(fd: int) -> None:
    """Have on the disk what was written to a file."""
    os.fsync(fd)


def sync_file(path: str) -> None:
    """Have the bytes of a closed file on the disk, or of the one that a symbolic link leads to."""
    # Some systems sync only what can be written to; a file that replaces a read-only one cannot.
    fd = os.open(path, os.O_RDWR if os.access(path, os.W_OK) else os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_directory(path: str) -> None:
    """Have on the disk what was made, renamed and removed in a directory.

    Not every system can open a directory, nor every file system sync one: there they look after that themselves.
    """
    try:
        fd = os.open(path or ".", os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(fd)


def rename(old: str, new: str) -> None:
    """Give a file or directory another name, in one step; a file that has the name goes."""
    os.replace(old, new)


def exchange(first: str, second: str) -> bool:
    """Exchange two names in one step; False where the system or the file system cannot."""
    if sys.platform != "linux":
        return False
    # Not at the top: only replacing a directory needs it, and loading it takes milliseconds.
    import ctypes

    try:
        renameat2 = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):
        return False
    paths = os.fsencode(first), os.fsencode(second)
    return bool(renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0)


def link(existing: str, new: str) -> bool:
    """Give a file another name; a symbolic link is a file of its own here. False where that cannot be done."""
    if _link is None:
        return False
    follow = {"follow_symlinks": False} if os.path.islink(existing) else {}
    try:
        _link(existing, new, **follow)
    except (OSError, NotImplementedError):
        return False
    return True


def symlink(target: str, new: str) -> bool:
    """Make a symbolic link; False where that cannot be done."""
    if _symlink is None:
        return False
    try:
        _symlink(target, new)
    except (OSError, NotImplementedError):
        return False
    return True


def unlink(path: str) -> None:
    """Remove a name of a file."""
    os.unlink(path)


def mkdir(path: str) -> None:
    """Make a directory."""
    os.mkdir(path)


def rmdir(path: str) -> None:
    """Remove an empty directory."""
    os.rmdir(path)


def chmod(path: str, mode: int) -> None:
    """Set the permissions of a file or directory."""
    os.chmod(path, mode)


def remove(path: str) -> None:
    """Remove a file, or a directory with all that is in it; what a symbolic link leads to stays."""
    if os.path.islink(path) or not os.path.isdir(path):
        unlink(path)
        return
    for parent, directories, files in os.walk(path, topdown=False):
        for name in files:
            unlink(os.path.join(parent, name))
        for name in directories:
            each = os.path.join(parent, name)
            (unlink if os.path.islink(each) else rmdir)(each)
    rmdir(path)


@contextlib.contextmanager
def scratch_directory() -> Iterator[str]:
    """Make a directory in the system's place for temporary ones; it goes, with all in it, at the end of the block."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="graphsurgeon-") as path:
        yield path


@contextlib.contextmanager
def scratch_file() -> Iterator[IO[bytes]]:
    """Make a file for temporary use in the system's place for such, which goes at the end of the block."""
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        yield file


def scratch_stream() -> IO[bytes]:
    """Make a file without a name in the system's place for temporary ones; it goes when it is closed."""
    import tempfile

    return tempfile.TemporaryFile(buffering=0)


def scratch_room() -> tuple[int, int]:
    """Return the size of the disk of temporary files, and what is free of it, in bytes."""
    import shutil
    import tempfile

    found = shutil.disk_usage(tempfile.gettempdir())
    return found.total, found.free
