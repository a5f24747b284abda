"""How long a regular expression may take: what `re` may try, over and over, where it backtracks.

`re` tries every way in which repeats can share out a text. Inside a repeat that has no end such ways multiply with
every round, exponentially; repeats beside each other make a polynomial of their number. So an expression is looked at
before it is used:

- in a repeat without end, each round must be read in one way only: what may follow a part differs from the part in its
  first letter, as in ``(layer_[0-9]+/)+`` and not in ``(a+)+`` or ``(a|a)*``, which are refused;
- the number of repeats without end that can stand side by side is counted, and says with the length of a text how many
  ways there are at most. What may be left out, as in ``a?a?a?aaa``, and alternatives that begin alike, count as well.

Sets of letters are looked at as far as ASCII goes; all others count as one letter.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise, takewhile
from math import comb
from typing import Any

from proto_utils.errors import UnsupportedError

if sys.version_info >= (3, 11):
    from re import _parser  # type: ignore[attr-defined]
else:
    import sre_parse as _parser

#: So many ways of sharing out a text take a minute or so, if all of them have to be tried.
MAX_WAYS = 1 << 33

_LONGEST = 1 << 30
#: Beside so many repeats, hardly a letter is to be shared out.
_MOST_REPEATS = 1000
#: A repeat of more rounds is as good as one without end.
_MANY = 16
_OTHERS = 128
_ALL = frozenset(range(_OTHERS + 1))
_CLASSES = {
    "CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S", "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W",
}  # fmt: skip

Letters = frozenset[int]
Items = Sequence[tuple[Any, Any]]


@lru_cache(maxsize=256)
def num_repeats(pattern: str) -> int:
    """Return how many repeats without end of a regular expression, and choices, may stand side by side.

    Raises
    ------
    UnsupportedError
        A repeat of it repeats what can be read in several ways, so that there is no telling how long it takes.
    re.error, RecursionError, OverflowError
        It is no regular expression.
    """
    parsed: Any = _parser.parse(pattern)
    return _count(parsed, pattern)


@lru_cache(maxsize=256)
def max_letters(pattern: str) -> int:
    """Return how long a text may be that the regular expression is to match in reasonable time: see `MAX_WAYS`.

    Raises as `num_repeats`.
    """
    count = num_repeats(pattern)
    if count > _MOST_REPEATS:
        return 0
    return bisect_left(range(_LONGEST), MAX_WAYS, key=lambda length: comb(length + count, count)) if count else _LONGEST


def _count(items: Items, pattern: str, after: Letters = frozenset()) -> int:
    """Count what `num_repeats` counts; `after` may come behind all items."""
    total = 0
    for (op, argument), behind in zip(items, _letters_behind(items, after), strict=True):
        name = str(op)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            total += _count_repeat(argument, pattern, behind)
        else:
            counts = [_count(each, pattern, behind) for each in _alternatives(name, argument)]
            # Whichever is read, only one is.
            total += max(_num_alike(argument[1]).bit_length() if name == "BRANCH" else 0, *counts, 0)
            total += name == "GROUPREF"
    return total


def _count_repeat(argument: Any, pattern: str, behind: Letters) -> int:
    least, most, body = argument
    first, _ = _first(body)
    if most < _MANY:
        inner = _count(body, pattern, first | behind if most > 1 else behind) * int(most)
        return max(inner, int(least != most and not first.isdisjoint(behind)))
    if not _is_read_in_one_way(body, first):
        reason = f"pattern {pattern!r} repeats what can be read in several ways, which may take for ever"
        raise UnsupportedError(reason, hint="write it so that the next letter always tells what it belongs to")
    return 1


def _letters_behind(items: Items, after: Letters) -> list[Letters]:
    """Return which letters may come behind each item, when `after` may come behind all of them."""
    found = []
    for op, argument in reversed(items):
        found.append(after)
        first, is_nullable = _first_of(str(op), argument)
        after = first | after if is_nullable else first
    return found[::-1]


def _num_alike(branches: Sequence[Items]) -> int:
    """Return how many branches begin, as far as they are plain letters, with all plain letters of another."""
    words = []
    for branch in branches:
        plain = takewhile(lambda item: str(item[0]) == "LITERAL", branch)
        words.append("".join(chr(letter) for _, letter in plain).lower())
    words.sort()
    return sum(longer.startswith(shorter) for shorter, longer in pairwise(words))


def _alternatives(op: str, argument: Any) -> Iterable[Items]:
    """Return what an item holds, of which one is read; nothing of one that is no group."""
    match op:
        case "SUBPATTERN":
            return [argument[-1]]
        case "ATOMIC_GROUP":
            return [argument]
        case "BRANCH":
            return argument[1]  # type: ignore[no-any-return]
        case "ASSERT" | "ASSERT_NOT":
            return [argument[1]]
        case "GROUPREF_EXISTS":
            return [each for each in argument[1:] if each is not None]
    return []


def _is_read_in_one_way(items: Items, after: Letters) -> bool:
    """Whether at each point the next letter says which part it belongs to; `after` may come behind all of them."""
    for (op, argument), behind in zip(items, _letters_behind(items, after), strict=True):
        match str(op):
            case "MAX_REPEAT" | "MIN_REPEAT":
                least, most, body = argument
                first, _ = _first(body)
                if least == most:
                    is_good = _is_read_in_one_way(body, first | behind)
                else:
                    is_good = not first & behind and _is_read_in_one_way(body, first | behind)
            case "SUBPATTERN":
                is_good = _is_read_in_one_way(argument[-1], behind)
            case "BRANCH":
                is_good = _are_apart(argument[1], behind) and all(_is_read_in_one_way(e, behind) for e in argument[1])
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN" | "AT" | "CATEGORY":
                is_good = True
            case _:
                is_good = False
        if not is_good:
            return False
    return True


def _are_apart(branches: Sequence[Items], after: Letters) -> bool:
    """Whether the first letter tells which of several branches it is."""
    seen: Letters = frozenset()
    for branch in branches:
        first, is_nullable = _first(branch)
        first = first | after if is_nullable else first
        if first & seen:
            return False
        seen |= first
    return True


def _first(items: Items) -> tuple[Letters, bool]:
    """Return the letters that a sequence may begin with, and whether it may be empty."""
    found: Letters = frozenset()
    for op, argument in items:
        first, is_nullable = _first_of(str(op), argument)
        found |= first
        if not is_nullable:
            return found, False
    return found, True


def _first_of(op: str, argument: Any) -> tuple[Letters, bool]:
    if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        first, is_nullable = _first(argument[2])
        return first, is_nullable or argument[0] == 0
    if op in ("SUBPATTERN", "ATOMIC_GROUP"):
        return _first(argument[-1] if op == "SUBPATTERN" else argument)
    if op == "BRANCH":
        firsts = [_first(branch) for branch in argument[1]]
        return frozenset().union(*(first for first, _ in firsts)), any(empty for _, empty in firsts)
    if op in ("AT", "ASSERT", "ASSERT_NOT"):
        return frozenset(), True
    if op in ("LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY"):
        return _letters(op, argument), False
    return _ALL, True


def _letters(op: str, argument: Any) -> Letters:
    """Return the letters that an item of one letter matches, in either case."""
    if op == "LITERAL":
        return _both_cases(argument)
    if op == "NOT_LITERAL":
        return _ALL - {argument}
    if op == "CATEGORY":
        return _class(_CLASSES[str(argument)])
    if op == "RANGE":
        low, high = argument
        return frozenset().union(*map(_both_cases, range(low, min(high, _OTHERS) + 1)))
    if op == "IN":
        parts = [_letters(str(each), value) for each, value in argument if str(each) != "NEGATE"]
        found: Letters = frozenset().union(*parts)
        return _ALL - found | {_OTHERS} if str(argument[0][0]) == "NEGATE" else found
    return _ALL


@lru_cache(maxsize=1024)
def _both_cases(letter: int) -> Letters:
    text = chr(letter)
    return frozenset(min(ord(each), _OTHERS) for case in (text, text.lower(), text.upper()) for each in case)


@lru_cache(maxsize=16)
def _class(text: str) -> Letters:
    return frozenset(code for code in range(_OTHERS) if re.match(text, chr(code))) | {_OTHERS}
