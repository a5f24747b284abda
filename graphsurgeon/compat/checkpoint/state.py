"""State files and the files of checkpoints: TensorFlow's ``checkpoint_management`` without TensorFlow.

These do what TensorFlow's do to the letter: an absolute path in a state file stays although the directory was moved
(`graphsurgeon.load_checkpoint` finds the checkpoint beside it), and a prefix is a pattern. A CheckpointState is a
message of our own pool with TensorFlow's fields.

Source: TensorFlow's ``python/checkpoint/checkpoint_management.py``, 1.15 to 2.21.
"""

from __future__ import annotations

import contextlib
import glob
import logging
import os
import re
from collections.abc import Iterable
from typing import Any

from graphsurgeon.compat.checkpoint.matching import checkpoint_files, matching_files
from graphsurgeon.compat.errors import NotFoundError, of_os_error, raised
from graphsurgeon.compat.local_path import local_path
from graphsurgeon.formats.state_file import FILE_NAME, MAX_NBYTES
from proto_utils import disk, schema
from proto_utils.errors import CorruptionError
from proto_utils.output import Transaction

_log = logging.getLogger("graphsurgeon")

_V2 = 2


def generate_checkpoint_state_proto(
    save_dir: str | os.PathLike[str],
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Iterable[str] | None = None,
    all_model_checkpoint_timestamps: Iterable[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> Any:
    """Return a CheckpointState message.

    Parameters
    ----------
    save_dir : path
        Where the state file is to be. When it is relative, relative checkpoint paths become relative to it.
    model_checkpoint_path : str
        The latest checkpoint.
    all_model_checkpoint_paths : iterable of str, optional
        All of them, oldest first; the latest is added unless it is the last. Not modified, where TensorFlow's is.
    all_model_checkpoint_timestamps : iterable of float, optional
        When each was made, in seconds since the epoch.
    last_preserved_timestamp : float, optional
        When one was last kept for good.

    Raises
    ------
    ValueError
        There are timestamps, but not one per checkpoint.
    """
    paths = list(all_model_checkpoint_paths or ())
    if not paths or paths[-1] != model_checkpoint_path:
        paths.append(model_checkpoint_path)
    timestamps = list(all_model_checkpoint_timestamps or ())
    if timestamps and len(timestamps) != len(paths):
        raise ValueError(
            f"Checkpoint timestamps, if provided, must match checkpoint paths (got paths {paths} "
            f"and timestamps {timestamps})"
        )
    if not os.path.isabs(save_dir):
        paths = [path if os.path.isabs(path) else os.path.relpath(path, save_dir) for path in paths]
    return schema.CheckpointState(
        model_checkpoint_path=paths[-1],
        all_model_checkpoint_paths=paths,
        all_model_checkpoint_timestamps=timestamps,
        last_preserved_timestamp=last_preserved_timestamp,
    )


def update_checkpoint_state(
    save_dir: str | os.PathLike[str],
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Iterable[str] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Iterable[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """Write a state file, all at once.

    Parameters
    ----------
    save_dir : path
        An existing directory.
    latest_filename : str, optional
        The file's name, ``checkpoint`` unless given.
    model_checkpoint_path, all_model_checkpoint_paths, all_model_checkpoint_timestamps, last_preserved_timestamp
        As in `generate_checkpoint_state_proto`.

    Raises
    ------
    RuntimeError
        The checkpoint has the path of the state file.
    ValueError
        There are timestamps, but not one per checkpoint.
    NotFoundError, PermissionDeniedError, ...
        The file cannot be written (`graphsurgeon.compat.errors`).
    """
    update_checkpoint_state_internal(
        save_dir,
        model_checkpoint_path,
        all_model_checkpoint_paths,
        latest_filename,
        all_model_checkpoint_timestamps=all_model_checkpoint_timestamps,
        last_preserved_timestamp=last_preserved_timestamp,
    )


def update_checkpoint_state_internal(
    save_dir: str | os.PathLike[str],
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Iterable[str] | None = None,
    latest_filename: str | None = None,
    save_relative_paths: bool = False,
    all_model_checkpoint_timestamps: Iterable[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """Do what `update_checkpoint_state` does, and optionally write absolute paths relative to `save_dir`.

    Parameters
    ----------
    save_relative_paths : bool
        Whether to do that; relative paths are then written as if they were relative to it already, unless
        `save_dir` is relative too.
    save_dir, model_checkpoint_path, all_model_checkpoint_paths, latest_filename, all_model_checkpoint_timestamps,
    last_preserved_timestamp
        As in `update_checkpoint_state`, whose errors are raised too.
    """
    latest, paths = model_checkpoint_path, list(all_model_checkpoint_paths or ())
    if save_relative_paths:
        latest, *paths = (os.path.relpath(p, save_dir) if os.path.isabs(p) else p for p in (latest, *paths))
    state = generate_checkpoint_state_proto(
        save_dir, latest, paths, all_model_checkpoint_timestamps, last_preserved_timestamp
    )
    path = _state_path(save_dir, latest_filename)
    if path == state.model_checkpoint_path:
        raise RuntimeError(
            f"Save path '{model_checkpoint_path}' conflicts with path used for checkpoint state.  "
            "Please use a different save path."
        )
    # Directories are not made, which a transaction would do.
    place = local_path(path)
    if not os.path.isdir(os.path.dirname(place) or "."):
        raise raised(NotFoundError, f"{path}; No such file or directory", name=path)
    try:
        with Transaction(overwrite=True) as transaction:
            transaction.claim(place)
            transaction.create(place, role="pointer", follow=False).write(schema.print_text(state).encode())
    except OSError as error:
        raise of_os_error(error, path) from error


def get_checkpoint_state(checkpoint_dir: str | os.PathLike[str], latest_filename: str | None = None) -> Any:
    """Read a state file.

    Parameters
    ----------
    latest_filename : str, optional
        The file's name, ``checkpoint`` unless given.

    Returns
    -------
    CheckpointState or None
        Relative paths joined to `checkpoint_dir`. None without a file, and with a warning when it cannot be read or
        is not the text of a CheckpointState.

    Raises
    ------
    ValueError
        It names no checkpoint, or is not UTF-8.
    """
    directory = os.fspath(checkpoint_dir)
    path = _state_path(directory, latest_filename)
    place = local_path(path)
    if not os.path.exists(place):
        return None
    try:
        with open(place, "rb") as file:
            text = file.read(MAX_NBYTES + 1)
        if len(text) > MAX_NBYTES:
            raise CorruptionError(f"more than {MAX_NBYTES} bytes", path=path)
        state = schema.parse_text(schema.CheckpointState, text.decode(), path=path)
    except (OSError, CorruptionError) as error:
        _log.warning("%s: %s", type(error).__name__, error)
        _log.warning("%s: Checkpoint ignored", path)
        return None
    if not state.model_checkpoint_path:
        raise ValueError(f"Invalid checkpoint state loaded from {directory}")
    state.model_checkpoint_path = os.path.join(directory, state.model_checkpoint_path)
    state.all_model_checkpoint_paths[:] = [os.path.join(directory, p) for p in state.all_model_checkpoint_paths]
    return state


def latest_checkpoint(checkpoint_dir: str | os.PathLike[str], latest_filename: str | None = None) -> str | None:
    """Return the prefix of the latest checkpoint that a directory's state file names.

    Parameters
    ----------
    latest_filename : str, optional
        The state file's name, ``checkpoint`` unless given.

    Returns
    -------
    str or None
        None without a state file, or when nothing is at that prefix.

    Raises
    ------
    ValueError
        As `get_checkpoint_state`.
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    latest: str = state.model_checkpoint_path
    if checkpoint_files(latest):
        return latest
    _log.error("Couldn't match files for checkpoint %s", latest)
    return None


def checkpoint_exists(checkpoint_prefix: str) -> bool:
    """Return whether there is a checkpoint.

    Parameters
    ----------
    checkpoint_prefix : str
        Of a V2 checkpoint; of a V1 its file, or the pattern of its shards, as ``Saver.save`` returns it.
    """
    return bool(checkpoint_files(checkpoint_prefix))


def get_checkpoint_mtimes(checkpoint_prefixes: Iterable[str]) -> list[float]:
    """Return when checkpoints were last written.

    Parameters
    ----------
    checkpoint_prefixes : iterable of str
        As in `checkpoint_exists`.

    Returns
    -------
    list of float
        Whole seconds since the epoch. Prefixes without a checkpoint are left out, so it may be shorter.
    """
    found = (checkpoint_files(prefix) for prefix in checkpoint_prefixes)
    # TensorFlow's file system keeps no fractions of a second.
    return [float(os.stat(files[0]).st_mtime_ns // 10**9) for files in found if files]


def remove_checkpoint(
    checkpoint_prefix: str, checkpoint_format_version: int = _V2, meta_graph_suffix: str = "meta"
) -> None:
    """Delete the files of a checkpoint and its meta graph; what is not there is no error.

    Parameters
    ----------
    checkpoint_prefix : str
        As in `checkpoint_exists`; a pattern deletes all that it matches, unless a checkpoint has just that name.
    checkpoint_format_version : int
        2 deletes index and data, 1 the file or the shards.
    meta_graph_suffix : str
        Of the meta graph.

    Raises
    ------
    PermissionDeniedError, ...
        A file cannot be deleted (`graphsurgeon.compat.errors`).
    """
    place = local_path(checkpoint_prefix)
    is_there = any(map(os.path.exists, (f"{place}.index", place)))
    # The brackets of `m[1]` would match the files of m1, which is another checkpoint.
    prefix = glob.escape(checkpoint_prefix) if is_there else checkpoint_prefix
    patterns = [meta_graph_filename(prefix, meta_graph_suffix)]
    if checkpoint_format_version == _V2:
        patterns += [f"{prefix}.index", f"{prefix}.data-?????-of-?????"]
    else:
        patterns.append(prefix)
    for pattern in patterns:
        for path in matching_files(pattern):
            try:
                # Another process may delete old checkpoints too.
                with contextlib.suppress(FileNotFoundError):
                    disk.unlink(path)
            except OSError as error:
                raise of_os_error(error, path) from error


def meta_graph_filename(checkpoint_filename: str, meta_graph_suffix: str = "meta") -> str:
    """Return the path of a checkpoint's meta graph, which the shards of a V1 checkpoint share.

    Parameters
    ----------
    checkpoint_filename : str
        ``model.ckpt-1`` and ``model.ckpt-1-?????-of-00002`` have the same.
    """
    return re.sub(r"-[\d\?]+-of-\d+$", "", checkpoint_filename) + f".{meta_graph_suffix}"


def _state_path(directory: str | os.PathLike[str], name: str | None) -> str:
    return os.path.join(directory, FILE_NAME if name is None else name)
