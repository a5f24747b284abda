"""Atomic writing of files: nothing half-written is ever seen.

Every file of an output is written to a sibling temp file. When all are complete they are
renamed into place; a failure at any point puts back what had already been replaced and
removes temp files and the directories that were made.

One rename is atomic, several are not, and a process can be killed between two of them. So the
files of an output have roles::

    part     most files                      a checkpoint's data and .meta
    seal     without it the parts are nothing   its .index: no index, no checkpoint
    pointer  a file that names the output    the state file `checkpoint`

Parts are put in place first, then the seal, then the pointer. Where old parts are replaced, the old
seal is taken away before the first of them and the new one comes after the last::

    old index     |-----------|
    data, meta    old .......... old|new .......... new
    new index                             |-----------------
                              ^ no index: nothing can be loaded

Whoever looks (or is killed) in between finds the old files, the new ones, or for the few
microseconds of the renames no checkpoint at all; never one with files of both. The old
files are then still there under hidden names ending in ``.old``, see `leftovers`. Signals that would end the
program are held back meanwhile. A file on its own is replaced by one rename, without any gap.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Sequence
from types import TracebackType
from typing import Literal, NamedTuple

from proto_utils.deferral import deferred_signals
from proto_utils.errors import OutputExistsError, UnsupportedError
from proto_utils.files import FileSource
from proto_utils.places import fsync, hidden_beside, make_parents
from proto_utils.sink import FileSink

Role = Literal["part", "seal", "pointer"]
_TURNS: tuple[Role, ...] = ("part", "seal", "pointer")

# Looked up once, and replaced by the tests that force the portable paths.
_link = getattr(os, "link", None)
_symlink = getattr(os, "symlink", None)


class _File:
    """One file of a transaction.

    `temp` is None for a stream, which is written directly. `sink` is None for a link, which is not written at all.
    `backup` is another name of what `target` was when the transaction is put in place. `leads_to` is what a symbolic
    link leads to.
    """

    leads_to: str | None = None

    def __init__(self, target: str, temp: str | None, sink: FileSink | None, role: Role, *, replaces: bool) -> None:
        self.target = target
        self.temp = temp
        self.sink = sink
        self.role = role
        self.replaces = replaces
        self.backup: str | None = None


class Link:
    """Another name of an existing file, which stands nowhere yet; `leads_to` is that file when the link is symbolic."""

    def __init__(self, temp: str, leads_to: str | None) -> None:
        self.temp = temp
        self.leads_to = leads_to


class _Undo(NamedTuple):
    """How to take back one step: put the backup in place of the target, or just remove the target."""

    target: str
    backup: str | None


class Transaction:
    """Several files that appear together or not at all.

    Used as a context manager: leaving it normally puts the files in place, leaving it by
    an exception leaves everything as it was.

    Parameters
    ----------
    overwrite : bool
        Whether existing files may be replaced. They are replaced by rename, after
        an fsync, so readers that hold the old files keep them; the output may be
        the input.
    """

    def __init__(self, *, overwrite: bool = False) -> None:
        self._overwrite = overwrite
        self._files: list[_File] = []
        self._links: list[Link] = []
        self._superseded: list[str] = []
        self._made_dirs: list[str] = []
        self._undo: list[_Undo] = []

    def create(self, path: str | os.PathLike[str], *, role: Role = "part", follow: bool = True) -> FileSink:
        """Begin a file that will stand at `path`; missing parent directories are made.

        Parameters
        ----------
        path : path
            Pipes and devices are written directly, if followed.
        follow : bool
            Whether a symbolic link at `path` stays, and what it leads to is replaced; else the link is, and whatever
            else has the name: nobody else writes there, as with the files of a checkpoint.
        role : str
            ``"part"``, ``"seal"`` or ``"pointer"``, as the module describes them. Files of one role are put in
            place in the order of `create`.

        Raises
        ------
        OutputExistsError
            `path` exists and `overwrite` is false, it is a directory, or it was begun already.
        OSError
            The directory cannot be written.
        """
        mode = _mode(path, follow=follow)
        if follow and mode is not None and (stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
            sink = FileSink(os.open(path, os.O_WRONLY))
            self._files.append(_File(os.fspath(path), None, sink, role, replaces=False))
            return sink
        target = os.path.realpath(path) if follow else _real_place(path)
        if follow and mode is None and os.path.islink(path) and not self._overwrite:
            # Whoever made it may have meant another's file.
            hint = f"it is a symbolic link to {os.readlink(path)}, which is not there; `overwrite` writes it"
            raise OutputExistsError(os.fspath(path), hint=hint)
        self._claim(path, target)
        temp = hidden_beside(target, "tmp")
        # A signal that ends the program must find the file noted, or it would stay.
        with deferred_signals():
            try:
                fd = os.open(temp, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666)
            except OSError as error:
                # Users know the file that they asked for.
                error.filename = os.fspath(path)
                raise
            sink = FileSink(fd)
            self._files.append(_File(target, temp, sink, role, replaces=os.path.lexists(target)))
        if mode is not None and stat.S_ISREG(mode):
            with contextlib.suppress(OSError):
                os.chmod(temp, stat.S_IMODE(mode))
        return sink

    def create_named(self, path: str | os.PathLike[str], *, role: Role = "part") -> str:
        """Begin a file as `create` does, for a library that wants a name to write to; return the name it has meanwhile.

        Raises
        ------
        UnsupportedError
            `path` is a pipe or a device. Others as `create`.
        """
        self.create(path, role=role)
        temp = self._files[-1].temp
        if temp is None:
            raise UnsupportedError("a pipe or a device, where only a file can be written", path=os.fspath(path))
        return temp

    def complete(self, sink: FileSink) -> None:
        """Complete a file: its descriptor is let go of, which matters to who makes thousands."""
        sink.finish(sync=False)

    def link(self, source: FileSource, directory: str | os.PathLike[str], *, symbolic: bool = False) -> Link | None:
        """Give an existing file another name in `directory`, for now a hidden one; `place` puts it where it belongs.

        Parameters
        ----------
        source : FileSource
        directory : path
            Made when it is missing.
        symbolic : bool
            Make a symbolic link, which works across file systems and dies with its target.

        Returns
        -------
        Link or None
            None where the file system makes no such links, or when another file stands at the source's path by now.
        """
        make = _symlink if symbolic else _link
        if make is None or source.path is None:
            return None
        place = os.path.realpath(directory)
        make_parents(place, self._made_dirs)
        # Of a symbolic link, what it leads to: a link to a link would die with either.
        existing = os.path.realpath(source.path)
        link = Link(
            hidden_beside(os.path.join(place, os.path.basename(existing)), "tmp"), existing if symbolic else None
        )
        with deferred_signals():
            try:
                make(existing, link.temp)
            except (OSError, NotImplementedError):
                return None
            self._links.append(link)
        status = os.stat(link.temp)
        if (status.st_dev, status.st_ino) != source.identity:
            _remove(link.temp)
            self._links.remove(link)
            return None
        return link

    def place(self, link: Link, path: str | os.PathLike[str], *, role: Role = "part") -> None:
        """Give a link its place. Where its file stands already, nothing will be done.

        Raises
        ------
        OutputExistsError
            As `create`.
        """
        target = _real_place(path)
        self._claim(path, target)
        # What leads nowhere, or round in circles, is another file too.
        with contextlib.suppress(OSError):
            if os.path.samefile(target, link.temp):
                # Renaming a name of a file over another of the same does nothing, and would leave both.
                self._files.append(_File(target, None, None, role, replaces=False))
                return
        self._links.remove(link)
        file = _File(target, link.temp, None, role, replaces=os.path.lexists(target))
        file.leads_to = link.leads_to
        self._files.append(file)

    def supersede(self, path: str | os.PathLike[str]) -> None:
        """Remove an existing file once the new ones stand in its place under other names."""
        self._superseded.append(os.fspath(path))

    def __enter__(self) -> Transaction:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._roll_back()
            return
        try:
            self._commit()
        except BaseException:
            self._roll_back()
            raise

    def _claim(self, path: str | os.PathLike[str], target: str) -> None:
        """Refuse a path that is not free, and make its directory."""
        if os.path.isdir(target):
            raise OutputExistsError(os.fspath(path), hint="name a file, not a directory")
        if (os.path.lexists(target) and not self._overwrite) or any(file.target == target for file in self._files):
            raise OutputExistsError(os.fspath(path))
        make_parents(os.path.dirname(target), self._made_dirs)

    def _check_links(self) -> None:
        """Refuse a symbolic link to a file that goes: what it is to keep would be lost."""
        gone = {file.target for file in self._files if file.temp is not None} | {*map(_real_place, self._superseded)}
        for file in self._files:
            if file.leads_to in gone:
                raise UnsupportedError(
                    f"would be a symbolic link to {file.leads_to}, which is replaced",
                    path=file.target,
                    hint="write to another place, or copy instead of linking",
                )

    def _commit(self) -> None:
        self._check_links()
        # A pointer that moves on to new files loses nothing: only those which replace others must be on disk first. And
        # it must not be there before what it points to.
        is_pointer_alone = all(file.role == "pointer" for file in self._files)
        sync = any(file.replaces and (file.role != "pointer" or is_pointer_alone) for file in self._files)
        for file in self._files:
            to_disk = file.temp is not None and sync
            if file.sink is not None and not file.sink.is_closed:
                file.sink.finish(sync=to_disk)
            elif file.sink is not None and file.temp is not None and to_disk:
                # Some systems sync only what can be written to; a file that replaces a read-only one cannot.
                fsync(file.temp, os.O_RDWR if os.access(file.temp, os.W_OK) else os.O_RDONLY)
        files = sorted((f for f in self._files if f.temp is not None), key=lambda file: _TURNS.index(file.role))
        with deferred_signals():
            self._put_in_place(files)
            # From here on nothing may fail: the new files stand.
            self._undo.clear()
            for path in [*(file.backup for file in files), *(link.temp for link in self._links), *self._superseded]:
                _remove(path)
        if sync:
            for directory in {os.path.dirname(file.target) for file in files}:
                # Not every system can open a directory; the renames themselves have happened either way.
                with contextlib.suppress(OSError):
                    fsync(directory)

    def _put_in_place(self, files: Sequence[_File]) -> None:
        for file in files[:-1]:
            _back_up(file)
        if any(file.replaces and file.role == "part" for file in files):
            for file in files:
                if file.replaces and file.role == "seal":
                    self._take_away(file)
        for file in files:
            self._move(file, is_last=file is files[-1])

    def _take_away(self, file: _File) -> None:
        if file.backup is None:
            file.backup = hidden_beside(file.target, "old")
            os.replace(file.target, file.backup)
        else:
            os.unlink(file.target)
        self._undo.append(_Undo(file.target, file.backup))
        file.replaces = False

    def _move(self, file: _File, *, is_last: bool) -> None:
        if file.replaces and not is_last and file.backup is None:
            self._take_away(file)
        if file.temp is not None:
            os.replace(file.temp, file.target)
        file.temp = None
        self._undo.append(_Undo(file.target, file.backup if file.replaces else None))

    def _roll_back(self) -> None:
        with deferred_signals():
            for file in self._files:
                if file.sink is not None:
                    with contextlib.suppress(OSError):
                        file.sink.close()
            lost = {undo.backup for undo in reversed(self._undo) if not _take_back(undo)}
            for file in self._files:
                _remove(file.temp)
                if file.backup not in lost:
                    _remove(file.backup)
            for link in self._links:
                _remove(link.temp)
            for directory in reversed(self._made_dirs):
                with contextlib.suppress(OSError):
                    os.rmdir(directory)


def _back_up(file: _File) -> None:
    """Give what is to be replaced a second name, where the file system can; else it is renamed when its turn comes."""
    if file.replaces and _link is not None:
        backup = hidden_beside(file.target, "old")
        with contextlib.suppress(OSError):
            _link(file.target, backup)
            file.backup = backup


def _take_back(undo: _Undo) -> bool:
    try:
        if undo.backup is None:
            os.unlink(undo.target)
        else:
            os.replace(undo.backup, undo.target)
    except OSError:
        return False
    return True


def _mode(path: str | os.PathLike[str], *, follow: bool) -> int | None:
    try:
        return os.stat(path, follow_symlinks=follow).st_mode
    except FileNotFoundError:
        return None


def _real_place(path: str | os.PathLike[str]) -> str:
    """Return where a path is, without following what stands there."""
    directory, base = os.path.split(os.fspath(path))
    return os.path.join(os.path.realpath(directory or "."), base)


def _remove(path: str | None) -> None:
    if path is not None:
        with contextlib.suppress(OSError):
            os.unlink(path)
