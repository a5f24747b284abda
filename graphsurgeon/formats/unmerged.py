"""Parts of checkpoints that TensorFlow had not merged yet when it was stopped.

A saver writes a checkpoint of several parts into a temporary directory first, and merges it when all are there::

    model.ckpt-100_temp_3f.../part-00000-of-00002.index
    model.ckpt-100_temp_3f.../part-00000-of-00002.data-00000-of-00001
    model.ckpt-100_temp_3f.../part-00001-of-00002.index ...

Each part is a whole checkpoint of some of the variables. Source: TensorFlow's ``python/training/saver.py`` and
``python/checkpoint/functional_saver.py``.
"""

from __future__ import annotations

import os
import re

from proto_utils import places
from proto_utils.errors import UnsupportedError
from proto_utils.places import paths_after

_TEMPORARY = r"(.+)_temp(?:_[0-9A-Za-z]+)?"
_PART = r"(part-\d{5}-of-(\d{5}))\.index"
#: What is there before the index of a part is.
_BEGUN = r"part-\d{5}-of-\d{5}\.data-\d{5}-of-\d{5}(?:\.tempstate\d+)?"
_MAX_NAMED = 4
_NOTHING = "a checkpoint of which no part is complete: TensorFlow was stopped while it saved"
_OLDER = "nothing of it can be read; use the checkpoint before it"


def refuse_parts(directory: str) -> None:
    """Raise UnsupportedError when a directory holds parts of one checkpoint, but for the only part of one."""
    parts = _parts(directory)
    if parts and _total(parts) > 1:
        raise UnsupportedError(_reason(parts), path=directory, hint=_way_on(directory, parts))
    if not parts and _is_begun(directory):
        raise UnsupportedError(_NOTHING, path=directory, hint=_OLDER)


def hint_of_parts(prefix: str) -> str | None:
    """Return what to do when a checkpoint is not there, but its parts are; None without any."""
    for directory in paths_after(prefix, r"(?s)_temp.*"):
        found = re.fullmatch(_TEMPORARY, directory)
        parts = _parts(directory) if found is not None and found[1] == prefix else []
        if parts:
            return f"{directory} is {_reason(parts)}; {_way_on(directory, parts)}"
        if found is not None and found[1] == prefix and _is_begun(directory):
            return f"{directory} is {_NOTHING}; {_OLDER}"
    return None


def hint_of_directories(directory: str) -> str | None:
    """Return what to do about the parts of a checkpoint somewhere in a directory; None without any."""
    for name in sorted(places.listdir(directory)):
        found = re.fullmatch(_TEMPORARY, name)
        if found is not None:
            hint = hint_of_parts(os.path.join(directory, found[1]))
            if hint is not None:
                return hint
    return None


def _parts(directory: str) -> list[str]:
    return sorted(found[1] for name in _listed(directory) if (found := re.fullmatch(_PART, name)) is not None)


def _is_begun(directory: str) -> bool:
    is_temporary = re.fullmatch(_TEMPORARY, directory.rstrip("/")) is not None
    return is_temporary and any(re.fullmatch(_BEGUN, name) for name in _listed(directory))


def _listed(directory: str) -> list[str]:
    try:
        return places.listdir(directory)
    except OSError:
        return []


def _total(parts: list[str]) -> int:
    return int(parts[0][-5:])


def _reason(parts: list[str]) -> str:
    of = f"{len(parts)} of {_total(parts)} parts"
    return f"a checkpoint that was never put together, {of}: TensorFlow was stopped while it saved"


def _way_on(directory: str, parts: list[str]) -> str:
    paths = [os.path.join(directory, part) for part in parts]
    found = re.fullmatch(_TEMPORARY, directory.rstrip("/"))
    whole = found[1] if found is not None else "PREFIX"
    if _total(parts) == 1:
        return f"that part is all of it: compact {paths[0]} -o {whole}"
    if len(parts) < _total(parts):
        return f"what is there can be had part by part: {paths[0]}"
    # In a shell, where many are named at once by their indexes.
    several = " ".join(paths) if len(paths) <= _MAX_NAMED else os.path.join(directory, "part-*.index")
    return f"merge puts them together: merge {several} -o {whole}"
