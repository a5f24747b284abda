"""What a process that was killed leaves of an output that it was writing, and setting that right.

::

    .NAME.5f3a91c2d4e6.tmp   the new NAME, whole or not
    .NAME.5f3a91c2d4e6.old   the NAME that was there before; there only while it is replaced
    .NAME.graphsurgeon.lock  says that somebody writes to NAME, see `locks`

`placement` and `output_directory` make such names, and remove them in all other cases. The number is that of the
process's output. The files of a checkpoint belong together: it counts when its index is in place, which is so when the
index has no ``.tmp`` any more. Then what is old goes, else what is new, and what is old comes back.

Whoever is about to write somewhere sets that right first, with the lock of the output, when nobody else is at work.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from proto_utils import disk
from proto_utils.deferral import deferred_signals
from proto_utils.errors import ChangedError
from proto_utils.locks import Lock, lock_path
from proto_utils.places import make_parents, real_place
from proto_utils.remote.address import is_elsewhere

_SEAL = ".index"
_HEXADECIMAL = frozenset("0123456789abcdef")


class Leftover:
    """A file or directory under a hidden name, and the one whose place it was to take, or had.

    Attributes
    ----------
    path, target : str
    kind : {"tmp", "old"}
    number : str
        Of the run that left it.
    output : str
        What it is a part of: the prefix of a checkpoint, or the target itself.
    """

    __slots__ = ("kind", "number", "output", "path", "target")

    def __init__(self, path: str, target: str, kind: str, number: str) -> None:
        self.path, self.target, self.kind, self.number = path, target, kind, number
        self.output = _output_of(target)

    @property
    def is_member(self) -> bool:
        """Whether it is one of several files of an output."""
        return self.output != self.target

    @property
    def is_seal(self) -> bool:
        """Whether without it the others do not count."""
        return self.is_member and self.target.endswith(_SEAL)


def leftovers(directory: str) -> list[Leftover]:
    """Return what is left in a directory, by the names that it has, sorted; of a process at work it lists that too.

    Raises
    ------
    OSError
        The directory cannot be read.
    """
    found = []
    for name in sorted(os.listdir(directory)):
        base, number, kind = name.rsplit(".", 2) if name.startswith(".") and name.count(".") > 2 else ("", "", "")
        if kind in ("tmp", "old") and len(number) == 12 and set(number) <= _HEXADECIMAL:
            found.append(Leftover(os.path.join(directory, name), os.path.join(directory, base[1:]), kind, number))
    return found


def _output_of(target: str) -> str:
    """Return the prefix of a file of a checkpoint; another file is an output of its own."""
    prefix, dot, last = target.rpartition(".")
    # data-00000-of-00001
    is_data = (
        len(last) == 19 and last.startswith("data-") and last[10:14] == "-of-" and (last[5:10] + last[14:]).isdigit()
    )
    return prefix if dot and (is_data or last in ("index", "meta")) else target


def settle(found: Sequence[Leftover], *, dry_run: bool = False) -> tuple[list[str], list[str]]:
    """Take back outputs that did not get far enough to count, and tidy up after the others.

    Returns
    -------
    restored : list of str
        Paths that are there again.
    removed : list of str
        Those of files that went: hidden ones, parts of an output that does not count, and of one that was replaced.

    Raises
    ------
    OSError
        A file cannot be renamed or removed.
    """
    restored: list[str] = []
    removed: list[str] = []
    groups = by_number(found)
    unfinished = {each.output for group in groups if _is_pending(group) for each in group if each.is_seal}
    with deferred_signals():
        for group in groups:
            for each, done in _steps(group, unfinished):
                (restored if done == "restore" else removed).append(each)
                if dry_run:
                    continue
                if done == "restore":
                    disk.rename(next(one.path for one in group if one.target == each and one.kind == "old"), each)
                else:
                    disk.remove(each)
    return restored, removed


def by_number(found: Iterable[Leftover]) -> list[list[Leftover]]:
    """Return leftovers by the runs that they are of."""
    groups: dict[str, list[Leftover]] = {}
    for each in found:
        groups.setdefault(each.number, []).append(each)
    return list(groups.values())


def _is_pending(group: Iterable[Leftover]) -> bool:
    """Return whether a checkpoint did not get as far as to count."""
    return any(each.is_seal and each.kind == "tmp" for each in group)


def _steps(group: list[Leftover], unfinished: set[str]) -> Iterator[tuple[str, Literal["restore", "remove"]]]:
    """Yield what is to be done, one path at a time; `unfinished` are checkpoints that a run was writing anew.

    The seal comes last: until then nothing can be loaded, and if this is interrupted, its names tell the same again.
    """
    is_pending = _is_pending(group)
    is_replaced = not is_pending and any(
        each.is_seal and each.kind == "old" and _stands(each) and not _is_same(each) for each in group
    )
    for each in sorted(group, key=_turn):
        is_same = _is_same(each)
        # What is missing of an unfinished checkpoint is with what that run put aside, not with one before it.
        is_missing = not _stands(each) and each.output not in unfinished
        if each.kind == "old" and not is_same and (is_pending or is_missing):
            yield each.target, "restore"
            continue
        # A part of an output that does not count, or of the one that was replaced, under a name that no new part has.
        if is_same and each.is_member and (is_pending if each.kind == "tmp" else is_replaced):
            yield each.target, "remove"
        yield each.path, "remove"


def _turn(each: Leftover) -> tuple[bool, bool, str]:
    return each.is_seal, (each.kind == "tmp") is each.is_seal, each.path


def _is_same(leftover: Leftover) -> bool:
    """Return whether both names are of one file: renaming one to the other would do nothing."""
    try:
        return os.path.samestat(os.lstat(leftover.path), os.lstat(leftover.target))
    except OSError:
        return False


def _stands(leftover: Leftover) -> bool:
    """Return whether what takes its place is there: of a checkpoint all of that, by its index."""
    output = leftover.output
    return os.path.lexists(output if output == leftover.target else output + _SEAL)


def claim(lock: Lock, made: list[str], *, patience: float = 0.0) -> None:
    """Take the lock of an output, and set right what a process that was killed left of it.

    Parameters
    ----------
    lock : Lock
        Of a file, a directory, or the prefix of a checkpoint; it is to be released also when this fails.
    made : list of str
        Gets the directories that are made above it.
    patience : float
        In seconds: how long to wait for another process.

    Raises
    ------
    OutputBusyError
        Another process writes to it.
    OSError
        Its directory cannot be made or written.
    """
    directory = os.path.dirname(lock.target)
    make_parents(directory, made)
    lock.acquire(patience=patience)
    # Who may not read a directory may write to it.
    with contextlib.suppress(PermissionError):
        settle(_of(lock.target, leftovers(directory or ".")))


def _of(target: str, found: Iterable[Leftover]) -> list[Leftover]:
    """Return what is left of an output: of a checkpoint all, of a state file not what it was written for."""
    chosen = []
    for group in by_number(found):
        is_all = any(each.is_member and each.output == target for each in group)
        chosen += [each for each in group if is_all or each.target == target]
    return chosen


@contextlib.contextmanager
def claimed(target: str, *, patience: float = 0.0) -> Iterator[None]:
    """Have an output for oneself during the block, as `claim`."""
    lock = Lock(real_place(target))
    try:
        claim(lock, [], patience=patience)
        yield
    finally:
        lock.release()


def set_right(path: str) -> None:
    """Set right what a process that was killed left of an output, if it left anything and nobody is at work there."""
    if is_elsewhere(path):
        # What does not count there is not seen, and who stopped in between took nothing away.
        return
    for target in {real_place(path), os.path.realpath(path)}:
        with contextlib.suppress(OSError):
            if os.path.lexists(lock_path(target)) or _of(target, leftovers(os.path.dirname(target))):
                with claimed(target):
                    pass


def half_replaced(target: str) -> ChangedError | None:
    """Return the error for a file that is not there because what replaced it was killed, None for any other."""
    if is_elsewhere(target):
        return None
    directory = os.path.dirname(target) or "."
    try:
        found = [each for each in leftovers(directory) if each.kind == "old"]
    except OSError:
        return None
    if os.path.lexists(target) or not any(os.path.basename(each.target) == os.path.basename(target) for each in found):
        return None
    hint = f"when nobody writes there any more, `recover {directory}` brings back what was there before"
    return ChangedError("is not there: what replaced it was stopped on the way", path=target, hint=hint)
