"""Heuristic matching of variables to tensors of a checkpoint, where names differ.

Three looks, from the surest to the boldest; each takes what the ones before it left:

1.  names that end alike (``vgg_16/conv1/weights``, ``my/conv1/weights``), the longest common end first, where
    only one tensor and one variable of that end, dtype and shape are left
2.  the same, of two or more last components, with another shape, as far as that may be changed until it fits
3.  in a group of one dtype, shape and kind of last name (kernel and weights are one), families of names that
    differ by numbers only: two families that count alike, member by member in order, the families with the most
    alike words first (q is like query); then single names that are most alike

Families count alike when the numbers in their names go up together, whatever they are: ``conv2_block1_2``,
``conv2_block2_2`` and ``block1/unit_1/conv2``, ``block1/unit_2/conv2``. Every look sorts into groups by hashing; names
are compared one by one only within a group, and in a large group only with neighbours in order. So the cost grows with
the number of names, and not with its square.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial

from graphsurgeon.tools.fit.likeness import Item, alike, common_words, end, kind, natural, numbers, words
from proto_utils.named_tuple import NamedTuple

#: Names of groups up to this size are all compared with each other.
_MAX_COMPARED = 16

#: Names that have less in common than this are not suggested.
_MIN_RATIO = 0.5

#: Hints for rules.
_MAX_RULES = 3


class Suggestion(NamedTuple):
    """A wanted key, a key that is there, and why."""

    wanted: str
    found: str
    why: str


def suggest(
    wanted: Sequence[Item], found: Sequence[Item], fits: Callable[[Item, Item], bool] = lambda _wanted, _found: True
) -> list[Suggestion]:
    """Match wanted keys with existing ones, each at most once; their order counts where nothing else decides.

    What does not fit, though shape and dtype may be changed, is not matched.
    """
    pairs = _Pairs(wanted, found, fits)
    depth = max((item.name.count("/") + 1 for item in wanted), default=0)
    for count in range(min(depth, 12), 0, -1):
        pairs.join(partial(_end_and_shape, count))
    for count in range(min(depth, 12), 1, -1):
        pairs.join(partial(_only_end, count))
    for pair in (_by_family, _most_alike):
        pairs.add([each for group in pairs.groups(_kind_and_shape) for each in pair(*group)])
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
    return [rf"`map=r'{re.escape(old)}/(.*)={new}/\1'` says {count:,} of the suggestions" for old, new, count in shared]


class _Pairs:
    """What is left on both sides, and the pairs taken so far."""

    def __init__(self, wanted: Iterable[Item], found: Iterable[Item], fits: Callable[[Item, Item], bool]) -> None:
        self._wanted = list(wanted)
        self._found = list(found)
        self._fits = fits
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
        """Take pairs, but for what does not fit."""
        pairs = [pair for pair in pairs if self._fits(*pair[:2])]
        if pairs:
            self.found += [Suggestion(a.key, b.key, why) for a, b, why in pairs]
            taken = {a.key for a, _, _ in pairs}, {b.key for _, b, _ in pairs}
            self._wanted = [item for item in self._wanted if item.key not in taken[0]]
            self._found = [item for item in self._found if item.key not in taken[1]]


def _same_end(a: Item, b: Item) -> str:
    count = next((n for n in range(20, 0, -1) if end(a, n) and end(a, n) == end(b, n)), 1)
    shapes = "of the same shape" if a.shape == b.shape else "of another shape"
    return f"the only one {shapes} that ends in {'/'.join(end(a, count))!r}"


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
    for item in sorted(items, key=natural):
        members.setdefault((words(item), len(numbers(item))), []).append(item)
    found: dict[Hashable, list[list[Item]]] = {}
    for family in members.values():
        found.setdefault(_pattern(family), []).append(family)
    return found


def _pattern(family: Sequence[Item]) -> Hashable:
    """Return how a family counts: its numbers that are not always the same, by their ranks."""
    columns = []
    for column in zip(*map(numbers, family), strict=True):
        ranks = {number: rank for rank, number in enumerate(sorted(set(column)))}
        if len(ranks) > 1:
            columns.append(tuple(ranks[number] for number in column))
    return len(family), tuple(dict.fromkeys(columns))


def _alike_families(lefts: list[list[Item]], rights: list[list[Item]]) -> Iterator[tuple[list[Item], list[Item]]]:
    """Yield pairs of families: those with the most alike words first, and in the end those that are left."""
    if len(lefts) * len(rights) > _MAX_COMPARED**2:
        return
    scored = sorted(
        (-common_words(words(a[0]), words(b[0])), i, j) for i, a in enumerate(lefts) for j, b in enumerate(rights)
    )
    open_left, open_right = set(range(len(lefts))), set(range(len(rights)))
    least = 0.0 if len(lefts) == len(rights) else _MIN_RATIO
    for score, i, j in scored:
        if i in open_left and j in open_right and -score >= least:
            open_left.discard(i)
            open_right.discard(j)
            yield lefts[i], rights[j]


def _most_alike(wanted: list[Item], found: list[Item]) -> list[tuple[Item, Item, str]]:
    scored = []
    found = sorted(found, key=natural)
    order = sorted(wanted, key=natural)
    for i, a in enumerate(order):
        middle = i * len(found) // len(order)
        near = found[max(0, middle - _MAX_COMPARED // 2) : middle + _MAX_COMPARED // 2 + 1]
        for j, b in enumerate(near if len(found) > _MAX_COMPARED else found):
            scored.append((-alike(a, b), i, j, a, b))
    taken: set[str] = set()
    pairs = []
    for score, _, _, a, b in sorted(scored, key=lambda row: row[:3]):
        if -score >= _MIN_RATIO and f"+{a.key}" not in taken and f"-{b.key}" not in taken:
            taken |= {f"+{a.key}", f"-{b.key}"}
            pairs.append((a, b, f"of the same shape, and the names are {-score:.0%} alike"))
    return pairs


def _end_and_shape(count: int, item: Item) -> Hashable | None:
    last = end(item, count)
    return (last, item.dtype, item.shape) if last else None


def _only_end(count: int, item: Item) -> Hashable | None:
    return end(item, count) or None


def _kind_and_shape(item: Item) -> Hashable:
    return item.dtype, item.shape, kind(item.name)
