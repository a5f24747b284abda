"""Work on several cores by threads: numpy, checksums and the system do theirs outside of Python's lock.

How many there are says the machine, or `set_num_threads`. What is computed does not depend on it.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from proto_utils.errors import UnsupportedError

if TYPE_CHECKING:
    from queue import SimpleQueue

T = TypeVar("T")
R = TypeVar("R")

#: More than that memory does not feed, and each has pieces of its own in it.
_MAX_DEFAULT = 8
_chosen: list[int] = []


def set_num_threads(count: int | None) -> None:
    """Choose how many threads values are computed by; None leaves it to the machine.

    Parameters
    ----------
    count : int or None
        1 starts none.

    Raises
    ------
    UnsupportedError
        It is below 1.
    """
    if count is not None and count < 1:
        raise UnsupportedError(f"{count} threads cannot do any work", hint="1 starts no threads")
    _chosen[:] = [] if count is None else [count]


def num_threads() -> int:
    """Return how many threads values are computed by: as many as there are cores for this process, up to eight."""
    if _chosen:
        return _chosen[0]
    affinity = getattr(os, "sched_getaffinity", None)
    return min(_MAX_DEFAULT, (os.cpu_count() or 1) if affinity is None else len(affinity(0)))


def in_order(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield what a function makes of each item, in their order; threads call it for the next ones meanwhile.

    Parameters
    ----------
    function : callable
        What it raises is raised here, when it is its item's turn.
    items : iterable
        Drawn by the caller's thread, one for each thread and one more ahead of what is yielded.
    """
    count, rest = num_threads(), iter(items)
    # Without threads an item is done with before the next one is drawn, which may be in the same place.
    first = list(islice(rest, 2)) if count > 1 else []
    if len(first) < 2:
        yield from map(function, chain(first, rest))
        return
    # Most of what imports this starts no threads.
    from queue import SimpleQueue

    jobs: SimpleQueue[tuple[Any, SimpleQueue[Any]] | None] = SimpleQueue()
    pending: deque[SimpleQueue[tuple[Any, BaseException | None]]] = deque()
    threads = [threading.Thread(target=_work, args=(function, jobs), daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        for item in chain(first, rest):
            pending.append(SimpleQueue())
            jobs.put((item, pending[-1]))
            if len(pending) > count:
                yield _outcome(pending)
        while pending:
            yield _outcome(pending)
    finally:
        for _ in threads:
            jobs.put(None)
        for thread in threads:
            thread.join()


def num_places() -> int:
    """Return in how many places items must be, one after the other, so that `in_order` has none of two at a time."""
    return num_threads() + 2 if num_threads() > 1 else 1


def _outcome(pending: deque[SimpleQueue[tuple[Any, BaseException | None]]]) -> Any:
    value, error = pending.popleft().get()
    if error is not None:
        raise error
    return value


def _work(function: Callable[[Any], Any], jobs: SimpleQueue[tuple[Any, SimpleQueue[Any]] | None]) -> None:
    while (job := jobs.get()) is not None:
        item, outcome = job
        try:
            outcome.put((function(item), None))
        except BaseException as error:  # noqa: BLE001 -- raised where the result is asked for
            outcome.put((None, error))
