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
import stat
from types import TracebackType

from proto_utils import disk, places
from proto_utils.deferral import deferred_signals
from proto_utils.errors import OutputExistsError
from proto_utils.leftovers import claim
from proto_utils.locks import Lock
from proto_utils.output import Transaction
from proto_utils.placement import remove_all
from proto_utils.places import hidden_beside
from proto_utils.remote.address import is_elsewhere


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
    sync : bool
        Return only when all is on the disk.

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
    OutputBusyError
        Another process writes there.
    OSError
        The parent directory cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], *, overwrite: bool = False, sync: bool = False) -> None:
        self._path, self._overwrite, self._sync = os.fspath(path), overwrite, sync
        self._is_elsewhere = is_elsewhere(path)
        self._made_dirs: list[str] = []
        if self._is_elsewhere:
            # Stores have no directories to be renamed: its files are seen in the order of their roles.
            self.directory, self.files = self._path.rstrip("/"), Transaction(overwrite=overwrite)
            return
        self._target = os.path.realpath(path)
        self._replaces = _check_target(self._path, overwrite)
        self._lock = Lock(self._target)
        self.directory = hidden_beside(self._target, "tmp")
        self.files = Transaction()

    def __enter__(self) -> DirectoryTransaction:
        if self._is_elsewhere:
            self._begin_elsewhere()
            return self
        try:
            claim(self._lock, self._made_dirs)
            # Whoever wrote there before let go of it a moment ago.
            self._replaces = _check_target(self._path, self._overwrite)
            disk.mkdir(self.directory)
            if self._replaces:
                disk.chmod(self.directory, stat.S_IMODE(os.stat(self._target).st_mode))
        except BaseException:
            self._roll_back()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_elsewhere:
            self.files.__exit__(kind, error, trace)
            return
        try:
            self.files.__exit__(kind, error, trace)
            if kind is None:
                self._commit()
        except BaseException:
            self._roll_back()
            raise
        if kind is not None:
            self._roll_back()

    def _begin_elsewhere(self) -> None:
        """Refuse what may not be replaced; of what may, the files go for which there are no new ones."""
        if places.isfile(self._path):
            raise OutputExistsError(self._path, hint="it is a file, where a directory is to be written")
        existing = [os.path.join(parent, name) for parent, _, names in places.walk(self.directory) for name in names]
        if existing and not self._overwrite:
            raise OutputExistsError(self._path)
        for path in existing:
            self.files.supersede(path)
        self.files.elsewhere.taken_away = ("seal", "pointer")

    def _commit(self) -> None:
        if self._replaces or self._sync:
            _sync_tree(self.directory)
        with deferred_signals():
            old = None
            if self._replaces:
                old = _put_in_place(self.directory, self._target)
            else:
                disk.rename(self.directory, self._target)
            if self._replaces or self._sync:
                self._sync_parents(old)
            # From here on nothing may fail: the new directory stands.
            remove_all([old], disk.remove)
            self._lock.release()

    def _sync_parents(self, old: str | None) -> None:
        """Have the new directory on the disk in its place; when that fails, it goes from there."""
        try:
            for each in dict.fromkeys((self._target, *reversed(self._made_dirs))):
                disk.sync_directory(os.path.dirname(each))
        except BaseException:
            if old is None:
                disk.rename(self._target, self.directory)
            elif old != self.directory:
                disk.rename(self._target, self.directory)
                disk.rename(old, self._target)
            else:
                disk.exchange(self.directory, self._target)
            raise

    def _roll_back(self) -> None:
        with deferred_signals():
            remove_all([self.directory], disk.remove)
            self._lock.release()
            for path in reversed(self._made_dirs):
                with contextlib.suppress(OSError):
                    disk.rmdir(path)


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
    if disk.exchange(new, target):
        return new
    old = hidden_beside(target, "old")
    disk.rename(target, old)
    try:
        disk.rename(new, target)
    except BaseException:
        disk.rename(old, target)
        raise
    return old


def _sync_tree(directory: str) -> None:
    for parent, _, names in os.walk(directory, topdown=False):
        for name in names:
            path = os.path.join(parent, name)
            # What a link leads to is not ours.
            if not os.path.islink(path):
                disk.sync_file(path)
        disk.sync_directory(parent)
