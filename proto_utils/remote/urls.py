"""Which store has a URL, and what that says of it.

Whoever loads a model asks first what there is, then opens it: of both questions, one is asked. What a store said is
remembered until the place is opened or written, for a moment: a few times what the answer took, since that is how long
the questions that follow take, and never longer than `MEMORY_SECONDS`.
"""

from __future__ import annotations

import time

from proto_utils.remote.address import scheme_of
from proto_utils.remote.http import HttpStore
from proto_utils.remote.s3 import S3Store
from proto_utils.remote.store import Facts, FileSystemStore, Store

MEMORY_SECONDS = 2.0
#: What comes along with the answer: all of a small file, the first nodes of a graph.
HEAD_NBYTES = 1 << 16
_MAX_REMEMBERED = 256
#: For how many answers one is remembered.
_ANSWERS = 20

#: Until when, and what.
_remembered: dict[str, tuple[float, Facts | None]] = {}


def store_of_url(path: str) -> Store:
    """Return the store that has a URL."""
    scheme = scheme_of(path)
    if scheme in ("http", "https"):
        return HttpStore()
    return S3Store() if scheme in ("s3", "s3a") else FileSystemStore()


def look_at_url(path: str) -> Facts | None:
    """Return what is at a URL, None when nothing is.

    Raises
    ------
    OSError
        The store does not answer, or refuses to.
    """
    start = time.monotonic()
    known = _remembered.get(path)
    if known is not None and start < known[0]:
        return known[1]
    store = store_of_url(path)
    facts = store.look(path, HEAD_NBYTES)
    now = time.monotonic()
    put_back(path, facts, now + min(MEMORY_SECONDS, max(store.memory_seconds, _ANSWERS * (now - start))))
    return facts


def put_back(path: str, facts: Facts | None, until: float) -> None:
    """Remember what is at a URL, until a moment of the clock of this process."""
    if len(_remembered) >= _MAX_REMEMBERED:
        _remembered.clear()
    _remembered[path] = until, facts


def facts_to_open(path: str) -> tuple[Facts | None, float]:
    """Return what is at a URL, for who opens it, and until when that may be remembered.

    What is remembered is used once, with the bytes it came with.
    """
    known = _remembered.get(path)
    if known is not None and known[1] is not None and not known[1].head:
        _remembered.pop(path, None)
    facts = look_at_url(path)
    # Another thread may have opened it meanwhile.
    until = _remembered.get(path, (0.0, None))[0]
    if facts is not None and not facts.is_directory:
        _remembered.pop(path, None)
    return facts, until


def forget(path: str) -> None:
    """Forget what was said of a place, of what is named by appending to it, and of the directories it is in."""
    for each in [
        each for each in list(_remembered) if each.startswith(path) or path.startswith(f"{each.rstrip('/')}/")
    ]:
        _remembered.pop(each, None)
