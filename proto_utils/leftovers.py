"""What a process that was killed leaves of an output that it was about to put in place.

::

    .NAME.5f3a91c2d4e6.tmp   the new NAME, whole or not
    .NAME.5f3a91c2d4e6.old   the NAME that was there before; there only while it is replaced

`output` and `output_directory` make such names, and remove them in all other cases.
"""

from __future__ import annotations

import os
import re
from typing import Literal, NamedTuple

from proto_utils.errors import ChangedError

_HIDDEN = re.compile(r"\.(?P<base>.+)\.[0-9a-f]{12}\.(?P<kind>tmp|old)", re.DOTALL)


class Leftover(NamedTuple):
    """A file or directory under a hidden name, and the one whose place it was to take, or had."""

    path: str
    target: str
    kind: Literal["tmp", "old"]


def leftovers(directory: str) -> list[Leftover]:
    """Return what is left in a directory, by the names that it has, sorted; of a process at work it lists that too.

    Raises
    ------
    OSError
        The directory cannot be read.
    """
    found = []
    for name in sorted(os.listdir(directory)):
        match = _HIDDEN.fullmatch(name)
        if match is not None:
            kind: Literal["tmp", "old"] = "old" if match["kind"] == "old" else "tmp"
            found.append(Leftover(os.path.join(directory, name), os.path.join(directory, match["base"]), kind))
    return found


def half_replaced(target: str) -> ChangedError | None:
    """Return the error for a file that is not there because what replaced it was killed, None for any other."""
    directory = os.path.dirname(target) or "."
    try:
        found = [each for each in leftovers(directory) if each.kind == "old"]
    except OSError:
        return None
    if os.path.lexists(target) or not any(os.path.basename(each.target) == os.path.basename(target) for each in found):
        return None
    hint = f"when nobody writes there any more, `recover {directory}` brings back what was there before"
    return ChangedError("is not there: what replaced it was stopped on the way", path=target, hint=hint)
