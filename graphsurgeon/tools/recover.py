"""Setting right what processes that were killed left in a directory: outputs half replaced, and hidden names.

Files are replaced by renames, and a process may be killed between two of them. A checkpoint is then without its index,
which comes last, and what it was before stands under hidden names (`proto_utils.leftovers`). Each output is afterwards
what it was before, or the new one. Whoever writes to an output does this for it first; `recover` does it for all of a
directory.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from typing import Any

from graphsurgeon.display import html_of, text_lines
from proto_utils import disk
from proto_utils.errors import OutputBusyError, UnsupportedError
from proto_utils.leftovers import Leftover, by_number, leftovers, settle
from proto_utils.locks import Lock, lock_targets
from proto_utils.named_tuple import NamedTuple
from proto_utils.places import real_place
from proto_utils.remote.address import is_elsewhere

__all__ = ["Recovery", "recover"]


class Recovery(NamedTuple):
    """What `recover` did, or would do: paths that are there again, and those of hidden files that went."""

    restored: list[str]
    removed: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return self._asdict()

    def __str__(self) -> str:
        return "\n".join(text_lines(self.to_json()))

    def _repr_html_(self) -> str:
        return html_of("Recovery", self.to_json())


def recover(directory: str | os.PathLike[str], *, dry_run: bool = False, sync: bool = False) -> Recovery:
    """Bring back what a process that was killed had put aside, and remove what else it left.

    What another process writes to at the moment is left alone, as far as its lock tells (`proto_utils.locks`).

    Parameters
    ----------
    directory : path
    dry_run : bool
        Only say what would be done.
    sync : bool
        Return only when it is done on the disk, too.

    Returns
    -------
    Recovery

    Raises
    ------
    UnsupportedError
        It is not a directory of this machine.
    OSError
        The directory cannot be read or written.
    """
    name = os.fsdecode(directory) or "."
    if is_elsewhere(name):
        hint = "what an output that was stopped leaves in a store does not count there"
        raise UnsupportedError("outputs are brought back on disks, not in stores", path=name, hint=hint)
    done = Recovery([], [])
    locks = [*map(Lock, lock_targets(name))]
    held: set[str] = set()
    with contextlib.ExitStack() as stack:
        free = [group for group in by_number(leftovers(name)) if _is_free(group, held, stack, dry_run=dry_run)]
        for paths, found in zip(done, settle([*itertools.chain(*free)], dry_run=dry_run), strict=True):
            paths.extend(found)
    done.removed.extend(lock.path for lock in locks if lock.is_free(dry_run=dry_run))
    if sync and not dry_run:
        disk.sync_directory(name)
    return done


def _is_free(group: list[Leftover], held: set[str], stack: contextlib.ExitStack, *, dry_run: bool) -> bool:
    """Take the locks of what some names are left of, in addition to `held`; False when another process has one."""
    # The state file that a checkpoint was to be named in is nothing that this one's process has for long.
    outputs = {each.output for each in group if each.is_member} or {each.target for each in group}
    for lock in map(Lock, sorted(map(real_place, outputs))):
        if lock.target in held:
            continue
        if dry_run:
            if not lock.is_free(dry_run=True):
                return False
            continue
        stack.callback(lock.release)
        try:
            lock.acquire()
        except OutputBusyError:
            return False
        held.add(lock.target)
    return True
