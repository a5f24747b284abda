"""Arithmetic of static shapes, of which single sizes or the rank may be unknown.

A shape is a tuple of sizes, None in its place where not even the rank is known. A size is a number, an `Unknown`, which
is the same wherever the same object stands, or None, of which nothing is known at all::

    x               [s, 7, 7, 512]
    Shape(x)[0]     s
    Reshape to      [s, -1] is [s, 25088], because s goes into s once
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, TypeGuard


class Unknown:
    """A size that is not known. Where one and the same stands, the sizes are equal whenever the graph runs."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "?"


Size: TypeAlias = "int | Unknown | None"
Dims: TypeAlias = "tuple[Size, ...] | None"
#: A shape as others are told of it: None for each size that is not known.
Told: TypeAlias = "tuple[int | None, ...] | None"
#: The axes of one operand, and those of the result: a group of axes that belong together.
Group: TypeAlias = "tuple[range, range]"


class ShapeMismatchError(Exception):
    """Shapes that do not go together: what TensorFlow refuses to import, or to run."""


def told(dims: Dims) -> Told:
    """Return a shape with None for what is not known."""
    return None if dims is None else tuple([size if isinstance(size, int) else None for size in dims])


def is_size(size: Size) -> TypeGuard[int]:
    """Whether a size is known."""
    return isinstance(size, int)


def distinct(dims: tuple[Size, ...]) -> tuple[Size, ...]:
    """Return a shape with an `Unknown` of its own for each size of which nothing is known."""
    return tuple([Unknown() if size is None else size for size in dims])


def text_of_dims(dims: Dims) -> str:
    """Spell a shape: ``[1, ?, 3]``, ``?`` for one of unknown rank."""
    return "?" if dims is None else "[" + ", ".join(map(_text, dims)) + "]"


def _text(size: Size) -> str:
    return str(size) if isinstance(size, int) else "?"


def product(sizes: Iterable[Size]) -> int | None:
    """Return the product of sizes, None when one is not known."""
    total = 1
    for size in sizes:
        if not isinstance(size, int):
            return None
        total *= size
    return total


def total(sizes: Iterable[Size]) -> int | None:
    """Return the sum of sizes, None when one is not known."""
    found = 0
    for size in sizes:
        if not isinstance(size, int):
            return None
        found += size
    return found


def merged(a: Dims, b: Dims) -> Dims:
    """Return what two shapes of one tensor tell together; ShapeMismatchError when they contradict each other."""
    if a is None or b is None or a is b:
        return b if a is None else a
    if len(a) != len(b):
        raise ShapeMismatchError(f"{text_of_dims(a)} is not {text_of_dims(b)}")
    return tuple([merged_size(x, y) for x, y in zip(a, b, strict=True)])


def merged_size(a: Size, b: Size) -> Size:
    """Return what two sizes of one axis tell together; ShapeMismatchError when they are different."""
    if isinstance(a, int):
        if isinstance(b, int) and a != b:
            raise ShapeMismatchError(f"{a} is not {b}")
        return a
    return b if isinstance(b, int) or a is None else a


def common(shapes: Sequence[Dims]) -> Dims:
    """Return what all shapes agree on."""
    first = shapes[0]
    if first is None or any(each is None or len(each) != len(first) for each in shapes):
        return None
    columns = zip(*(each for each in shapes if each is not None), strict=True)
    return tuple(column[0] if all(each == column[0] for each in column) else None for column in columns)


def holds(wide: Dims, narrow: Dims) -> bool:
    """Whether every shape that a tensor may have is one that was taken for it."""
    if wide is None:
        return True
    if narrow is None or len(wide) != len(narrow):
        return False
    return all(a is None or a is b or (isinstance(a, int) and a == b) for a, b in zip(wide, narrow, strict=True))


def widened(dims: Dims, around: Dims) -> Dims:
    """Return what is left of a shape that may become another one."""
    if dims is None or around is None or len(dims) != len(around):
        return None
    return tuple([a if holds((a,), (b,)) else None for a, b in zip(dims, around, strict=True)])


def broadcast(a: Dims, b: Dims) -> Dims:
    """Return the shape that two are broadcast to."""
    if a is None or b is None:
        return None
    if a == b:
        return a
    rank = max(len(a), len(b))
    pairs = zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True)
    return tuple([broadcast_size(x, y) for x, y in pairs])


def broadcast_size(a: Size, b: Size) -> Size:
    """Return the size that two are broadcast to."""
    if a == 1 or b == 1:
        return b if a == 1 else a
    if isinstance(a, int):
        if isinstance(b, int) and a != b:
            raise ShapeMismatchError(f"{a} and {b} are not broadcast")
        return a
    return b if isinstance(b, int) or a is b else None


def reshaped(dims: Dims, target: Sequence[Size]) -> Dims:
    """Return the shape that a Reshape makes; of the target, -1 is what is left."""
    if -1 not in target:
        return _as_told(dims, target)
    given, rest = _without_common(dims, [size for size in target if size != -1])
    count, divisor = None if given is None else product(given), product(rest)
    left: Size = None
    if count is not None and divisor:
        if count % divisor:
            raise ShapeMismatchError(
                f"{text_of_dims(dims)} has {count} elements, which {_list(target)} does not divide"
            )
        left = count // divisor
    elif given is not None and divisor:
        left = _unknown_times(given, divisor)
    return tuple([left if size == -1 else size for size in target])


def _as_told(dims: Dims, target: Sequence[Size]) -> Dims:
    """Return a target that leaves nothing open; of a size in it that is not known, there may be only so much left."""
    given, rest = _without_common(dims, target)
    if given is None:
        return tuple(target)
    count, wanted = product(given), product(rest)
    if count is not None and wanted is not None and count != wanted:
        raise ShapeMismatchError(f"{text_of_dims(dims)} has {count} elements, and {_list(target)} takes {wanted}")
    open_sizes = [size for size in rest if not isinstance(size, int)]
    divisor = product(size for size in rest if isinstance(size, int))
    if len(open_sizes) != 1 or not divisor:
        return tuple(target)
    left = None if count is None or count % divisor else count // divisor
    if left is None and count is None:
        left_size = _unknown_times(given, divisor)
        return tuple([left_size or size if size is open_sizes[0] else size for size in target])
    return tuple([left if size is open_sizes[0] else size for size in target])


def _without_common(dims: Dims, target: Sequence[Size]) -> tuple[list[Size] | None, list[Size]]:
    """Return both without the unknown sizes that are in both."""
    if dims is None:
        return None, list(target)
    given, rest = list(dims), []
    for size in target:
        if isinstance(size, Unknown) and size in given:
            given.remove(size)
        else:
            rest.append(size)
    return given, rest


def _unknown_times(given: Sequence[Size], divisor: int) -> Size:
    """Return the one unknown size among those that are given, when all others make the divisor."""
    unknown = [size for size in given if not isinstance(size, int)]
    known = product(size for size in given if isinstance(size, int))
    return unknown[0] if len(unknown) == 1 and known == divisor else None


def _list(target: Sequence[Size]) -> str:
    return str([size if isinstance(size, int) else None for size in target])


def window(size: Size, extent: int, stride: int, padding: str) -> int | None:
    """Return how many windows lie along an axis; `padding` is SAME or VALID."""
    if not isinstance(size, int):
        return None
    count = -(-size // stride) if padding == "SAME" else -(-(size - extent + 1) // stride)
    if count <= 0 < size:
        raise ShapeMismatchError(f"a window of {extent} does not lie within {size}")
    return count


def aligned_groups(before: Sequence[Size], after: Sequence[Size]) -> list[Group] | None:
    """Return which axes of a shape become which of the reshaped one, in groups; None when that cannot be told.

    ``[2, 7, 7, 5] -> [2, 245]`` is 2 | 2 and 7, 7, 5 | 245.
    """
    return _groups(before, after, lambda a, b: a == b) or _groups(
        before, after, lambda a, b: a == b and isinstance(a, int)
    )


def _groups(before: Sequence[Size], after: Sequence[Size], is_same: Callable[[Size, Size], bool]) -> list[Group] | None:
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


def _middle(a: range, b: range, before: Sequence[Size], after: Sequence[Size]) -> list[Group] | None:
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
                x *= _number(before[i])
                i += 1
            else:
                y *= _number(after[j])
                j += 1
        found.append((range(first_i, i), range(first_j, j)))
    return found


def _number(size: Size) -> int:
    return size if isinstance(size, int) and size else 1
