"""A simulated disk: what would be left of a directory if the power went, at any operation.

As leveldb's FaultInjectionTestEnv it lets work go on as always, and keeps book of what is not on the disk yet. What was
written to a file and not synced may be lost, in part, or be zeros. What was done to directories (names that were made,
renamed, removed) and not synced is lost from some point on, as on file systems with a journal (``"in order"``), or any
of it, as on those without (``"any"``); one rename is there or not.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from proto_utils import disk

Order = Literal["in order", "any"]
#: A directory entry: the number of the directory, and the name in it.
_Entry = tuple[int, str]
#: By relative path: which file, and its bytes; None for a directory, the target of a symbolic link as a text.
State = dict[str, tuple[int, bytes | str | None]]


class _File:
    """What a name leads to: a file with the bytes that are on the disk, a directory or a symbolic link."""

    def __init__(self, number: int, durable: bytes | str | None, reader: int = -1) -> None:
        self.number = number
        self.durable = durable
        self.reader = reader
        self.is_through = False

    def current(self) -> bytes | str | None:
        """Return the bytes that whoever reads it now gets."""
        if self.reader < 0 or not isinstance(self.durable, bytes):
            return self.durable
        return os.pread(self.reader, os.fstat(self.reader).st_size, 0)


class SimulatedDisk:
    """The disk below a directory, whose content is taken to be on it.

    Attributes
    ----------
    states : list of dict
        What would be left at the cuts so far, each once.
    """

    def __init__(self, root: Path, order: Order, seed: int = 0) -> None:
        self._root = root
        self._order = order
        self._random = random.Random(seed)
        self._files: list[_File] = []
        self._by_inode: dict[int, _File] = {}
        self._by_fd: dict[int, _File] = {}
        self._now: dict[_Entry, int] = {}
        self._pending: list[dict[_Entry, int | None]] = []
        self._seen: set[int] = set()
        self.states: list[State] = []
        self._take_in(root)
        self._durable = dict(self._now)

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Put itself in the place of all that changes the file system."""
        for name in disk.OPERATIONS:
            patch.setattr(disk, name, self._watched(getattr(disk, name), getattr(self, f"_{name}", None)))

    def cut(self) -> None:
        """Note what could be left if the power went now."""
        for entries in self._cut_entries():
            for fate in ("lost", "zeros", "kept", "any", "any"):
                state = dict(self._state(entries, fate))
                key = hash(tuple(sorted((path, what) for path, (_, what) in state.items() if what is not None)))
                if key not in self._seen:
                    self._seen.add(key)
                    self.states.append(state)

    def _cut_entries(self) -> Iterator[dict[_Entry, int]]:
        number = len(self._pending)
        if self._order == "in order":
            chosen = [[*range(end)] for end in sorted({0, number // 2, max(0, number - 1), number})]
        else:
            chosen = [[i for i in range(number) if self._random.random() < share] for share in (0, 0.3, 0.5, 0.7, 1)]
        for indexes in chosen:
            entries = dict(self._durable)
            for i in indexes:
                _apply(self._pending[i], entries)
            yield entries

    def _state(self, entries: dict[_Entry, int], fate: str) -> Iterator[tuple[str, tuple[int, bytes | str | None]]]:
        children: dict[int, list[tuple[str, int]]] = {}
        for (directory, name), number in entries.items():
            children.setdefault(directory, []).append((name, number))
        contents: dict[int, bytes | str | None] = {}
        waiting = [("", 0)]
        while waiting:
            path, directory = waiting.pop()
            for name, number in children.get(directory, ()):
                if number not in contents:
                    contents[number] = self._content(self._files[number], fate)
                yield os.path.join(path, name), (number, contents[number])
                if contents[number] is None:
                    waiting.append((os.path.join(path, name), number))

    def _content(self, file: _File, fate: str) -> bytes | str | None:
        current, durable = file.current(), file.durable
        if not isinstance(current, bytes) or not isinstance(durable, bytes) or current == durable:
            return current
        half = current[: self._random.randrange(len(current) + 1)]
        some = self._random.choice([durable, bytes(len(current)), current, half, half.ljust(len(current), b"\0")])
        return {"lost": durable, "zeros": bytes(len(current)), "kept": current}.get(fate, some)

    def _take_in(self, directory: Path) -> None:
        if not self._files:
            self._new(None, directory)
        for path in sorted(directory.iterdir()):
            known = self._by_inode.get(path.lstat().st_ino)
            if known is None:
                what = os.readlink(path) if path.is_symlink() else None if path.is_dir() else path.read_bytes()
                known = self._new(what, path)
            self._now[self._entry(path)] = known.number
            if known.durable is None:
                self._take_in(path)

    def _new(self, durable: bytes | str | None, path: str | Path, reader: int = -1) -> _File:
        file = _File(len(self._files), durable, reader)
        self._files.append(file)
        self._by_inode[os.lstat(path).st_ino] = file
        return file

    def _entry(self, path: str | Path) -> _Entry:
        directory, name = os.path.split(os.fspath(path))
        return self._by_inode[os.stat(directory).st_ino].number, name

    def _change(self, change: dict[_Entry, int | None]) -> None:
        self._pending.append(change)
        _apply(change, self._now)

    def _watched(self, real: Callable[..., Any], note: Callable[..., None] | None) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            self.cut()
            # What it does not let go of in earnest it need not have on the real disk either.
            result = None if real.__name__.startswith("sync") else real(*arguments, **options)
            if note is not None:
                note(result, *arguments, **options)
            return result

        return call

    def _create(self, fd: int, path: str, *, through: bool = False) -> None:
        file = self._by_fd[fd] = self._new(b"", path, os.open(path, os.O_RDONLY))
        file.is_through = through
        self._change({self._entry(path): file.number})

    def _open_lock(self, result: tuple[int, bool], path: str, *, make: bool = True) -> None:
        del make
        if result[1]:
            self._create(result[0], path)
        else:
            file = self._by_fd[result[0]] = self._by_inode[os.lstat(path).st_ino]
            file.reader = os.open(path, os.O_RDONLY)

    def _write(self, _count: int, fd: int, _view: memoryview) -> None:
        if self._by_fd[fd].is_through:
            self._sync(None, fd)

    def _sync(self, _: None, fd: int) -> None:
        self._by_fd[fd].durable = self._by_fd[fd].current()

    def _sync_file(self, _: None, path: str) -> None:
        file = self._by_inode[os.stat(path).st_ino]
        file.durable = file.current()

    def _sync_directory(self, _: None, path: str) -> None:
        number = self._by_inode[os.stat(path or ".").st_ino].number
        touching = [i for i, change in enumerate(self._pending) if any(entry[0] == number for entry in change)]
        if self._order == "in order":
            touching = [*range(touching[-1] + 1)] if touching else []
        for i in touching:
            _apply(self._pending[i], self._durable)
        self._pending = [change for i, change in enumerate(self._pending) if i not in touching]

    def _rename(self, _: None, old: str, new: str) -> None:
        self._change({self._entry(old): None, self._entry(new): self._now[self._entry(old)]})

    def _exchange(self, done: bool, first: str, second: str) -> None:
        if done:
            one, other = self._entry(first), self._entry(second)
            self._change({one: self._now[other], other: self._now[one]})

    def _link(self, done: bool, existing: str, new: str) -> None:
        if done:
            self._change({self._entry(new): self._by_inode[os.lstat(existing).st_ino].number})

    def _symlink(self, done: bool, target: str, new: str) -> None:
        if done:
            self._change({self._entry(new): self._new(target, new).number})

    def _unlink(self, _: None, path: str) -> None:
        self._change({self._entry(path): None})

    _rmdir = _unlink

    def _mkdir(self, _: None, path: str) -> None:
        self._change({self._entry(path): self._new(None, path).number})


def put(state: State, directory: Path) -> None:
    """Make a directory of what is left."""
    directory.mkdir()
    made: dict[int, Path] = {}
    for path, (number, what) in sorted(state.items()):
        place = directory / path
        if what is None:
            place.mkdir()
        elif isinstance(what, str):
            place.symlink_to(what)
        elif number in made:
            os.link(made[number], place)
        else:
            place.write_bytes(what)
            made[number] = place


def _apply(change: dict[_Entry, int | None], entries: dict[_Entry, int]) -> None:
    for entry, number in change.items():
        if number is None:
            entries.pop(entry, None)
        else:
            entries[entry] = number
