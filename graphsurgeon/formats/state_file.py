r"""The ``checkpoint`` file: which checkpoints a directory holds, and which is the latest.

A CheckpointState message in text form::

    model_checkpoint_path: "model.ckpt-200"
    all_model_checkpoint_paths: "model.ckpt-100"
    all_model_checkpoint_paths: "model.ckpt-200"
    all_model_checkpoint_timestamps: 1571234567.25
    last_preserved_timestamp: 1571230000.0

The last of the list is the latest. Paths are checkpoint prefixes, absolute or relative to the
directory of the state file; ``Saver`` writes relative ones when it was given a relative path or
``save_relative_paths``. A sharded ``Saver`` takes the prefix ``checkpoint`` too, and then the file
names a checkpoint of its own name. Source: TensorFlow's ``python/checkpoint/checkpoint_management.py``.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.formats.bundle_names import index_path
from graphsurgeon.formats.sniff import HEAD_NBYTES, first_field, is_text
from proto_utils import places, schema
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from proto_utils.named_tuple import NamedTuple
from proto_utils.opening import open_source
from proto_utils.remote.address import home_of, is_elsewhere

if TYPE_CHECKING:
    # Most who read these files write nothing.
    from proto_utils.output import Transaction

FILE_NAME = "checkpoint"
#: Ten thousand checkpoints take less than this; a larger file is something else.
MAX_NBYTES = 16 << 20

#: The fields by which the text begins.
_FIELDS = ("model_checkpoint_path", "all_model_checkpoint_paths")

#: What the V1 writer of shards calls them together: ``variables-?????-of-00002``.
V1_PATTERN = r"-\?{5}-of-(\d{5}|\?{5})$"


class CheckpointState(NamedTuple):
    """A CheckpointState: what a state file says.

    Attributes
    ----------
    latest : str
        Prefix of the latest checkpoint.
    checkpoints : tuple of str
        All prefixes that are kept, oldest first; the last is `latest`.
    timestamps : tuple of float
        When each was made, in seconds since the epoch; empty when not recorded.
    last_preserved : float
        When one was last kept for good; 0 when not recorded.
    """

    latest: str
    checkpoints: tuple[str, ...] = ()
    timestamps: tuple[float, ...] = ()
    last_preserved: float = 0.0


def read_state(directory: str | os.PathLike[str], name: str = FILE_NAME) -> CheckpointState | None:
    """Read a directory's state file.

    Parameters
    ----------
    directory : path
    name : str
        Of the file.

    Returns
    -------
    CheckpointState or None
        Paths resolved: relative ones against `directory`, and an absolute one at which nothing is any more against
        `directory` too when a checkpoint of that name is there (the directory was moved). None without a file.

    Raises
    ------
    CorruptionError
        It is not a CheckpointState in text form, or names no checkpoint.
    UnsupportedError
        It is another program's checkpoint.
    """
    directory = os.fsdecode(directory)
    path = os.path.join(directory, name)
    try:
        with contextlib.closing(open_source(path)) as file:
            if file.size > MAX_NBYTES:
                raise LimitError(f"the state file {path}, in bytes,", file.size, MAX_NBYTES)
            text = file.read(0, file.size)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, UnsupportedError):
        # Nor is a pipe or a device a state file, and a pipe would be waited for.
        return None
    message = _parse(text, path)
    if not message.model_checkpoint_path:
        raise CorruptionError("names no checkpoint (model_checkpoint_path)", path=path)
    if any("\0" in prefix for prefix in (message.model_checkpoint_path, *message.all_model_checkpoint_paths)):
        raise CorruptionError("names a path with a null character", path=path)
    latest = _resolve(directory, message.model_checkpoint_path)
    checkpoints = [_resolve(directory, prefix) for prefix in message.all_model_checkpoint_paths]
    if not checkpoints or checkpoints[-1] != latest:
        checkpoints.append(latest)
    timestamps = tuple(message.all_model_checkpoint_timestamps)
    return CheckpointState(latest, tuple(checkpoints), timestamps, message.last_preserved_timestamp)


def _parse(text: bytes, path: str) -> Any:
    try:
        return schema.parse_text(schema.CheckpointState, text, path=path)
    except CorruptionError:
        from graphsurgeon.formats import foreign

        head = text[:HEAD_NBYTES]
        found = foreign.describe(head, path) if not is_text(head) else ""
        if found.startswith("a MessagePack file"):
            # Not damaged, but somebody's values: nobody writes over them.
            raise UnsupportedError(f"no checkpoint state file: this is {found}", path=path) from None
        if text.startswith(foreign.LFS_BEGIN):
            raise CorruptionError(f"no checkpoint state file: this is {foreign.LFS_POINTER}", path=path) from None
        raise


def latest_checkpoint(directory: str | os.PathLike[str], name: str = FILE_NAME) -> str | None:
    """Return the prefix of a directory's latest checkpoint, None where no file lists it or it is gone.

    Raises
    ------
    CorruptionError
        There is a state file, but it is damaged.
    """
    state = read_state(directory, name)
    return state.latest if state is not None and checkpoint_exists(state.latest) else None


def checkpoint_exists(prefix: str) -> bool:
    """Return whether a checkpoint is there: a V2 index, a V1 file, or V1 shards, also by their pattern."""
    if places.isfile(index_path(prefix)) or is_v1_file(prefix):
        return True
    directory, base = os.path.split(prefix)
    try:
        names = places.listdir(directory or ".")
    except OSError:
        return False
    pattern = re.search(V1_PATTERN, base)
    total = "" if pattern is None else pattern[1].strip("?")
    stem = base if pattern is None else base[: pattern.start()]
    return any(_is_v1_shard(name, stem) and name.endswith(total) for name in names)


def is_v1_file(prefix: str) -> bool:
    """Return whether the file of a V1 checkpoint may be there: one that is no state file, which may have its name."""
    try:
        if not places.isfile(prefix):
            return False
        with contextlib.closing(open_source(prefix)) as file:
            return not is_state(file.read(0, min(file.size, HEAD_NBYTES)))
    except OSError:
        # Whoever opens it tells what is the matter.
        return True


def is_state(head: bytes) -> bool:
    """Return whether the first bytes of a file are those of a state file."""
    return first_field(head) in _FIELDS and is_text(head)


def write_state(
    directory: str | os.PathLike[str],
    state: CheckpointState,
    transaction: Transaction,
    *,
    name: str = FILE_NAME,
    relative: bool = True,
) -> str:
    """Write a directory's state file, as ``Saver`` does.

    Parameters
    ----------
    directory : path
    state : CheckpointState
        Prefixes as the process sees them. `latest` is appended to `checkpoints` unless it is the last.
    transaction : Transaction
    name : str
        Of the file.
    relative : bool
        Write paths relative to `directory`, so that it can be moved; else as they are (which is what ``Saver`` does
        with absolute ones).

    Returns
    -------
    str
        The file's path.

    Raises
    ------
    CorruptionError
        There are timestamps, but not one per checkpoint.
    UnsupportedError
        A path is not UTF-8.
    """
    directory = os.fsdecode(directory)
    path = os.path.join(directory, name)
    checkpoints = list(state.checkpoints)
    if not checkpoints or checkpoints[-1] != state.latest:
        checkpoints.append(state.latest)
    if state.timestamps and len(state.timestamps) != len(checkpoints):
        raise CorruptionError(f"{len(state.timestamps)} timestamps for {len(checkpoints)} checkpoints", path=path)
    if relative:
        checkpoints = _relative(checkpoints, directory)
    if not all(map(_is_unicode, checkpoints)):
        raise UnsupportedError(
            f"a path that is not UTF-8, which a state file cannot hold: {checkpoints[-1]!r}", path=path
        )
    # Protobuf leaves out a zero, and not one that is negative.
    preserved = str(float(state.last_preserved))
    lines = [
        f"model_checkpoint_path: {schema.quoted(checkpoints[-1])}",
        *(f"all_model_checkpoint_paths: {schema.quoted(each)}" for each in checkpoints),
        *(f"all_model_checkpoint_timestamps: {float(each)}" for each in state.timestamps),
        *([f"last_preserved_timestamp: {preserved}"] if preserved != "0.0" else []),
    ]
    # As `schema.print_text` does it, which would import what a small command needs for nothing else.
    transaction.create(path, role="pointer", follow=False).write("".join(f"{line}\n" for line in lines).encode())
    return path


def _relative(prefixes: Sequence[str], directory: str) -> list[str]:
    paths = []
    for prefix in prefixes:
        if is_elsewhere(prefix) or is_elsewhere(directory):
            paths.append(prefix.removeprefix(f"{directory.rstrip('/')}/"))
            continue
        head, tail = os.path.split(prefix)
        place = os.path.relpath(head or ".", directory or ".")
        # A prefix may end in a slash, which relpath would drop: "dir/" is another checkpoint than "dir".
        paths.append(tail if place == "." and tail else os.path.join(place, tail))
    return paths


def _is_unicode(path: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in path)


def _resolve(directory: str, prefix: str) -> str:
    if not places.isabs(prefix):
        return os.path.join(directory, prefix)
    if _is_foreign(directory, prefix):
        return os.path.join(directory, os.path.basename(prefix))
    if checkpoint_exists(prefix):
        return prefix
    beside = os.path.join(directory, os.path.basename(prefix))
    return beside if checkpoint_exists(beside) else prefix


def _is_foreign(directory: str, prefix: str) -> bool:
    """Return whether a path leads to another machine than its state file is on: nobody is asked because a file says so.

    So it is after a download: the file names ``gs://...``, and the checkpoint lies beside it.
    """
    places_of_both = directory, prefix
    return any(map(is_elsewhere, places_of_both)) and home_of(directory) != home_of(prefix)


def _is_v1_shard(name: str, base: str) -> bool:
    """Return whether a file is ``base-00003-of-00010``."""
    number, _, total = name[len(base) + 1 :].partition("-of-")
    return name.startswith(f"{base}-") and len(number) == len(total) == 5 and (number + total).isdigit()
