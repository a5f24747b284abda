"""A long sequence of few different items, held as runs: a number that a file states costs nothing until it is true.

``AddN`` with an `N` of a million is some forty bytes. Its types are compared with those of its inputs by their number
first, and asked for one by one; nobody needs all of them at once.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar, overload

_T = TypeVar("_T")
_S = TypeVar("_S")

#: Of so few items a tuple is quicker.
_MAX_TUPLE = 1 << 10


class Runs(Sequence[_T]):
    """Items that are each there several times in a row; equal to no tuple, as it is longer than any that is made.

    Parameters
    ----------
    runs : iterable of (item, int)
        Each item with the number of times that it is there.
    """

    __slots__ = ("_ends", "_items")

    def __init__(self, runs: Iterable[tuple[_T, int]]) -> None:
        given = [(item, count) for item, count in runs if count > 0]
        self._items = [item for item, _ in given]
        self._ends = list(itertools.accumulate(count for _, count in given))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __contains__(self, item: object) -> bool:
        return item in self._items

    @overload
    def __getitem__(self, index: int) -> _T: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[_T]: ...

    def __getitem__(self, index: int | slice) -> _T | Sequence[_T]:
        if isinstance(index, slice):
            start, stop, _ = index.indices(len(self))
            return runs_or_tuple(self._between(start, stop))
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(index)
        return self._items[bisect_right(self._ends, position)]

    def __iter__(self) -> Iterator[_T]:
        return itertools.chain.from_iterable(itertools.repeat(item, count) for item, count in self.runs())

    def runs(self) -> Iterator[tuple[_T, int]]:
        """Yield the items with their numbers."""
        start = 0
        for item, end in zip(self._items, self._ends, strict=True):
            yield item, end - start
            start = end

    def _between(self, start: int, stop: int) -> list[tuple[_T, int]]:
        bounds = zip(self._items, [0, *self._ends[:-1]], self._ends, strict=True)
        return [(item, min(end, stop) - max(first, start)) for item, first, end in bounds]


def runs_or_tuple(runs: Sequence[tuple[_T, int]]) -> Sequence[_T]:
    """Return a tuple, or `Runs` where that would be long."""
    if sum(max(count, 0) for _, count in runs) > _MAX_TUPLE:
        return Runs(runs)
    return tuple(item for item, count in runs for _ in range(count))
