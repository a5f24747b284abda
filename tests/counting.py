"""Work counted instead of timed: the same on every machine, however busy.

It shows what an algorithm does per node. It does not show the garbage collector, nor work inside one call of C.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable

import pytest

from proto_utils import schema
from proto_utils.files import BytesSource


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


def peak_nbytes(work: Callable[[], object]) -> int:
    """How many bytes of memory some work holds at most, when what it imports is there."""
    work()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def parses(monkeypatch: pytest.MonkeyPatch, message: str) -> list[bytes]:
    """What protobuf is given to parse as messages of a kind, from now on."""
    seen: list[bytes] = []
    parse = getattr(schema, message).FromString

    class Counting:
        @staticmethod
        def FromString(data: bytes) -> object:
            seen.append(data)
            return parse(data)

    monkeypatch.setattr(schema, message, Counting)
    return seen


class CountingSource(BytesSource):
    """Bytes that count how many of them are read; those read twice count twice."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.nbytes_read = 0

    def read(self, start: int, end: int) -> bytes:
        """Count, and read."""
        self.nbytes_read += end - start
        return super().read(start, end)
