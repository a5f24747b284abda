"""Putting the files of an output in place, so that no moment shows files of two outputs, and taking that back.

::

    role     placed          by
    part     first           a second name (link), or a rename over what is replaced; the temp name stays until the end
    seal     then            a rename
    pointer  last            a rename

What is replaced has a second name meanwhile, ending in ``.old``. All hidden names of an output have one number. So the
names alone tell how far it came, when the process is killed: the seal's temp name is there until the output counts, and
`leftovers.settle` takes back or tidies up by that.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from proto_utils import disk
from proto_utils.places import hidden_beside
from proto_utils.sink import FileSink

Role = Literal["part", "seal", "pointer"]
_TURNS: tuple[Role, ...] = ("part", "seal", "pointer")


class OutputFile:
    """One file of an output.

    `temp` is None for a stream, which is written directly, and for what stands in its place already. `sink` is None for
    a link, which is not written at all. `backup` is another name of what `target` was when the output is put in place.
    `leads_to` is what a symbolic link leads to.
    """

    leads_to: str | None = None

    def __init__(self, target: str, temp: str | None, sink: FileSink | None, role: Role, *, replaces: bool) -> None:
        self.target = target
        self.temp = temp
        self.sink = sink
        self.role = role
        self.replaces = replaces
        self.backup: str | None = None


def in_turn(files: Iterable[OutputFile]) -> list[OutputFile]:
    """Return the files that are to be placed, in their order."""
    return sorted((file for file in files if file.temp is not None), key=lambda file: _TURNS.index(file.role))


class Placement:
    """The renames of an output.

    Parameters
    ----------
    files : iterable of OutputFile
    superseded : sequence of str
        Files that go when all is done.
    number : str
        Of their hidden names.
    waits : bool
        Have each turn on the disk before the next, for file systems that do not keep the order of what is done to a
        directory.
    """

    def __init__(self, files: Iterable[OutputFile], superseded: Sequence[str], number: str, *, waits: bool) -> None:
        self._files = in_turn(files)
        self._superseded = [OutputFile(path, None, None, "part", replaces=True) for path in superseded]
        self._number = number
        self._waits = waits
        self._has_seal = any(file.role == "seal" for file in self._files)
        #: How to take back each step: target, and what to put in its place; without that it is just removed.
        self._undo: list[tuple[str, str | None]] = []

    def put_in_place(self) -> None:
        """Do it. When a step fails, `take_back` is to be called."""
        for file in (*self._files, *self._superseded):
            self._back_up(file)
        if any(file.replaces and file.role == "part" for file in self._files):
            if self._waits:
                self.sync_directories()
            for file in self._files:
                if file.replaces and file.role == "seal":
                    self._take_away(file)
        for _, turn in itertools.groupby(self._files, key=lambda file: file.role):
            if self._waits:
                self.sync_directories()
            for file in turn:
                self._move(file, is_last=file is self._files[-1])

    def sync_directories(self) -> None:
        """Have on the disk what was done to the directories."""
        for directory in dict.fromkeys(os.path.dirname(file.target) for file in self._files):
            disk.sync_directory(directory)

    def take_back(self) -> None:
        """Put back what was there before, as far as that can be done, and remove hidden names that nothing needs."""
        lost = {undo[1] for undo in reversed(self._undo) if not _take_back(*undo)}
        remove_all(path for path in self._hidden() if path not in lost)

    def tidy_up(self) -> None:
        """Remove what is superseded, and the hidden names, when all is done."""
        remove_all(file.target for file in self._superseded)
        remove_all(self._hidden())

    def _hidden(self) -> Iterator[str | None]:
        # By what is left of these, the seal's last, `leftovers` knows what is to be done.
        for file in (*self._superseded, *(f for f in self._files if f.role != "seal")):
            yield from (file.temp, file.backup)
        yield from (file.backup for file in self._files if file.role == "seal")
        yield from (file.temp for file in self._files if file.role == "seal")

    def _back_up(self, file: OutputFile) -> None:
        """Give what is to be replaced a second name, if the file system can; else it is renamed when its turn comes."""
        if file.replaces:
            backup = hidden_beside(file.target, "old", self._number)
            if disk.link(file.target, backup):
                file.backup = backup

    def _take_away(self, file: OutputFile) -> None:
        if file.backup is None:
            file.backup = hidden_beside(file.target, "old", self._number)
            disk.rename(file.target, file.backup)
        else:
            disk.unlink(file.target)
        self._undo.append((file.target, file.backup))
        file.replaces = False

    def _move(self, file: OutputFile, *, is_last: bool) -> None:
        if file.replaces and not is_last and file.backup is None:
            self._take_away(file)
        assert file.temp is not None
        is_new = file.role == "part" and self._has_seal and file.backup is None
        if not (is_new and disk.link(file.temp, file.target)):
            disk.rename(file.temp, file.target)
            file.temp = None
        if file.backup is not None or not file.replaces:
            self._undo.append((file.target, file.backup if file.replaces else None))


def remove_all(paths: Iterable[str | None], remove: Callable[[str], None] | None = None) -> None:
    """Remove files, as far as that can be done; None stands for no file. `remove` is `disk.remove` for directories."""
    waiting = [path for path in paths if path is not None]
    # Once more what failed: where files that are open cannot be removed, another program may have had one for a moment.
    for _ in range(2):
        waiting = [path for path in waiting if not _is_removed(path, remove or disk.unlink)]


def _is_removed(path: str, remove: Callable[[str], None]) -> bool:
    try:
        remove(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _take_back(target: str, backup: str | None) -> bool:
    try:
        if backup is None:
            disk.unlink(target)
        else:
            disk.rename(backup, target)
    except OSError:
        return False
    return True
