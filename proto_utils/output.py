"""Atomic writing of files: nothing half-written is ever seen.

Every file of an output is written to a sibling temp file. When all are complete they are renamed into place; a failure
at any point puts back what had already been replaced and removes temp files and the directories that were made.

One rename is atomic, several are not, and a process can be killed between two of them. So the
files of an output have roles::

    part     most files                      a checkpoint's data and .meta
    seal     without it the parts are nothing   its .index: no index, no checkpoint
    pointer  a file that names the output    the state file `checkpoint`

Parts are put in place first, then the seal, then the pointer. Where old parts are replaced, the old seal is taken away
before the first of them and the new one comes after the last::

    old index     |-----------|
    data, meta    old .......... old|new .......... new
    new index                             |-----------------
                              ^ no index: nothing can be loaded

Whoever looks (or is killed) in between finds the old files, the new ones, or for the few microseconds of the renames no
checkpoint at all; never one with files of both. The old files are then still there under hidden names ending in
``.old``, see `leftovers`. Signals that would end the program are held back meanwhile. A file on its own is replaced by
one rename, without any gap.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from types import TracebackType
from typing import TYPE_CHECKING

from proto_utils import disk
from proto_utils.deferral import deferred_signals
from proto_utils.errors import OutputExistsError, UnsupportedError
from proto_utils.files import FileSource
from proto_utils.leftovers import claim
from proto_utils.locks import Lock
from proto_utils.opening import open_source
from proto_utils.placement import OutputFile, Placement, Role, in_turn, remove_all
from proto_utils.places import (
    hidden_beside,
    is_directory_name,
    is_stream,
    make_parents,
    mode_of,
    new_number,
    real_place,
)
from proto_utils.remote.address import is_elsewhere
from proto_utils.sink import FileSink

if TYPE_CHECKING:
    from proto_utils.remote.output import RemoteOutput

#: In seconds, for a state file: others write it for a moment only.
PATIENCE = 60.0


class Link:
    """Another name of an existing file, which stands nowhere yet; `leads_to` is that file when the link is symbolic."""

    def __init__(self, temp: str, leads_to: str | None) -> None:
        self.temp = temp
        self.leads_to = leads_to


class Transaction:
    """Several files that appear together or not at all.

    A context manager: leaving it normally puts the files in place, leaving it by an exception leaves all as it was.

    Parameters
    ----------
    path : path, optional
        What is written: the file, or the prefix of the files. Others who write there meanwhile are refused, by a lock
        beside it (`locks`); and what a process that was killed left of it is set right first (`leftovers`).
    overwrite : bool
        Whether existing files may be replaced. They are replaced by rename, after
        a sync, so readers that hold the old files keep them; the output may be the input.
    sync : bool
        Return only when all is on the disk, whose turns (parts, seal, pointer) wait for each other there too.
    follow : bool
        As of `create`, for `path`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        overwrite: bool = False,
        sync: bool = False,
        follow: bool = True,
    ) -> None:
        has_lock = path is not None and not is_elsewhere(path) and not (follow and is_stream(path))
        self._path = real_place(path, follow=follow) if path is not None and has_lock else None
        self._overwrite = overwrite
        self._sync = sync
        self._number = new_number()
        self._files: list[OutputFile] = []
        self._targets: set[str] = set()
        self._links: list[Link] = []
        self._superseded: list[str] = []
        self._made_dirs: list[str] = []
        self._locks: dict[str, Lock] = {}
        self._placement: Placement | None = None
        self._elsewhere: RemoteOutput | None = None
        self._copies: dict[Link, FileSource] = {}
        if path is not None and is_elsewhere(path):
            self.elsewhere.begin(os.fspath(path))

    @property
    def elsewhere(self) -> RemoteOutput:
        """The files of the output that are in a store, such as those at ``s3://``."""
        if self._elsewhere is None:
            from proto_utils.remote.output import RemoteOutput

            self._elsewhere = RemoteOutput(overwrite=self._overwrite, number=self._number)
        return self._elsewhere

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
            The directory cannot be written, or the name is that of a directory.
        """
        if is_directory_name(os.fspath(path)):
            raise IsADirectoryError(errno.EISDIR, "the name of a directory, and a file is to be written", path)
        if is_elsewhere(path):
            return self.elsewhere.create(os.fspath(path), role)
        mode = mode_of(path, follow=follow)
        if follow and is_stream(path):
            sink = FileSink(disk.open_stream(path))
            self._files.append(OutputFile(os.fspath(path), None, sink, role, replaces=False))
            return sink
        target = real_place(path, follow=follow)
        if follow and mode is None and os.path.islink(path) and not self._overwrite:
            # Whoever made it may have meant another's file.
            hint = f"it is a symbolic link to {os.readlink(path)}, which is not there; `force=True` writes it"
            raise OutputExistsError(os.fspath(path), hint=hint)
        self._claim(path, target)
        temp = hidden_beside(target, "tmp", self._number)
        replaces = os.path.lexists(target)
        # A signal that ends the program must find the file noted, or it would stay.
        with deferred_signals():
            try:
                # A pointer that moves on waits for nothing but its own few bytes: it must not be empty after a cut.
                fd = disk.create(temp, through=replaces and role == "pointer" and not self._sync)
            except OSError as error:
                # Users know the file that they asked for.
                error.filename = os.fspath(path)
                raise
            sink = FileSink(fd)
            self._files.append(OutputFile(target, temp, sink, role, replaces=replaces))
        if mode is not None and stat.S_ISREG(mode):
            with contextlib.suppress(OSError):
                disk.chmod(temp, stat.S_IMODE(mode))
        return sink

    def create_named(self, path: str | os.PathLike[str], *, role: Role = "part") -> str:
        """Begin a file as `create` does, for a library that wants a name to write to; return the name it has meanwhile.

        Raises
        ------
        UnsupportedError
            `path` is a pipe or a device. Others as `create`.
        """
        if is_elsewhere(path):
            return self.elsewhere.create_named(os.fspath(path), role)
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
        if is_elsewhere(directory) and self.elsewhere.can_copy(source, os.fspath(directory)):
            # A copy that the store makes itself.
            link = Link(source.path or "", None)
            self._copies[link] = source
            return link
        if source.path is None or is_elsewhere(directory) or is_elsewhere(source.path):
            return None
        place = os.path.realpath(directory)
        make_parents(place, self._made_dirs)
        # Of a symbolic link, what it leads to: a link to a link would die with either.
        existing = os.path.realpath(source.path)
        # Called after the output, which it belongs to whatever becomes of it.
        base = os.path.basename(self._path or existing)
        link = Link(hidden_beside(os.path.join(place, base), "tmp"), existing if symbolic else None)
        with deferred_signals():
            if not (disk.symlink if symbolic else disk.link)(existing, link.temp):
                return None
            self._links.append(link)
        status = os.stat(link.temp)
        if (status.st_dev, status.st_ino) != source.identity:
            remove_all([link.temp])
            self._links.remove(link)
            return None
        return link

    def adopt(self, path: str) -> Link:
        """Take a file that is written already; `place` puts it where it belongs. It goes when this output fails."""
        link = Link(path, None)
        if is_elsewhere(path):
            # The store copies it, and whoever wrote it removes it.
            self._copies[link] = open_source(path)
        else:
            self._links.append(link)
        return link

    def place(self, link: Link, path: str | os.PathLike[str], *, role: Role = "part") -> None:
        """Give a link its place. Where its file stands already, nothing will be done.

        Raises
        ------
        OutputExistsError
            As `create`.
        """
        if link in self._copies:
            self.elsewhere.copy(self._copies.pop(link), os.fspath(path), role)
            return
        target = real_place(path)
        self._claim(path, target)
        # What leads nowhere, or round in circles, is another file too.
        with contextlib.suppress(OSError):
            if os.path.samefile(target, link.temp):
                # Renaming a name of a file over another of the same does nothing, and would leave both.
                self._files.append(OutputFile(target, None, None, role, replaces=False))
                return
        file = OutputFile(
            target, hidden_beside(target, "tmp", self._number), None, role, replaces=os.path.lexists(target)
        )
        file.leads_to = link.leads_to
        with deferred_signals():
            disk.rename(link.temp, file.temp or "")
            self._links.remove(link)
            self._files.append(file)

    def supersede(self, path: str | os.PathLike[str]) -> None:
        """Remove an existing file once the new ones stand in its place under other names."""
        if is_elsewhere(path):
            self.elsewhere.supersede(os.fspath(path))
        else:
            self._superseded.append(os.fspath(path))

    def claim(self, path: str | os.PathLike[str]) -> None:
        """Have another file for oneself until the end: one that is read, then written by what was read.

        Raises
        ------
        OutputBusyError
            Another process has it, and for longer than anyone should.
        """
        if is_elsewhere(path):
            # Stores have no locks.
            return
        target = real_place(path)
        if target not in self._locks:
            self._locks[target] = Lock(target)
            claim(self._locks[target], self._made_dirs, patience=PATIENCE)

    def __enter__(self) -> Transaction:
        if self._path is not None:
            self._locks[self._path] = Lock(self._path)
            try:
                claim(self._locks[self._path], self._made_dirs)
            except BaseException:
                self._roll_back()
                raise
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
        if (os.path.lexists(target) and not self._overwrite) or target in self._targets:
            raise OutputExistsError(os.fspath(path))
        make_parents(os.path.dirname(target), self._made_dirs)
        self._targets.add(target)

    def _check_links(self) -> None:
        """Refuse a symbolic link to a file that goes: what it is to keep would be lost."""
        gone = {file.target for file in self._files if file.temp is not None} | {*map(real_place, self._superseded)}
        for file in self._files:
            if file.leads_to in gone:
                raise UnsupportedError(
                    f"would be a symbolic link to {file.leads_to}, which is replaced",
                    path=file.target,
                    hint="write to another place, or copy instead of linking",
                )

    def _commit(self) -> None:
        if self._elsewhere is not None:
            self._elsewhere.commit()
        self._check_links()
        # A pointer that moves on to new files loses nothing: only those which replace others must be on disk first. And
        # it must not be there before what it points to.
        is_pointer_alone = all(file.role == "pointer" for file in self._files)
        sync = self._sync or any(file.replaces and (file.role != "pointer" or is_pointer_alone) for file in self._files)
        self._finish(sync=sync)
        with deferred_signals():
            self._placement = Placement(self._files, self._superseded, self._number, waits=self._sync)
            self._placement.put_in_place()
            if sync:
                self._placement.sync_directories()
            # From here on nothing may fail: the new files stand.
            self._placement.tidy_up()
            self._placement = None
            remove_all(link.temp for link in self._links)
            self._release()

    def _finish(self, *, sync: bool) -> None:
        """Complete the files; have them on the disk before anything points to them."""
        for file in [*(file for file in self._files if file.temp is None), *in_turn(self._files)]:
            # Elsewhere it was written through.
            to_disk = sync or (file.role == "pointer" and file.replaces and not disk.WRITES_THROUGH)
            is_stream = file.temp is None and file.sink is not None
            if file.sink is not None and not file.sink.is_closed:
                file.sink.finish(sync=to_disk and not is_stream)
            elif to_disk and not is_stream and (file.sink is not None or self._sync):
                # What is only linked was written by somebody else, who may not have waited for the disk.
                disk.sync_file(file.temp or file.target)
        if self._sync:
            for directory in self._made_dirs:
                disk.sync_directory(os.path.dirname(directory))

    def _roll_back(self) -> None:
        if self._elsewhere is not None:
            self._elsewhere.roll_back()
        with deferred_signals():
            for file in self._files:
                if file.sink is not None:
                    with contextlib.suppress(OSError):
                        file.sink.close()
            if self._placement is not None:
                self._placement.take_back()
            else:
                remove_all(file.temp for file in self._files)
            remove_all(link.temp for link in self._links)
            self._release()
            for directory in reversed(self._made_dirs):
                with contextlib.suppress(OSError):
                    disk.rmdir(directory)

    def _release(self) -> None:
        for lock in reversed(self._locks.values()):
            lock.release()
        self._locks.clear()
