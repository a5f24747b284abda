"""String similarity of variable names, by words, numbers and last components, and their nearest neighbours."""

from __future__ import annotations

import difflib
import itertools
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import lru_cache

from proto_utils.named_tuple import NamedTuple

# More digits than any count has are several numbers; int() refuses thousands of them.
_TOKEN = re.compile(r"[a-z]+|[0-9]{1,18}")
# Last names that different layers and libraries give to the same thing.
_KINDS = {
    "weights": "kernel", "weight": "kernel", "w": "kernel", "filter": "kernel", "filters": "kernel",
    "depthwise_weights": "depthwise_kernel", "pointwise_weights": "pointwise_kernel", "biases": "bias", "b": "bias",
    "scale": "gamma", "offset": "beta", "mean": "moving_mean", "running_mean": "moving_mean",
    "variance": "moving_variance", "var": "moving_variance", "running_var": "moving_variance",
}  # fmt: skip

#: So many neighbours in order are looked at in every group.
_MAX_COMPARED = 16

#: Names that have less in common than this do not resemble each other.
_MIN_RATIO = 0.5


class Item(NamedTuple):
    """A tensor that is wanted, or that is there; `name` is what people would call it."""

    key: str
    name: str
    dtype: str
    shape: tuple[int | None, ...] | None


def end(item: Item, count: int) -> tuple[str, ...]:
    """Return the last components of a name; none when it has fewer."""
    parts = item.name.lower().split("/")
    return tuple(parts[-count:]) if len(parts) >= count else ()


def kind(name: str) -> str:
    """Return the last component of a name in one library's words."""
    leaf = name.rsplit("/", 1)[-1].lower()
    return _KINDS.get(leaf, leaf)


def overlap(a: Item, b: Item) -> float:
    """Return the share of words that two names have in common: a tenth of the cost of `alike`, and less exact."""
    left, right = set(tokens(a.name)), set(tokens(b.name))
    return 2 * len(left & right) / max(len(left) + len(right), 1)


def alike(a: Item, b: Item) -> float:
    """Return the share of words and numbers that two names have in the same order."""
    return difflib.SequenceMatcher(None, tokens(a.name), tokens(b.name), autojunk=False).ratio()


@lru_cache(maxsize=1 << 16)
def tokens(name: str) -> tuple[str, ...]:
    """Return the words and numbers of a name, its last component by its kind."""
    scope, _, leaf = name.lower().rpartition("/")
    return tuple(_TOKEN.findall(f"{scope}/{_KINDS.get(leaf, leaf)}"))


def words(item: Item) -> tuple[str, ...]:
    """Return the words of a name, without numbers."""
    return tuple(token for token in tokens(item.name) if not token.isdigit())


def numbers(item: Item) -> list[int]:
    """Return the numbers in a name, in their order."""
    return [int(token) for token in tokens(item.name) if token.isdigit()]


def natural(item: Item) -> list[tuple[int, int, str]]:
    """Return the sort key of natural order: block2 before block10."""
    return [(0, int(token), "") if token.isdigit() else (1, 0, token) for token in tokens(item.name)]


def common_words(a: Sequence[str], b: Sequence[str]) -> float:
    """Return which part of their words two names share; one that begins as another one counts half."""
    left, right = Counter(a), Counter(b)
    shared = left & right
    rest = list((right - shared).elements())
    score = float(sum(shared.values()))
    for word in (left - shared).elements():
        near = next((each for each in rest if each.startswith(word) or word.startswith(each)), None)
        if near is not None:
            rest.remove(near)
            score += 0.5
    return 2 * score / max(len(a) + len(b), 1)


class Candidates:
    """Approximate nearest neighbours of names, for lists of what is missing."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._groups: dict[Hashable, list[Item]] = {}
        for item in sorted(items, key=natural):
            for key in self._keys(item):
                self._groups.setdefault(key, []).append(item)

    def of(self, item: Item, count: int = 3, fits: Callable[[Item], bool] = lambda _found: True) -> list[str]:
        """Return the keys of at most `count` items that fit, the closest first; compares it with some dozen."""
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
        scored = sorted((-overlap(item, each), each.key) for each in near.values())
        alike = (key for score, key in scored if -score >= _MIN_RATIO and fits(near[key]))
        return list(itertools.islice(alike, count))

    @staticmethod
    def _keys(item: Item) -> Iterator[Hashable]:
        """Yield what it may have in common with others, the most telling first."""
        yield "end", end(item, 3)
        yield "end", end(item, 2)
        yield "shape and kind", item.dtype, item.shape, kind(item.name)
        yield "scope and kind", tokens(item.name)[-4:-1], kind(item.name)
        yield "end", end(item, 1)
