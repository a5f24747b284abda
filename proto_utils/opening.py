"""Opening of any place as a source: a file of this machine, and what is elsewhere by `proto_utils.remote`."""

from __future__ import annotations

import os
from typing import Any

from proto_utils.files import FileSource
from proto_utils.remote.address import is_elsewhere


def open_source(path: str | os.PathLike[str]) -> FileSource:
    """Open a file, wherever it is.

    Raises
    ------
    OSError
        It cannot be opened.
    UnsupportedError
        It is not a regular file, or what reads such places is not installed.
    """
    if not is_elsewhere(path):
        return FileSource(path)
    from proto_utils.remote.lookup import open_elsewhere

    return open_elsewhere(path)


def for_library(path: str) -> Any:
    """Return what a library opens that takes paths and file objects: of what is elsewhere a file. Errors as above."""
    if not is_elsewhere(path):
        return path
    from proto_utils.remote.archives import SourceFile

    return SourceFile(open_source(path))
