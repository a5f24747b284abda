"""Reading checkpoints by prefix or directory, and waiting for them: TensorFlow's ``checkpoint_utils``.

Source: TensorFlow's ``python/training/checkpoint_utils.py``, 1.15 to 2.21.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from graphsurgeon.compat.checkpoint.reader import CheckpointReader
from graphsurgeon.compat.checkpoint.state import latest_checkpoint
from graphsurgeon.compat.local_path import local_path

_log = logging.getLogger("graphsurgeon")


def load_checkpoint(ckpt_dir_or_file: str | os.PathLike[str]) -> CheckpointReader:
    """Open a checkpoint, of a directory the latest.

    Parameters
    ----------
    ckpt_dir_or_file : path
        A prefix, or a directory with a state file.

    Raises
    ------
    ValueError
        The directory's state file is not there, or names nothing that is.
    NotFoundError, DataLossError, ...
        As `CheckpointReader`.
    """
    path = os.fspath(ckpt_dir_or_file)
    prefix = latest_checkpoint(path) if os.path.isdir(local_path(path)) else path
    if prefix is None:
        raise ValueError(f"Couldn't find 'checkpoint' file or checkpoints in given directory {ckpt_dir_or_file}")
    return CheckpointReader(prefix)


def load_variable(ckpt_dir_or_file: str | os.PathLike[str], name: str) -> Any:
    """Read one tensor.

    Parameters
    ----------
    ckpt_dir_or_file : path
        As in `load_checkpoint`, whose errors are raised too.
    name : str
        Of the tensor; ``:0`` at its end is dropped.

    Returns
    -------
    numpy.ndarray, numpy scalar or bytes
        As `CheckpointReader.get_tensor`.
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


def list_variables(ckpt_dir_or_file: str | os.PathLike[str]) -> list[tuple[str, list[int]]]:
    """Return the names of all tensors, sorted, with their shapes.

    Parameters
    ----------
    ckpt_dir_or_file : path
        As in `load_checkpoint`, whose errors are raised too.
    """
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def wait_for_new_checkpoint(
    checkpoint_dir: str | os.PathLike[str],
    last_checkpoint: str | None = None,
    seconds_to_sleep: float = 1,
    timeout: float | None = None,
) -> str | None:
    """Wait until a directory's state file names another checkpoint than it did.

    Parameters
    ----------
    last_checkpoint : str, optional
        The one that is known already.
    seconds_to_sleep : float
        Between two looks.
    timeout : float, optional
        Seconds to wait at most; for ever unless given.

    Returns
    -------
    str or None
        Its prefix; None when time is up.
    """
    _log.info("Waiting for new checkpoint at %s", checkpoint_dir)
    end = None if timeout is None else time.time() + timeout
    while True:
        found = latest_checkpoint(checkpoint_dir)
        if found is not None and found != last_checkpoint:
            _log.info("Found new checkpoint at %s", found)
            return found
        if end is not None and time.time() + seconds_to_sleep > end:
            return None
        time.sleep(seconds_to_sleep)


def checkpoints_iterator(
    checkpoint_dir: str | os.PathLike[str],
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Callable[[], bool] | None = None,
) -> Iterator[str]:
    """Yield the prefixes of new checkpoints as they appear; those which come and go between two looks are missed.

    Parameters
    ----------
    min_interval_secs : float
        Least time between two checkpoints.
    timeout : float, optional
        Seconds to wait for one at most.
    timeout_fn : callable, optional
        Called without arguments after each checkpoint and when time is up; iteration ends when it returns true. Time
        being up ends it when there is no such function.
    """
    last: str | None = None
    while True:
        found = wait_for_new_checkpoint(checkpoint_dir, last, timeout=timeout)
        if found is not None:
            start = time.time()
            last = found
            yield found
            left = start + min_interval_secs - time.time()
            if left > 0:
                time.sleep(left)
        elif timeout_fn is None:
            _log.info("Timed-out waiting for a checkpoint (without timeout_fn).")
            return
        if timeout_fn is not None and timeout_fn():
            _log.info("Done. No new checkpoints will be generated.")
            return
