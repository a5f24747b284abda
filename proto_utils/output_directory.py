"""Atomic writing of a directory: it is seen as a whole or not at all.

Its files are written into a hidden sibling directory, which then takes the place of what
was there::

    .out.5f3a91c2.tmp/   files are written here
    out/                 ... until one rename puts them here

Where `out` exists, the two are exchanged in one step on Linux; elsewhere the old directory
steps aside first, and for that moment stands under a hidden name ending in ``.old``. Either
way it is removed only after the new one is in place.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from types import TracebackType

from proto_utils.deferral import deferred_signals
from proto_utils.errors import OutputExistsError
from proto_utils.output import Transaction
from proto_utils.places import fsync, hidden_beside, make_parents

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


class DirectoryTransaction:
    """A directory that appears with all its files, or not at all.

    Used as a context manager: leaving it normally puts the directory in place, leaving it by
    an exception leaves everything as it was.

    Parameters
    ----------
    path : path
        Where it is to stand; a symbolic link is followed. An empty directory there is as good as none.
    overwrite : bool
        Whether a directory there may be replaced, with everything in it. Whoever has files of the old
        one open keeps them; the output may be the input.

    Attributes
    ----------
    directory : str
        Where its files are to be written meanwhile.
    files : Transaction
        For files in `directory`.

    Raises
    ------
    OutputExistsError
        Something is there that may not be replaced.
    OSError
        The parent directory cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        self._target = os.path.realpath(path)
        self._replaces = _check_target(os.fspath(path), overwrite)
        self._made_dirs: list[str] = []
        self.directory = hidden_beside(self._target, "tmp")
        self.files = Transaction()

    def __enter__(self) -> DirectoryTransaction:
        try:
            make_parents(os.path.dirname(self._target), self._made_dirs)
            os.mkdir(self.directory)
            if self._replaces:
                os.chmod(self.directory, stat.S_IMODE(os.stat(self._target).st_mode))
        except BaseException:
            self._roll_back()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.files.__exit__(kind, error, trace)
            if kind is None:
                self._commit()
        except BaseException:
            self._roll_back()
            raise
        if kind is not None:
            self._roll_back()

    def _commit(self) -> None:
        if self._replaces:
            _sync_tree(self.directory)
        old = None
        try:
            with deferred_signals():
                if self._replaces:
                    old = _put_in_place(self.directory, self._target)
                else:
                    os.rename(self.directory, self._target)
        finally:
            # Also when a signal was held back: the new directory stands then.
            if old is not None:
                _try_sync(os.path.dirname(self._target))
                shutil.rmtree(old, ignore_errors=True)

    def _roll_back(self) -> None:
        with deferred_signals():
            shutil.rmtree(self.directory, ignore_errors=True)
            for path in reversed(self._made_dirs):
                with contextlib.suppress(OSError):
                    os.rmdir(path)


def _check_target(path: str, overwrite: bool) -> bool:
    """Return whether there is a directory to be replaced."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        raise OutputExistsError(path, hint="it is a file, where a directory is to be written")
    if not os.listdir(path):
        return False
    if not overwrite:
        raise OutputExistsError(path)
    return True


def _put_in_place(new: str, target: str) -> str:
    """Put a directory in another's place; return where the other one is now."""
    if _exchange(new, target):
        return new
    old = hidden_beside(target, "old")
    os.rename(target, old)
    try:
        os.rename(new, target)
    except BaseException:
        os.rename(old, target)
        raise
    return old


def _exchange(first: str, second: str) -> bool:
    """Exchange two names in one step; False where the system or the file system cannot."""
    if sys.platform != "linux":
        return False
    # Not at the top: only replacing a directory needs it, and loading it takes milliseconds.
    import ctypes

    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):
        return False
    paths = os.fsencode(first), os.fsencode(second)
    return bool(rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0)


def _sync_tree(directory: str) -> None:
    for path in _walk(directory):
        _try_sync(path)


def _walk(directory: str) -> Iterator[str]:
    for parent, _, names in os.walk(directory, topdown=False):
        yield from (os.path.join(parent, name) for name in names)
        yield parent


def _try_sync(path: str) -> None:
    # Not every system can open a directory; what is written is written either way.
    with contextlib.suppress(OSError):
        fsync(path)
