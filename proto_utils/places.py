"""Places on the disk that an output needs: missing parents, hidden names beside it, and syncing."""

from __future__ import annotations

import os

from proto_utils.deferral import deferred_signals

_MAX_BASE_NBYTES = 230


def make_parents(directory: str, made: list[str]) -> None:
    """Make a directory and what is missing above it.

    Parameters
    ----------
    directory : str
    made : list of str
        Gets what was made, outermost first, as soon as it is.
    """
    missing = []
    while directory and not os.path.isdir(directory):
        missing.append(directory)
        directory = os.path.dirname(directory)
    for path in reversed(missing):
        try:
            with deferred_signals():
                os.mkdir(path)
                made.append(path)
        except FileExistsError:
            if not os.path.isdir(path):
                raise


def hidden_beside(target: str, suffix: str) -> str:
    """Return a new hidden name in the directory of `target`, ending in a dot and `suffix`."""
    directory, base = os.path.split(target)
    # File names end at 255 bytes on most systems; this one must fit beside a long one. All of another stands in it, by
    # which `leftovers` finds it again.
    base = os.fsdecode(os.fsencode(base)[:_MAX_BASE_NBYTES])
    return os.path.join(directory, f".{base}.{os.urandom(6).hex()}.{suffix}")


def fsync(path: str, flags: int = os.O_RDONLY) -> None:
    """Flush a file or a directory to the disk .

    Raises
    ------
    OSError
        It cannot be opened with these flags: not every system can open a directory.
    """
    fd = os.open(path, flags)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
