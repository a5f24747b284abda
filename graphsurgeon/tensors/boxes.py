"""Boxes: axis-aligned parts of a tensor's index space, and the geometry of tilings.

A tensor's values are in C order, so a box's elements come in the same order as in the whole. While the whole goes by
front to back, every box of it is read, or written, front to back exactly once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import TypeVar

from proto_utils.errors import LimitError
from proto_utils.files import CHUNK_NBYTES

T = TypeVar("T")

#: ``(start, stop)`` per dimension.
Box = tuple[tuple[int, int], ...]

#: How often each box is looked at to see whether two overlap; 17 times when a hundred thousand are rows of a tensor.
_MAX_VISITS = 128


def whole(shape: Sequence[int]) -> Box:
    """Return the box that is all of a tensor."""
    return tuple([(0, dim) for dim in shape])


def shape_of(box: Box) -> tuple[int, ...]:
    """Return the shape of a box."""
    return tuple([stop - start for start, stop in box])


def num_elements(box: Box) -> int:
    """Return the number of elements in a box."""
    return math.prod([stop - start for start, stop in box])


def format_box(box: Box) -> str:
    """Return the bounds as Python spells slices: ``0:3, 0:7``."""
    return ", ".join(f"{start}:{stop}" for start, stop in box)


def is_within(box: Box, shape: Sequence[int]) -> bool:
    """Return whether a box is a part of a tensor of that shape."""
    return len(box) == len(shape) and all(0 <= a <= b <= dim for (a, b), dim in zip(box, shape, strict=True))


def intersection(a: Box, b: Box) -> Box | None:
    """Return the intersection of two boxes, None when it is empty."""
    box = tuple((max(s, u), min(t, v)) for (s, t), (u, v) in zip(a, b, strict=True))
    return box if all(start < stop for start, stop in box) else None


def within(box: Box, frame: Box) -> tuple[slice, ...]:
    """Return the index of a box in an array that holds another one, `frame`."""
    return tuple(slice(start - origin, stop - origin) for (start, stop), (origin, _) in zip(box, frame, strict=True))


def bands(shape: Sequence[int], itemsize: int, nbytes: int = CHUNK_NBYTES) -> Iterator[Box]:
    """Divide a tensor into consecutive runs of elements that are boxes.

    Parameters
    ----------
    shape : sequence of int
    itemsize : int
        Bytes per element.
    nbytes : int
        What a run takes at most, beyond one element.

    Yields
    ------
    Box
        In C order: one index each of some leading axes, a range of the next, all of the rest. None at all for a
        tensor without elements.
    """
    if not math.prod(shape):
        return
    axis, row_nbytes = 0, math.prod(shape) * itemsize
    while axis < len(shape):
        row_nbytes //= shape[axis]
        if row_nbytes <= nbytes:
            break
        axis += 1
    if axis == len(shape):
        yield from (tuple((i, i + 1) for i in index) for index in product(*map(range, shape)))
        return
    num_rows = max(1, nbytes // row_nbytes)
    inner = whole(shape[axis + 1 :])
    for outer in product(*map(range, shape[:axis])):
        for start in range(0, shape[axis], num_rows):
            stop = min(start + num_rows, shape[axis])
            yield (*((index, index + 1) for index in outer), (start, stop), *inner)


def in_sequence(parts: Iterable[tuple[Box, T]], shape: Sequence[int]) -> list[T] | None:
    """Return the parts in C order when each is one run of values that begins where the one before it ends, else None.

    Parameters
    ----------
    parts : iterable of (Box, object)
        None of them empty.
    shape : sequence of int
        Of the whole.
    """
    ordered, position = sorted(parts, key=lambda part: [start for start, _ in part[0]]), 0
    for box, _ in ordered:
        axis = next((a for a, (start, stop) in enumerate(box) if stop - start > 1), len(box))
        first = 0
        for (start, _), dim in zip(box, shape, strict=True):
            first = first * dim + start
        if first != position or box[axis + 1 :] != whole(shape[axis + 1 :]):
            return None
        position += num_elements(box)
    return [part for _, part in ordered]


def is_tiling(boxes: Iterable[Box], shape: Sequence[int]) -> bool:
    """Return whether boxes cover a tensor and no two of them overlap.

    Raises
    ------
    LimitError
        As `overlapping`.
    """
    kept = [box for box in boxes if num_elements(box)]
    if sum(map(num_elements, kept)) != math.prod(shape) or not all(is_within(box, shape) for box in kept):
        return False
    return in_sequence([(box, None) for box in kept], shape) is not None or overlapping(kept) is None


def overlapping(boxes: Iterable[Box]) -> tuple[Box, Box] | None:
    """Return two boxes that share an element, None when no two do.

    Divides space, and with it the boxes, until one is left on each side: O(n log n), however they were partitioned.

    Raises
    ------
    LimitError
        They lie crosswise to an extent that no partitioning leads to.
    """
    kept = [box for box in boxes if num_elements(box)]
    groups, num_visited = [kept], 0
    while groups:
        group = groups.pop()
        if len(group) < 2:
            continue
        num_visited += len(group)
        if num_visited > _MAX_VISITS * len(kept):
            what = f"the number of comparisons of {len(kept):,} slices that lie crosswise"
            raise LimitError(what, num_visited, _MAX_VISITS * len(kept))
        halves = _halves(group)
        if halves is None:
            return group[0], group[1]
        groups += halves
    return None


def _halves(boxes: Sequence[Box]) -> tuple[list[Box], list[Box]] | None:
    """Cut space so that both sides have few boxes, those that are cut in both; None when all share an element."""
    best = None
    for axis in range(len(boxes[0])):
        starts = sorted([box[axis][0] for box in boxes])
        first_stop = min([box[axis][1] for box in boxes])
        if first_stop > starts[-1]:
            continue
        cut = max(starts[len(starts) // 2], first_stop)
        halves = [box for box in boxes if box[axis][0] < cut], [box for box in boxes if box[axis][1] > cut]
        if best is None or max(map(len, halves)) < max(map(len, best)):
            best = halves
        if len(halves[0]) + len(halves[1]) == len(boxes):
            break
    return best
