"""Work counted instead of timed: the same on every machine, however busy.

It shows what an algorithm does per node. It does not show the garbage collector, nor work inside one call of C.
"""

from __future__ import annotations

import sys
from collections.abc import Callable


def num_calls(work: Callable[[], object]) -> int:
    """How many functions, Python's and C's, are called while some work is done."""
    count = 0

    def note(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
