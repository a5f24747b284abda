"""Approximate nearest neighbours among names, found through groups instead of a full scan."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterator, Sequence

from graphsurgeon.tools.fit.likeness import Item, end, kind, natural, overlap, tokens

#: So many neighbours in order are looked at in every group.
_MAX_COMPARED = 16

#: Names that have less in common than this do not resemble each other.
_MIN_RATIO = 0.5


class Candidates:
    """Approximate nearest neighbours of names, for lists of what is missing.

    Parameters
    ----------
    items : sequence of Item
        To choose from.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._groups: dict[Hashable, list[Item]] = {}
        for item in sorted(items, key=natural):
            for key in self._keys(item):
                self._groups.setdefault(key, []).append(item)

    def of(self, item: Item, count: int = 3) -> list[str]:
        """Return the keys of at most `count` items, the closest first; compares it with some dozen."""
        near: dict[str, Item] = {}
        if not self._groups:
            return []
        for key in self._keys(item):
            group = self._groups.get(key, [])
            middle = bisect_left(group, natural(item), key=natural)
            for each in group[max(0, middle - _MAX_COMPARED // 2) : middle + _MAX_COMPARED // 2]:
                near.setdefault(each.key, each)
            if len(near) >= _MAX_COMPARED:
                break
        scores = sorted((-overlap(item, each), each.key) for each in near.values())
        return [key for score, key in scores[:count] if -score >= _MIN_RATIO]

    @staticmethod
    def _keys(item: Item) -> Iterator[Hashable]:
        """Yield what it may have in common with others, the most telling first."""
        yield "end", end(item, 3)
        yield "end", end(item, 2)
        yield "shape and kind", item.dtype, item.shape, kind(item.name)
        yield "scope and kind", tokens(item.name)[-4:-1], kind(item.name)
        yield "end", end(item, 1)
