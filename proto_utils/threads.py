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


def num_threads(*, beside_caller: bool = False) -> int:
    """Return how many threads values are computed by: as many as there are cores for this process, up to eight.

    One less, unless users chose the number, where the caller works beside them: on two cores, of which reading and
    writing take one, two of them are slower than none, by up to a quarter.
    """
    if _chosen:
        return _chosen[0]
    affinity = getattr(os, "sched_getaffinity", None)
    num_cores = (os.cpu_count() or 1) if affinity is None else len(affinity(0))
    return min(_MAX_DEFAULT, max(1, num_cores - beside_caller))


def in_order(function: Callable[[T], R], items: Iterable[T], *, beside_caller: bool = False) -> Iterator[R]:
    """Yield what a function makes of each item, in their order; threads call it for the next ones meanwhile.

    Parameters
    ----------
    function : callable
        What it raises is raised here, when it is its item's turn.
    items : iterable
        Drawn by the caller's thread, one for each thread and one more ahead of what is yielded.
    beside_caller : bool
        Whether the caller has work of its own meanwhile, as one that reads the items and writes the results.
    """
    count, rest = num_threads(beside_caller=beside_caller), iter(items)
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
    """Return in how many places items must be, in turn, so that `in_order` beside its caller has no two in one."""
    count = num_threads(beside_caller=True)
    return count + 2 if count > 1 else 1


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
