"""Arithmetic of static shapes, of which single dimensions or the rank may be unknown.

A shape is a tuple of sizes, None for one that is not known; None in its place where not even the rank is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

Dims: TypeAlias = "tuple[int | None, ...] | None"
#: The sizes of one operand by axis, and those of the result: a group of axes that belong together.
Group: TypeAlias = "tuple[range, range]"


class ShapeMismatchError(Exception):
    """Shapes that do not go together: what TensorFlow refuses to import, or to run."""


def text_of_dims(dims: Dims) -> str:
    """Spell a shape: ``[1, ?, 3]``, ``?`` for one of unknown rank."""
    return "?" if dims is None else "[" + ", ".join("?" if size is None else str(size) for size in dims) + "]"


def product(sizes: Iterable[int | None]) -> int | None:
    """Return the product of sizes, None when one is not known."""
    found = list(sizes)
    return None if None in found else math.prod(size for size in found if size is not None)


def merged(a: Dims, b: Dims) -> Dims:
    """Return what two shapes of one tensor tell together; ShapeMismatchError when they contradict each other."""
    if a is None or b is None:
        return b if a is None else a
    if len(a) != len(b):
        raise ShapeMismatchError(f"{text_of_dims(a)} is not {text_of_dims(b)}")
    return tuple(merged_size(x, y) for x, y in zip(a, b, strict=True))


def merged_size(a: int | None, b: int | None) -> int | None:
    """Return what two sizes of one axis tell together; ShapeMismatchError when they are different."""
    if a is not None and b is not None and a != b:
        raise ShapeMismatchError(f"{a} is not {b}")
    return b if a is None else a


def common(shapes: Sequence[Dims]) -> Dims:
    """Return what all shapes agree on."""
    first = shapes[0]
    if first is None or any(each is None or len(each) != len(first) for each in shapes):
        return None
    columns = zip(*(each for each in shapes if each is not None), strict=True)
    return tuple(column[0] if len(set(column)) == 1 else None for column in columns)


def broadcast(a: Dims, b: Dims) -> Dims:
    """Return the shape that two are broadcast to."""
    if a is None or b is None:
        return None
    rank = max(len(a), len(b))
    pairs = zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True)
    return tuple(_broadcast_size(x, y) for x, y in pairs)


def _broadcast_size(a: int | None, b: int | None) -> int | None:
    if a == 1 or b == 1:
        return b if a == 1 else a
    if a is None or b is None:
        return b if a is None else a
    if a != b:
        raise ShapeMismatchError(f"{a} and {b} are not broadcast")
    return a


def reshaped(dims: Dims, target: Sequence[int | None]) -> Dims:
    """Return the shape that a Reshape makes; of the target, -1 is what is left, None not known."""
    total = None if dims is None else product(dims)
    rest = product(size for size in target if size != -1)
    if -1 not in target:
        if None not in (total, rest) and total != rest:
            raise ShapeMismatchError(f"{text_of_dims(dims)} has {total} elements, and {list(target)} takes {rest}")
        return tuple(target)
    left = None
    if total is not None and rest:
        if total % rest:
            raise ShapeMismatchError(f"{text_of_dims(dims)} has {total} elements, which {list(target)} does not divide")
        left = total // rest
    return tuple(left if size == -1 else size for size in target)


def window(size: int | None, extent: int, stride: int, padding: str) -> int | None:
    """Return how many windows lie along an axis; `padding` is SAME or VALID."""
    if size is None:
        return None
    count = -(-size // stride) if padding == "SAME" else -(-(size - extent + 1) // stride)
    if count <= 0 < size:
        raise ShapeMismatchError(f"a window of {extent} does not lie within {size}")
    return count


def aligned_groups(before: Sequence[int | None], after: Sequence[int | None]) -> list[Group] | None:
    """Return which axes of a shape become which of the reshaped one, in groups; None when that cannot be told.

    ``[2, 7, 7, 5] -> [2, 245]`` is 2 | 2 and 7, 7, 5 | 245.
    """
    return _groups(before, after, lambda a, b: a == b) or _groups(before, after, lambda a, b: a == b and a is not None)


def _groups(
    before: Sequence[int | None], after: Sequence[int | None], is_same: Callable[[int | None, int | None], bool]
) -> list[Group] | None:
    start, end = 0, 0
    shorter = min(len(before), len(after))
    while start < shorter and is_same(before[start], after[start]):
        start += 1
    while end < shorter - start and is_same(before[-1 - end], after[-1 - end]):
        end += 1
    middle = _middle(range(start, len(before) - end), range(start, len(after) - end), before, after)
    if middle is None:
        return None
    head = [(range(i, i + 1), range(i, i + 1)) for i in range(start)]
    tail = [
        (range(len(before) - i, len(before) - i + 1), range(len(after) - i, len(after) - i + 1))
        for i in range(end, 0, -1)
    ]
    return [*head, *middle, *tail]


def _middle(a: range, b: range, before: Sequence[int | None], after: Sequence[int | None]) -> list[Group] | None:
    """Return the groups of what is not equal at both ends."""
    left, right = product(before[i] for i in a), product(after[i] for i in b)
    if left != right:
        return None
    if left is None or left == 0:
        return [(a, b)] if len(a) and len(b) else None
    found: list[Group] = []
    i, j = a.start, b.start
    while i < a.stop or j < b.stop:
        first_i, first_j = i, j
        x = y = 1
        while True:
            if x == y and (i > first_i or i == a.stop) and (j > first_j or j == b.stop):
                break
            if (x <= y and i < a.stop) or j == b.stop:
                x *= before[i] or 1
                i += 1
            else:
                y *= after[j] or 1
                j += 1
        found.append((range(first_i, i), range(first_j, j)))
    return found
