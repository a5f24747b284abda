"""``file://`` paths, which TensorFlow's file functions take for the local files that they name.

Source: ``ParseURI`` of TensorFlow's ``core/platform/path.cc`` and ``FileSystem::TranslateName``, 1.15 to 2.21.
"""

from __future__ import annotations

import os

_SCHEME = "file://"


def local_path(path: str | bytes | os.PathLike[str]) -> str:
    """Return a path as the operating system knows it: without ``file://`` and the host behind that."""
    text = os.fsdecode(path)
    if not text.startswith(_SCHEME):
        return text
    return "/" + text.removeprefix(_SCHEME).partition("/")[2]
