"""The latest checkpoint of a directory, as its state file has it."""

from __future__ import annotations

import os
from typing import Any

from graphsurgeon.display import html_of
from graphsurgeon.formats.state_file import FILE_NAME, checkpoint_exists, read_state
from graphsurgeon.names import some_of
from proto_utils import places
from proto_utils.errors import GraphSurgeonError, NotFoundError

_MAX_NAMED = 3


class Latest:
    """The latest checkpoint of a directory; where a path is taken it is its prefix.

    Attributes
    ----------
    latest : str
        Its prefix.
    checkpoints : list of str
        All prefixes that the state file names, the latest one last.
    """

    __slots__ = ("checkpoints", "latest")

    def __init__(self, latest: str, checkpoints: list[str]) -> None:
        self.latest = latest
        self.checkpoints = checkpoints

    def __fspath__(self) -> str:
        return self.latest

    def __str__(self) -> str:
        return self.latest

    def __repr__(self) -> str:
        return f"Latest({self.latest!r}, {self.checkpoints!r})"

    def _repr_html_(self) -> str:
        return html_of("Latest", self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {"latest": self.latest, "checkpoints": self.checkpoints}


def latest(directory: str | os.PathLike[str]) -> Latest:
    """Return the prefix of a directory's latest checkpoint, according to its state file.

    Parameters
    ----------
    directory : path
        It may be the state file itself. Checkpoints that are no longer where it says are looked for beside it.

    Returns
    -------
    Latest
        It is a path itself: ``gs.load(gs.latest("run"))``.

    Raises
    ------
    NotFoundError
        There is no state file, or the checkpoint that it names is not there; the newest that is there is named.
    CorruptionError
        The state file is damaged.
    """
    directory = os.fsdecode(directory)
    place, name = os.path.split(directory) if places.isfile(directory) else (directory, FILE_NAME)
    state = read_state(place, name)
    file = os.path.join(place, name)
    if state is None:
        raise _no_state_file(place, file)
    if not checkpoint_exists(state.latest):
        existing = [path for path in state.checkpoints if checkpoint_exists(path)] or _oldest_first(place)
        raise NotFoundError("checkpoint", state.latest, existing[-1:], where=f"what {file} names")
    return Latest(state.latest, list(state.checkpoints))


def _no_state_file(directory: str, file: str) -> GraphSurgeonError:
    """Return the error for a directory without a state file, with the checkpoints that are in it."""
    if directory and not places.isdir(directory):
        if not checkpoint_exists(directory):
            from graphsurgeon.formats.detect import missing

            return missing(directory)
        hint = f"it is a checkpoint, of the directory {os.path.dirname(directory) or os.curdir!r}"
        return NotFoundError("directory", directory, hint=hint)
    found = _oldest_first(directory)[::-1]
    if not found:
        return NotFoundError("checkpoint state file", file, hint="nor is there a checkpoint in its directory")
    hint = f"name a checkpoint in place of its directory: {found[0]}"
    if found[1:]:
        hint += f" is the newest, before {some_of(found[1:], _MAX_NAMED)}"
    return NotFoundError("checkpoint state file", file, hint=hint, listed=found)


def _oldest_first(directory: str) -> list[str]:
    """Return the prefixes of all checkpoints in a directory, by time."""
    from graphsurgeon.tools.retention.stored import age, stored_in

    rows = sorted(stored_in(directory or os.curdir), key=age)
    return [os.path.join(directory, os.path.basename(row.prefix)) for row in rows]
