"""What stands at a place that is no file of this machine, and what reads it: a URL, or a member of an archive."""

from __future__ import annotations

import os

from proto_utils.files import FileSource
from proto_utils.remote.address import split_member
from proto_utils.remote.archives import ArchiveStore, MemberSource
from proto_utils.remote.source import RemoteSource
from proto_utils.remote.store import Facts, Store
from proto_utils.remote.urls import HEAD_NBYTES, look_at_url, store_of_url


def open_elsewhere(path: str | os.PathLike[str]) -> FileSource:
    """Open a file; errors as `RemoteSource` and `MemberSource`."""
    return (RemoteSource if split_member(os.fspath(path)) is None else MemberSource)(path)


def store_of(path: str) -> Store:
    """Return the store that has a place."""
    return store_of_url(path) if split_member(path) is None else ArchiveStore()


def look(path: str) -> Facts | None:
    """Return what is at a place, None when nothing is.

    Raises
    ------
    OSError
        The store does not answer, or refuses to.
    """
    return look_at_url(path) if split_member(path) is None else ArchiveStore().look(path, HEAD_NBYTES)
