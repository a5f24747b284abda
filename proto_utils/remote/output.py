"""Files of an output in a store: nothing of it is seen before all of it is there, and a failure leaves what was there.

Each file is sent while it is made, to where nobody sees it: as a multipart upload that is completed at the end, where
the store has such, else under a hidden name that is changed then. An object appears in one step and whole, several do
not, so they have the roles and the order of `proto_utils.output`::

    old index     |-----------|
    data, meta    old .......... old|new .......... new
    new index                             |-----------------

What is replaced is copied within the store first, to hidden names ending in ``.old``, from where it comes back when a
step fails. A file that is only to have another name is copied within the store: it passes through nobody's network.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

from proto_utils import disk, meter
from proto_utils.errors import OutputExistsError, UnsupportedError
from proto_utils.files import FileSource
from proto_utils.remote.address import home_of, scheme_of, split_member
from proto_utils.remote.retries import StoreError, naming
from proto_utils.remote.store import file_system
from proto_utils.remote.urls import forget, look_at_url
from proto_utils.sink import FileSink

#: Stores without directories, in which none need be made.
_WITHOUT_DIRECTORIES = (
    "s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci", "memory", "tos",
)  # fmt: skip
#: Stores whose files in a transaction of fsspec appear when they are told to; those of others have hidden names.
_COMPLETED_LATER = ("s3", "s3a", "gs", "gcs", "memory", "file", "local")
_TURNS = ("part", "seal", "pointer")


class RemoteSink(FileSink):
    """Appends to a file of a store; see `FileSink`.

    Parameters
    ----------
    path : str
    stream : file of fsspec
        Open for writing.
    """

    def __init__(self, path: str, stream: Any) -> None:
        super().__init__(0)
        self._path, self._stream, self._is_closed = path, stream, False

    def preallocate(self, nbytes: int) -> None:
        """Do nothing: stores take what comes."""

    def finish(self, *, sync: bool) -> None:  # noqa: ARG002 -- a store keeps what it has taken
        """Send what was gathered; the file appears when the output does."""
        self.flush()
        self.close()

    @property
    def is_closed(self) -> bool:
        """True when nothing can be written any more."""
        return self._is_closed

    def close(self) -> None:
        """End writing; harmless when it has ended already."""
        if not self._is_closed:
            self._is_closed = True
            with naming(self._path):
                self._stream.close()

    def _write_all(self, view: memoryview) -> None:
        with naming(self._path):
            self._stream.write(view)
        if meter.observer is not None:
            meter.observer.wrote(len(view))


class _Target:
    """A file of an output: where it will be, and what puts it there."""

    def __init__(self, path: str, role: str, fs: Any, inner: str, *, replaces: bool) -> None:
        self.path, self.role, self.fs, self.inner, self.replaces = path, role, fs, inner, replaces
        self.sink: RemoteSink | None = None
        self.stream: Any = None
        #: The hidden name that it has until then, of stores that complete nothing later.
        self.temp: str | None = None
        #: What is copied to make it.
        self.source: FileSource | None = None
        #: A local file that is sent in the end.
        self.local: str | None = None
        self.backup: str | None = None
        self.is_placed = False


class RemoteOutput:
    """The files of an output that are in stores.

    Parameters
    ----------
    overwrite : bool
    number : str
        Of hidden names.
    """

    def __init__(self, *, overwrite: bool, number: str) -> None:
        self._overwrite, self._number = overwrite, number
        self._targets: dict[str, _Target] = {}
        self._superseded: list[str] = []
        self._systems: dict[str, Any] = {}
        self._scratch = contextlib.ExitStack()
        #: Roles whose old files go before the first part is replaced.
        self.taken_away: tuple[str, ...] = ("seal",)

    def begin(self, path: str) -> None:
        """Take down which place it is about: what is there now is what counts."""
        forget(path)

    def create(self, path: str, role: str) -> RemoteSink:
        """Begin a file; as `Transaction.create` of `proto_utils.output` does."""
        target = self._claim(path, role)
        with naming(path):
            self._open(target)
        assert target.sink is not None
        return target.sink

    def create_named(self, path: str, role: str) -> str:
        """Begin a file that a library writes to a local name, which is returned."""
        target = self._claim(path, role)
        directory = self._scratch.enter_context(disk.scratch_directory())
        target.local = os.path.join(directory, os.path.basename(path) or "file")
        os.close(disk.create(target.local))
        return target.local

    def can_copy(self, source: FileSource, directory: str) -> bool:
        """Return whether a file can be copied to a directory within the store."""
        return source.path is not None and home_of(source.path) == home_of(directory) and not split_member(source.path)

    def copy(self, source: FileSource, path: str, role: str) -> None:
        """Have a file be a copy of another one of its store; nothing is done where it stands already."""
        if source.path != path:
            self._claim(path, role).source = source

    def supersede(self, path: str) -> None:
        """Remove an existing file once the new ones are there."""
        self._superseded.append(path)

    def commit(self) -> None:
        """Put all files in their places. When that fails, `roll_back` is to be called."""
        targets = sorted(self._targets.values(), key=lambda target: _TURNS.index(target.role))
        for target in targets:
            self._complete(target)
        if len(targets) > 1:
            self._back_up(targets)
        for target in targets:
            self._place(target)
        for path in [path for path in self._superseded if path not in self._targets]:
            fs, inner = self._system(path)
            with naming(path), contextlib.suppress(FileNotFoundError):
                fs.rm_file(inner)
            forget(path)
        self._tidy_up()

    def roll_back(self) -> None:
        """Put back what was there, as far as the store answers, and give up what was begun.

        Whatever a library raises of one step, the others are taken: some make a ValueError of a refused request.
        """
        for target in reversed(self._targets.values()):
            with contextlib.suppress(Exception):
                self._take_back(target)
        self._tidy_up()

    def _claim(self, path: str, role: str) -> _Target:
        """Refuse a place that cannot be written, or is taken."""
        require_writable(path)
        forget(path)
        found = look_at_url(path)
        if found is not None and found.is_directory and scheme_of(path) not in _WITHOUT_DIRECTORIES:
            raise OutputExistsError(path, hint="name a file, not a directory")
        is_there = found is not None and not found.is_directory
        if (is_there and not self._overwrite) or path in self._targets:
            raise OutputExistsError(path)
        fs, inner = self._system(path)
        if scheme_of(path) not in _WITHOUT_DIRECTORIES:
            with naming(path):
                fs.makedirs(inner.rpartition("/")[0], exist_ok=True)
        self._targets[path] = _Target(path, role, fs, inner, replaces=is_there)
        return self._targets[path]

    def _system(self, path: str) -> tuple[Any, str]:
        """Return a file system of this output's own, whose files are completed when they are told to be."""
        shared, inner = file_system(path)
        home = home_of(path)
        if home not in self._systems:
            self._systems[home] = fs = type(shared)(
                *shared.storage_args, **shared.storage_options, skip_instance_cache=True
            )
            fs.start_transaction()
        return self._systems[home], inner

    def _open(self, target: _Target) -> RemoteSink:
        if scheme_of(target.path) not in _COMPLETED_LATER:
            target.temp = self._hidden(target.inner, "tmp")
        later = target.temp is None
        target.stream = target.fs.open(target.temp or target.inner, "wb", autocommit=not later)
        target.sink = RemoteSink(target.path, target.stream)
        return target.sink

    def _complete(self, target: _Target) -> None:
        """Send what is still to be sent."""
        if target.local is not None:
            local, target.local = target.local, None
            with naming(target.path), contextlib.closing(FileSource(local)) as source:
                sink = self._open(target)
                for chunk in source.chunks(0, source.size):
                    sink.write(chunk)
        if target.sink is not None and not target.sink.is_closed:
            target.sink.finish(sync=True)

    def _back_up(self, targets: list[_Target]) -> None:
        """Copy what is replaced, then take away what would lead to a mixture of old and new files."""
        for target in targets:
            if target.replaces:
                backup = self._hidden(target.inner, "old")
                with naming(target.path):
                    target.fs.cp_file(target.inner, backup)
                target.backup = backup
        if any(target.replaces and target.role == "part" for target in targets):
            for target in targets:
                if target.replaces and target.role in self.taken_away:
                    target.is_placed = True
                    with naming(target.path):
                        target.fs.rm_file(target.inner)

    def _place(self, target: _Target) -> None:
        nbytes = None if target.sink is None else target.sink.offset
        target.is_placed = target.is_placed or target.backup is not None or not target.replaces
        with naming(target.path):
            if target.source is not None:
                self._copy(target, target.source)
                nbytes = target.source.size
            elif target.temp is not None:
                target.fs.mv(target.temp, target.inner)
                target.temp = None
            else:
                target.stream.commit()
        target.stream = None
        forget(target.path)
        found = look_at_url(target.path)
        if found is None or found.nbytes != nbytes:
            raise StoreError(
                None, f"the store has {0 if found is None else found.nbytes} of {nbytes} bytes", target.path
            )

    def _copy(self, target: _Target, source: FileSource) -> None:
        _, inner = file_system(source.path or "")
        source.require_unchanged()
        target.fs.cp_file(inner, target.inner)
        # What was copied is what was there in between.
        source.require_unchanged()

    def _take_back(self, target: _Target) -> None:
        if target.sink is not None and target.stream is not None:
            _give_up(target.stream)
        if target.temp is not None:
            with contextlib.suppress(Exception):
                target.fs.rm_file(target.temp)
        if target.backup is not None and target.is_placed:
            target.fs.cp_file(target.backup, target.inner)
        elif target.is_placed and not target.replaces:
            target.fs.rm_file(target.inner)
        forget(target.path)

    def _tidy_up(self) -> None:
        for target in self._targets.values():
            if target.backup is not None:
                with contextlib.suppress(Exception):
                    target.fs.rm_file(target.backup)
        for fs in self._systems.values():
            # They are complete or given up: there is nothing left to be done with them.
            fs.transaction.files.clear()
        self._scratch.close()

    def _hidden(self, inner: str, suffix: str) -> str:
        directory, _, base = inner.rpartition("/")
        return f"{directory}/.{base}.{self._number}.{suffix}"


def require_writable(path: str) -> None:
    """Require that a place is one where files can be written; an UnsupportedError says where instead."""
    if split_member(path) is not None:
        hint = "write to a directory, and pack that"
        raise UnsupportedError("members of archives are read, and not written", path=path, hint=hint)
    if scheme_of(path) in ("http", "https"):
        hint = "write to a file, or to a store such as s3:// or gs://"
        raise UnsupportedError("web servers are read from, and not written to", path=path, hint=hint)
    if scheme_of(path) == "hf":
        hint = "write to a directory, and send that in one commit: hf upload"
        raise UnsupportedError("repositories of a hub are read from, and not written to", path=path, hint=hint)
    if "/" not in path.partition("://")[2].strip("/"):
        hint = f"name a directory, such as {scheme_of(path)}://models/{path.rpartition('/')[2]}"
        raise UnsupportedError("a store without a directory in it", path=path, hint=hint)


def remove_from_store(path: str) -> None:
    """Remove a file, or a directory with all in it; nothing when there is none."""
    fs, inner = file_system(path)
    fs.invalidate_cache()
    with naming(path), contextlib.suppress(FileNotFoundError):
        fs.rm(inner, recursive=True)
    forget(path)


def _give_up(stream: Any) -> None:
    """Drop a file that is not to be, as far as the store answers.

    Without saying that it is closed, its end would be to send the rest.
    """
    with contextlib.suppress(Exception):
        stream.discard()
    with contextlib.suppress(AttributeError):
        stream.closed = True
