"""Guesses which tensor of a checkpoint is meant for which variable of a graph, where names differ.

Three looks, from the surest to the boldest; each takes what the ones before it left:

1.  names that end alike (``vgg_16/conv1/weights``, ``my/conv1/weights``), the longest common end first, where
    only one tensor and one variable of that end, dtype and shape are left
2.  the same, of two or more last components, with another shape: a mismatch rather than something missing
3.  in a group of one dtype, shape and kind of last name (kernel and weights are one), families of names that
    differ by numbers only: two families that count alike, member by member in order, the families with the most
    alike words first (q is like query); then single names that are most alike

Families count alike when the numbers in their names go up together, whatever they are: ``conv2_block1_2``,
``conv2_block2_2`` and ``block1/unit_1/conv2``, ``block1/unit_2/conv2``. Every look sorts into groups by hashing; names
are compared one by one only within a group, and in a large group only with neighbours in order. So the cost grows with
the number of names, and not with its square.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

#: Names of groups up to this size are all compared with each other.
_MAX_COMPARED = 16

#: Names that have less in common than this are not suggested.
_MIN_RATIO = 0.5

#: Hints for rules.
_MAX_RULES = 3

_TOKEN = re.compile(r"[a-z]+|[0-9]+")
_KINDS = {
    "weights": "kernel", "weight": "kernel", "w": "kernel", "filter": "kernel", "filters": "kernel",
    "depthwise_weights": "depthwise_kernel", "pointwise_weights": "pointwise_kernel", "biases": "bias", "b": "bias",
    "scale": "gamma", "offset": "beta", "mean": "moving_mean", "running_mean": "moving_mean",
    "variance": "moving_variance", "var": "moving_variance", "running_var": "moving_variance",
}  # fmt: skip


class Item(NamedTuple):
    """A tensor that is wanted, or that is there.

    Attributes
    ----------
    key : str
    name : str
        What it goes by, as people would say it.
    dtype : str
    shape : tuple of (int or None), or None
    """

    key: str
    name: str
    dtype: str
    shape: tuple[int | None, ...] | None


class Suggestion(NamedTuple):
    """A wanted key, a key that is there, and why."""

    wanted: str
    found: str
    why: str


def suggest(wanted: Sequence[Item], found: Sequence[Item]) -> list[Suggestion]:
    """Pair what is wanted with what is there; each at most once.

    Parameters
    ----------
    wanted, found : sequence of Item
        In their order, which counts where nothing else tells them apart.
    """
    pairs = _Pairs(wanted, found)
    depth = max((item.name.count("/") + 1 for item in wanted), default=0)
    for count in range(min(depth, 12), 0, -1):
        pairs.join(partial(_end_and_shape, count))
    for count in range(min(depth, 12), 1, -1):
        pairs.join(partial(_only_end, count))
    for group in pairs.groups(_kind_and_shape):
        pairs.add(_by_family(*group))
    for group in pairs.groups(_kind_and_shape):
        pairs.add(_most_alike(*group))
    return pairs.found


def rules_for(suggestions: Iterable[Suggestion]) -> list[str]:
    """Return hints for rules that do what several suggestions have in common: another scope before the same end."""
    changes: Counter[tuple[str, str]] = Counter()
    for each in suggestions:
        new, old = each.wanted.split("/"), each.found.split("/")
        while new[1:] and old[1:] and new[-1] == old[-1]:
            new.pop()
            old.pop()
        changes["/".join(old), "/".join(new)] += 1
    shared = [(old, new, count) for (old, new), count in changes.most_common(_MAX_RULES) if count > 1]
    return [rf"--map '{re.escape(old)}/(.*)={new}/\1' says {count:,} of the suggestions" for old, new, count in shared]


class Candidates:
    """The names that resemble one most, for lists of what is missing.

    Parameters
    ----------
    items : sequence of Item
        To choose from.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._groups: dict[Hashable, list[Item]] = {}
        for item in sorted(items, key=_natural):
            for key in self._keys(item):
                self._groups.setdefault(key, []).append(item)

    def of(self, item: Item, count: int = 3) -> list[str]:
        """Return the keys of at most `count` items, the closest first; compares it with some dozen."""
        near: dict[str, Item] = {}
        if not self._groups:
            return []
        for key in self._keys(item):
            group = self._groups.get(key, [])
            middle = bisect_left(group, _natural(item), key=_natural)
            for each in group[max(0, middle - _MAX_COMPARED // 2) : middle + _MAX_COMPARED // 2]:
                near.setdefault(each.key, each)
            if len(near) >= _MAX_COMPARED:
                break
        scores = sorted((-_overlap(item, each), each.key) for each in near.values())
        return [key for score, key in scores[:count] if -score >= _MIN_RATIO]

    @staticmethod
    def _keys(item: Item) -> Iterator[Hashable]:
        """Yield what it may have in common with others, the most telling first."""
        yield "end", _end(item, 3)
        yield "end", _end(item, 2)
        yield "shape and kind", item.dtype, item.shape, _kind(item.name)
        yield "scope and kind", _tokens(item.name)[-4:-1], _kind(item.name)
        yield "end", _end(item, 1)


class _Pairs:
    """What is left on both sides, and the pairs taken so far."""

    def __init__(self, wanted: Iterable[Item], found: Iterable[Item]) -> None:
        self._wanted = list(wanted)
        self._found = list(found)
        self.found: list[Suggestion] = []

    def join(self, key: Callable[[Item], Hashable | None]) -> None:
        """Pair those that are the only ones of their group."""
        self.add([(a[0], b[0], _same_end(a[0], b[0])) for a, b in self.groups(key) if len(a) == len(b) == 1])

    def groups(self, key: Callable[[Item], Hashable | None]) -> Iterator[tuple[list[Item], list[Item]]]:
        """Yield what is left by a common key, that has members on both sides."""
        sides: dict[Hashable, tuple[list[Item], list[Item]]] = {}
        for side, items in enumerate((self._wanted, self._found)):
            for item in items:
                group = key(item)
                if group is not None:
                    sides.setdefault(group, ([], []))[side].append(item)
        return ((a, b) for a, b in sides.values() if a and b)

    def add(self, pairs: Sequence[tuple[Item, Item, str]]) -> None:
        """Take pairs."""
        if pairs:
            self.found += [Suggestion(a.key, b.key, why) for a, b, why in pairs]
            taken = {a.key for a, _, _ in pairs}, {b.key for _, b, _ in pairs}
            self._wanted = [item for item in self._wanted if item.key not in taken[0]]
            self._found = [item for item in self._found if item.key not in taken[1]]


def _same_end(a: Item, b: Item) -> str:
    count = next((n for n in range(20, 0, -1) if _end(a, n) and _end(a, n) == _end(b, n)), 1)
    shapes = "of the same shape" if a.shape == b.shape else "of another shape"
    return f"the only one {shapes} that ends in {'/'.join(_end(a, count))!r}"


def _by_family(wanted: list[Item], found: list[Item]) -> list[tuple[Item, Item, str]]:
    """Pair the members of families that count alike."""
    sides = _families(wanted), _families(found)
    pairs = []
    for pattern, lefts in sides[0].items():
        rights = sides[1].get(pattern, [])
        for a, b in _alike_families(lefts, rights):
            why = "the only ones" if len(lefts) == len(rights) == 1 else "the names with the most alike words"
            why = f"{why} of the same shape and kind" + (f"; {len(a)} in the same order" if len(a) > 1 else "")
            pairs += [(x, y, why) for x, y in zip(a, b, strict=True)]
    return pairs


def _families(items: Iterable[Item]) -> dict[Hashable, list[list[Item]]]:
    """Return families, each in order, by how they count."""
    members: dict[Hashable, list[Item]] = {}
    for item in sorted(items, key=_natural):
        members.setdefault((_words(item), len(_numbers(item))), []).append(item)
    found: dict[Hashable, list[list[Item]]] = {}
    for family in members.values():
        found.setdefault(_pattern(family), []).append(family)
    return found


def _pattern(family: Sequence[Item]) -> Hashable:
    """Return how a family counts: its numbers that are not always the same, by their ranks."""
    columns = []
    for column in zip(*map(_numbers, family), strict=True):
        ranks = {number: rank for rank, number in enumerate(sorted(set(column)))}
        if len(ranks) > 1:
            columns.append(tuple(ranks[number] for number in column))
    return len(family), tuple(dict.fromkeys(columns))


def _alike_families(lefts: list[list[Item]], rights: list[list[Item]]) -> Iterator[tuple[list[Item], list[Item]]]:
    """Yield pairs of families: those with the most alike words first, and in the end those that are left."""
    if len(lefts) * len(rights) > _MAX_COMPARED**2:
        return
    scored = sorted(
        (-_common_words(_words(a[0]), _words(b[0])), i, j) for i, a in enumerate(lefts) for j, b in enumerate(rights)
    )
    open_left, open_right = set(range(len(lefts))), set(range(len(rights)))
    least = 0.0 if len(lefts) == len(rights) else _MIN_RATIO
    for score, i, j in scored:
        if i in open_left and j in open_right and -score >= least:
            open_left.discard(i)
            open_right.discard(j)
            yield lefts[i], rights[j]


def _common_words(a: Sequence[str], b: Sequence[str]) -> float:
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
    return 2 * score / (len(a) + len(b))


def _most_alike(wanted: list[Item], found: list[Item]) -> list[tuple[Item, Item, str]]:
    scored = []
    found = sorted(found, key=_natural)
    order = sorted(wanted, key=_natural)
    for i, a in enumerate(order):
        middle = i * len(found) // len(order)
        near = found[max(0, middle - _MAX_COMPARED // 2) : middle + _MAX_COMPARED // 2 + 1]
        for j, b in enumerate(near if len(found) > _MAX_COMPARED else found):
            scored.append((-_alike(a, b), i, j, a, b))
    taken: set[str] = set()
    pairs = []
    for score, _, _, a, b in sorted(scored, key=lambda row: row[:3]):
        if -score >= _MIN_RATIO and f"+{a.key}" not in taken and f"-{b.key}" not in taken:
            taken |= {f"+{a.key}", f"-{b.key}"}
            pairs.append((a, b, f"of the same shape, and the names are {-score:.0%} alike"))
    return pairs


def _end_and_shape(count: int, item: Item) -> Hashable | None:
    end = _end(item, count)
    return (end, item.dtype, item.shape) if end else None


def _only_end(count: int, item: Item) -> Hashable | None:
    return _end(item, count) or None


def _kind_and_shape(item: Item) -> Hashable:
    return item.dtype, item.shape, _kind(item.name)


def _end(item: Item, count: int) -> tuple[str, ...]:
    """Return the last components of a name; none when it has fewer."""
    parts = item.name.lower().split("/")
    return tuple(parts[-count:]) if len(parts) >= count else ()


def _kind(name: str) -> str:
    leaf = name.rsplit("/", 1)[-1].lower()
    return _KINDS.get(leaf, leaf)


def _overlap(a: Item, b: Item) -> float:
    """Return which part of their words two names share: less than `_alike` tells, at a tenth of its cost."""
    left, right = set(_tokens(a.name)), set(_tokens(b.name))
    return 2 * len(left & right) / max(len(left) + len(right), 1)


def _alike(a: Item, b: Item) -> float:
    return difflib.SequenceMatcher(None, _tokens(a.name), _tokens(b.name), autojunk=False).ratio()


@lru_cache(maxsize=1 << 16)
def _tokens(name: str) -> tuple[str, ...]:
    """Return the words and numbers of a name, its last component by its kind."""
    scope, _, leaf = name.lower().rpartition("/")
    return tuple(_TOKEN.findall(f"{scope}/{_KINDS.get(leaf, leaf)}"))


def _words(item: Item) -> tuple[str, ...]:
    return tuple(token for token in _tokens(item.name) if not token.isdigit())


def _numbers(item: Item) -> list[int]:
    return [int(token) for token in _tokens(item.name) if token.isdigit()]


def _natural(item: Item) -> list[tuple[int, int, str]]:
    """Order names as people do: block2 before block10."""
    return [(0, int(token), "") if token.isdigit() else (1, 0, token) for token in _tokens(item.name)]
