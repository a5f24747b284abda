"""Deleting old checkpoints by TensorFlow's rules, in a directory whose training is over.

While it trains, TensorFlow keeps the last few checkpoints, and when one drops out of these it stays for good if enough
hours have gone by since one did (`graphsurgeon.tools.retention.rules`). One that stays for good is no longer named in
the state file, so what that does not name is not deleted unless it is asked for.

What stays is had on disk, then the state file is written, then files go, each checkpoint's index before its values:
whenever this is interrupted, the state file names checkpoints that are there, and no index is without its values. Only
names are deleted: values that another checkpoint has hard links to stay, and a checkpoint to which one that is kept has
symbolic links is kept too.

Not for a directory in which a training is running: that process knows its own list, and writes it again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.formats.state_file import FILE_NAME, MAX_NBYTES, CheckpointState, read_state, write_state
from graphsurgeon.tools.retention.rules import kept_by_manager, kept_by_saver
from graphsurgeon.tools.retention.stored import (
    Listings,
    StoredCheckpoint,
    age,
    files_of,
    freed_nbytes,
    identity,
    is_whole,
    linked_to,
    stored,
    stored_in,
)
from proto_utils import disk, schema
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError
from proto_utils.leftovers import claimed, set_right
from proto_utils.output import PATIENCE, Transaction
from proto_utils.remote.address import is_elsewhere
from proto_utils.side_files import read_side_file

__all__ = ["RetentionReport", "StoredCheckpoint", "prune_checkpoints"]

_OPERATION = "prune-checkpoints"
#: In seconds since the epoch; in the year 6325.
_END_OF_TIME = float(1 << 37)


@dataclass(frozen=True)
class RetentionReport(Displayed):
    """What `prune_checkpoints` did, or would do.

    `latest` is the prefix of the latest checkpoint, empty without any. Of the `removed`, oldest first like the `kept`,
    `files` are the ones that go. `missing` are prefixes that the state file named and at which nothing is,
    `freed_nbytes` leaves out files that have other names as well, `state` is the path of the state file when it
    changes.
    """

    directory: str
    latest: str
    kept: tuple[StoredCheckpoint, ...]
    removed: tuple[StoredCheckpoint, ...]
    missing: tuple[str, ...]
    freed_nbytes: int
    state: str | None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        tables = {"kept": [row.to_json() for row in self.kept], "removed": [row.to_json() for row in self.removed]}
        return {"latest": self.latest, **tables, "missing": list(self.missing), "freed_nbytes": self.freed_nbytes}


@dataclass
class _Plan:
    """What is decided: `active` are the last ones, `reasons` say by prefix why a checkpoint is kept."""

    active: list[StoredCheckpoint] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    last_preserved: float = 0.0


def prune_checkpoints(
    directory: str | os.PathLike[str],
    *,
    keep: int = 5,
    keep_every_hours: float | None = None,
    since: float | None = None,
    unlisted: bool = False,
    dry_run: bool = False,
    sync: bool = False,
    name: str = FILE_NAME,
) -> RetentionReport:
    """Delete all checkpoints of a directory but the last ones and one every few hours.

    Parameters
    ----------
    directory : path
        With a state file, and checkpoints of either version, sharded or not; their ``.meta`` goes with them.
    keep : int
        How many of the last to keep, at least 1 (``max_to_keep``).
    keep_every_hours : float, optional
        Keep one more for each so many hours (``keep_checkpoint_every_n_hours``).
    since : float, optional
        When the hours begin to count, in seconds since the epoch: when the training began, or the last checkpoint
        that stayed was saved. Unless given, what the state file says, else the oldest checkpoint stays and begins them.
    unlisted : bool
        Take checkpoints that the state file does not name like those that it does, by their time.
    dry_run : bool
        Only say what would be done.
    sync : bool
        Return only when on the disk, too, the files are gone. What stays is there before any of them goes in any case.
    name : str
        Of the state file.

    Returns
    -------
    RetentionReport
        directory : str
        latest : str
        kept, removed : tuple[StoredCheckpoint, ...]
            Each has prefix, time, is_listed, files, nbytes, reason.
        missing : tuple[str, ...]
            Those that the state file names, and that are gone.
        freed_nbytes : int
        state : str or None

    Raises
    ------
    NotFoundError
        There is no state file (with `unlisted` there need be none), or the latest checkpoint is not there, or not all
        of its values: then an older one is the last that can be restored.
    CorruptionError
        The state file is damaged, or has a time that no clock shows.
    PassError
        `keep` or `keep_every_hours` is not positive.
    OutputBusyError
        Another process writes the state file, and for longer than anyone should.
    OSError
        A file cannot be deleted, or the state file not written.
    """
    if keep < 1 or (keep_every_hours is not None and not keep_every_hours > 0):
        raise PassError(_OPERATION, f"keep {keep}, every {keep_every_hours} hours: both have to be positive")
    directory = os.fsdecode(directory) or "."
    if is_elsewhere(directory):
        hint = "delete them by the store's own rules for the age of objects, or its own tools"
        raise UnsupportedError("old checkpoints are deleted on disks, not in stores", path=directory, hint=hint)
    plan = partial(_planned, directory, name, keep, keep_every_hours, since, unlisted=unlisted)
    report, _, _ = plan()
    if dry_run:
        return report
    if not (report.removed or report.state):
        # What a run that was killed left is set right all the same.
        set_right(os.path.join(directory, name))
        return report
    with claimed(os.path.join(directory, name), patience=PATIENCE):
        # Others may have written the state file since.
        report, new, active = plan()
        if report.removed:
            _sync(active)
        if report.state is not None and new is not None:
            _write_state(report.state, new)
        _remove(report.removed, sync=sync)
    return report


def _planned(
    directory: str, name: str, keep: int, keep_every_hours: float | None, since: float | None, *, unlisted: bool
) -> tuple[RetentionReport, CheckpointState | None, list[StoredCheckpoint]]:
    """Return what is to be done, the state file that is to be, and what stays as one of the last."""
    state = read_state(directory, name)
    if state is None and not unlisted:
        hint = "without one, `unlisted=True` takes all checkpoints that are there"
        raise NotFoundError("checkpoint state file", os.path.join(directory, name), hint=hint)
    if state is not None and not all(0 <= time < _END_OF_TIME for time in (*state.timestamps, state.last_preserved)):
        raise CorruptionError("has a time that no clock shows", path=os.path.join(directory, name))
    found, missing = _find(directory, state, name)
    candidates = (
        _candidates(found, is_latest_known=state is not None) if unlisted else [f for f in found if f.is_listed]
    )
    if state is not None and state.timestamps and since is None and not unlisted:
        since = state.last_preserved
    plan = _decide(candidates, state, keep, keep_every_hours, since)
    _check_latest(plan)
    _keep_the_rest(found, candidates, plan, directory)
    return *_report(found, missing, plan, state, os.path.join(directory, name)), plan.active


def _find(directory: str, state: CheckpointState | None, name: str) -> tuple[list[StoredCheckpoint], list[str]]:
    """Return the checkpoints that are there, the listed ones last and in their order, and those that are missing."""
    times = dict(zip(state.checkpoints, state.timestamps, strict=False)) if state is not None else {}
    listed: dict[str, str] = {}
    for prefix in reversed(state.checkpoints if state is not None else ()):
        # Of several spellings the last counts: saving under the same name again moves a checkpoint to the end.
        listed.setdefault(identity(prefix), prefix)
    there, missing = [], []
    listings = Listings()
    for prefix in reversed(listed.values()):
        files = files_of(prefix, listings)
        if files:
            there.append(stored(prefix, files, is_listed=True, time=times.get(prefix)))
        else:
            missing.append(prefix)
    if state is not None and state.latest in missing:
        near = [each.prefix for each in there[-1:]]
        raise NotFoundError("checkpoint", state.latest, near, where=f"what {os.path.join(directory, name)} names")
    others = [each for each in stored_in(directory, listings) if identity(each.prefix) not in listed]
    return sorted(others, key=age) + there, missing


def _candidates(found: list[StoredCheckpoint], *, is_latest_known: bool) -> list[StoredCheckpoint]:
    """Return all checkpoints by age; one that is known to be the latest comes last whatever its age."""
    if not is_latest_known:
        return sorted(found, key=age)
    return [*sorted(found[:-1], key=age), found[-1]]


def _decide(
    candidates: list[StoredCheckpoint],
    state: CheckpointState | None,
    keep: int,
    hours: float | None,
    since: float | None,
) -> _Plan:
    """Apply the rule of whoever wrote the state file."""
    plan = _Plan(last_preserved=state.last_preserved if state is not None else 0.0)
    is_managed = state is not None and bool(state.timestamps)
    if is_managed and since is not None:
        # To a CheckpointManager these have dropped out before; the latest is never among them.
        earlier = {each.prefix for each in candidates[:-1] if each.time <= since}
        plan.reasons |= dict.fromkeys(earlier, "kept before")
        candidates = [each for each in candidates if each.prefix not in earlier]
    plan.active = candidates[-keep:]
    plan.reasons |= {each.prefix: f"one of the last {keep}" for each in plan.active}
    dropped = candidates[:-keep]
    if hours is not None:
        rule = kept_by_manager if is_managed else kept_by_saver
        stay = [dropped[i] for i in rule([each.time for each in dropped], hours * 3600, since)]
        plan.reasons |= {each.prefix: f"one every {hours:g} hours" for each in stay}
        plan.last_preserved = max([plan.last_preserved, *(each.time for each in stay)])
    return plan


def _check_latest(plan: _Plan) -> None:
    """Refuse to delete anything for a checkpoint that cannot be restored itself."""
    if plan.active and not is_whole(plan.active[-1]):
        prefix = plan.active[-1].prefix
        hint = "only part of the latest checkpoint is there; an older one may be the last that can be restored"
        raise NotFoundError("checkpoint with all of its values", prefix, hint=hint)


def _keep_the_rest(
    found: list[StoredCheckpoint], candidates: list[StoredCheckpoint], plan: _Plan, directory: str
) -> None:
    """Keep what is not to be touched: unlisted, elsewhere, or what symbolic links of one that is kept lead to."""
    eligible = {each.prefix for each in candidates}
    home = os.path.realpath(directory)
    for each in found:
        if each.prefix not in eligible:
            plan.reasons[each.prefix] = "not listed"
        elif os.path.realpath(os.path.dirname(each.prefix)) != home:
            plan.reasons.setdefault(each.prefix, "in another directory")
    waiting = [each for each in found if each.prefix in plan.reasons]
    owners = {identity(path): each for each in found for path in each.files}
    while waiting:
        needing = waiting.pop()
        for path in linked_to(needing):
            owner = owners.get(path)
            if owner is not None and owner.prefix not in plan.reasons:
                plan.reasons[owner.prefix] = f"{os.path.basename(needing.prefix)} has symbolic links to it"
                waiting.append(owner)


def _report(
    found: list[StoredCheckpoint], missing: list[str], plan: _Plan, state: CheckpointState | None, path: str
) -> tuple[RetentionReport, CheckpointState | None]:
    """Return what becomes of each checkpoint, and the state that is to be."""
    kept = tuple(replace(each, reason=plan.reasons[each.prefix]) for each in found if each.prefix in plan.reasons)
    # A V1 and a V2 checkpoint of one name share a meta graph.
    stay = {identity(file) for each in kept for file in each.files}
    removed = tuple(
        replace(each, files=tuple(file for file in each.files if identity(file) not in stay))
        for each in found
        if each.prefix not in plan.reasons
    )
    freed = freed_nbytes({identity(file): file for each in removed for file in each.files}.values())
    new = None
    latest = plan.active[-1].prefix if plan.active else ""
    if state is not None:
        prefixes = tuple(each.prefix for each in plan.active)
        times = tuple(each.time for each in plan.active) if state.timestamps else ()
        new = CheckpointState(latest, prefixes, times, plan.last_preserved if times else state.last_preserved)
    changes = new is not None and new != state
    directory = os.path.dirname(path)
    return RetentionReport(directory, latest, kept, removed, tuple(missing), freed, path if changes else None), new


def _write_state(path: str, state: CheckpointState) -> None:
    """Write a state file with paths like those it had: absolute where they were, and still are right."""
    before = schema.parse_text(schema.CheckpointState, read_side_file(path, "the state file", MAX_NBYTES), path=path)
    paths = [before.model_checkpoint_path, *before.all_model_checkpoint_paths]
    is_absolute = all(map(os.path.isabs, paths)) and before.model_checkpoint_path == state.latest
    if is_absolute:
        state = state._replace(checkpoints=tuple(map(os.path.abspath, state.checkpoints)))
    directory, name = os.path.split(path)
    with Transaction(overwrite=True) as transaction:
        write_state(directory, state, transaction, name=name, relative=not is_absolute)


def _sync(checkpoints: Iterable[StoredCheckpoint]) -> None:
    """Have on disk what stays, before anything goes: whoever saved it may not have waited for that."""
    files = [file for each in checkpoints for file in each.files]
    for path in files:
        # Not everybody may open every file.
        with contextlib.suppress(PermissionError):
            disk.sync_file(path)
    for directory in dict.fromkeys(map(os.path.dirname, files)):
        disk.sync_directory(directory)


def _remove(checkpoints: tuple[StoredCheckpoint, ...], *, sync: bool) -> None:
    for each in checkpoints:
        for path in each.files:
            # Gone already is as good.
            with contextlib.suppress(FileNotFoundError):
                disk.unlink(path)
    for directory in (
        dict.fromkeys(os.path.dirname(path) for each in checkpoints for path in each.files) if sync else ()
    ):
        disk.sync_directory(directory)
