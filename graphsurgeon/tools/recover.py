"""Setting right what a process that was killed left: outputs half replaced, and hidden names.

Files are replaced by renames, and a process may be killed between two of them. A checkpoint is then without its index,
which comes last, and what it was before stands under hidden names (`proto_utils.output`)::

    the output      is there                 is not
    the old one     is removed               takes its place again
    the new one     is removed, unless it took the place already

So each output is afterwards what it was before, or the new one: a checkpoint is there when its index is.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from typing import Any, NamedTuple

from graphsurgeon.formats.bundle_writer import index_path
from proto_utils.deferral import deferred_signals
from proto_utils.leftovers import Leftover, leftovers

__all__ = ["Recovery", "recover"]

_MEMBER = re.compile(r"(.*)\.(?:index|meta|data-\d{5}-of-\d{5})", re.DOTALL)


class Recovery(NamedTuple):
    """What `recover` did, or would do: paths that are there again, and those of hidden files that went."""

    restored: list[str]
    removed: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return self._asdict()


def recover(directory: str | os.PathLike[str], *, dry_run: bool = False) -> Recovery:
    """Bring back what a process that was killed had put aside, and remove what else it left.

    Not for a directory to which somebody writes at that moment: that looks the same.

    Parameters
    ----------
    directory : path
    dry_run : bool
        Only say what would be done.

    Returns
    -------
    Recovery

    Raises
    ------
    OSError
        The directory cannot be read or written.
    """
    found = leftovers(os.fsdecode(directory) or ".")
    done = Recovery([], [])
    with deferred_signals():
        # The index of a checkpoint comes last here too: until then nothing can be loaded.
        for each in sorted(found, key=lambda each: (_is_index(each.target), each.kind, each.path)):
            if each.kind == "old" and not _stands(each):
                done.restored.append(each.target)
                if not dry_run:
                    os.replace(each.path, each.target)
            else:
                done.removed.append(each.path)
                if not dry_run:
                    _remove(each.path)
    return done


def _is_index(path: str) -> bool:
    return path.endswith(".index")


def _stands(leftover: Leftover) -> bool:
    """Whether it has its place still, or what replaces it has: of a file of a checkpoint all of that, by its index."""
    with contextlib.suppress(OSError):
        # Two names of one file: renaming one to the other would do nothing.
        if os.path.samefile(leftover.path, leftover.target):
            return True
    member = _MEMBER.fullmatch(leftover.target)
    return os.path.lexists(leftover.target if member is None else index_path(member[1]))


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)
