"""Places on the disk that an output needs: missing parents, and hidden names beside it."""

from __future__ import annotations

import os

from proto_utils import disk
from proto_utils.deferral import deferred_signals

_MAX_BASE_NBYTES = 230


def is_directory_name(path: str) -> bool:
    """Return whether a path can be the name of nothing but a directory: it ends in a slash, in ``.`` or in ``..``."""
    return bool(path) and os.path.basename(path) in ("", os.curdir, os.pardir)


def make_parents(directory: str, made: list[str]) -> None:
    """Make a directory and what is missing above it.

    Parameters
    ----------
    directory : str
    made : list of str
        Gets what was made, outermost first, as soon as it is.
    """
    missing = []
    while directory and not os.path.isdir(directory):
        missing.append(directory)
        directory = os.path.dirname(directory)
    for path in reversed(missing):
        try:
            with deferred_signals():
                disk.mkdir(path)
                made.append(path)
        except FileExistsError:
            if not os.path.isdir(path):
                raise


def real_place(path: str | os.PathLike[str]) -> str:
    """Return where a path is, without following what stands there."""
    directory, base = os.path.split(os.fspath(path))
    return os.path.join(os.path.realpath(directory or "."), base)


def hidden_beside(target: str, suffix: str, number: str | None = None) -> str:
    """Return a hidden name in the directory of `target`, ending in a dot and `suffix`: a new one, or that of a number.

    The files of one output have one number, of twelve hexadecimal digits, by which `leftovers` knows them again.
    """
    directory, base = os.path.split(target)
    # File names end at 255 bytes on most systems; this one must fit beside a long one. All of another stands in it, by
    # which `leftovers` finds it again.
    whole = os.fsencode(base)
    if len(whole) > _MAX_BASE_NBYTES:
        # What was cut off may be all in which two names differ.
        base, number = os.fsdecode(whole[:_MAX_BASE_NBYTES]), None
    return os.path.join(directory, f".{base}.{number or new_number()}.{suffix}")


def new_number() -> str:
    """Return a number for hidden names."""
    return os.urandom(6).hex()
