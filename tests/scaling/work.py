"""Work as it is counted: lines and calls of Python, and calls of C; the same on every machine, however busy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def count(work: Callable[[], object]) -> int:
    """Return how many lines of ours, and calls of any function, some work takes."""
    total = 0

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal total
        total += event == "line"
        return line

    def call(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal total
        total += event in ("call", "c_call")

    def scope(frame: FrameType, event: str, argument: Any) -> Any:
        name = frame.f_code.co_filename
        return line if "/graphsurgeon/" in name or "/proto_utils/" in name else None

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(scope)
    sys.setprofile(call)
    try:
        work()
    finally:
        sys.setprofile(before[1])
        sys.settrace(before[0])
    return total
