"""Partitioned variables whose parts are saved under names of their own: ``w/part_0``, ``w/part_1`` and so on.

TensorFlow 1 names the variables of a partitioned one so, and its Saver saves them as slices of ``w``. Programs that
list variables by name, and converters, save each for itself. Then only names and shapes tell what belongs together::

    w/part_0        [2, 4]       w         [3, 4]     one behind the other along the axis in which they may differ
    w/part_1        [1, 4]
    w/part_0/Adam   [2, 4]       w/Adam    [3, 4]     slots of optimizers are named after their part

Source: TensorFlow's ``python/ops/partitioned_variables.py`` and ``python/training/slot_creator.py``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from graphsurgeon.tensors.boxes import Box

_PART = re.compile(r"(?P<whole>.+)/part_(?P<number>0|[1-9]\d{0,8})(?P<rest>(?:/.+)?)")


def split_part_name(name: str) -> tuple[str, int] | None:
    """Return the name of the whole and the number of a part, None of a name that is of no part."""
    match = _PART.fullmatch(name)
    return None if match is None else (match["whole"] + match["rest"], int(match["number"]))


def part_name(whole: str, number: int, rest: str = "") -> str:
    """Return the name of a part; `rest` is what a slot adds to the name of its variable."""
    return f"{whole}/part_{number}{rest}"


def named_parts(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names of parts in their order, by that of the whole: those that are numbered from 0 without a gap."""
    return {
        whole: [parts[number] for number in range(len(parts))]
        for whole, parts in _by_whole(names).items()
        if max(parts) == len(parts) - 1
    }


def broken_parts(names: Iterable[str]) -> dict[str, int]:
    """Return the number of the first part that is missing, by the name of the whole: of two parts or more."""
    return {
        whole: next(number for number in itertools.count() if number not in parts)
        for whole, parts in _by_whole(names).items()
        if 1 < len(parts) <= max(parts)
    }


def _by_whole(names: Iterable[str]) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for name in names:
        part = split_part_name(name)
        if part is not None:
            found.setdefault(part[0], {})[part[1]] = name
    return found


def joined_shape(shapes: Sequence[Sequence[int]], axis: int) -> tuple[int, ...] | None:
    """Return the shape of parts that lie one behind the other along an axis, None when they cannot."""
    first = shapes[0]
    # Of another rank they may be alike in all other dimensions: a scalar beside a vector.
    if not 0 <= axis < len(first) or any(len(shape) != len(first) for shape in shapes):
        return None
    others = [[dim for number, dim in enumerate(shape) if number != axis] for shape in shapes]
    if any(other != others[0] for other in others):
        return None
    return tuple(sum(shape[axis] for shape in shapes) if number == axis else dim for number, dim in enumerate(first))


def axes_of(shapes: Sequence[Sequence[int]]) -> list[int]:
    """Return the axes along which parts can lie: the only one in which they differ, all when they are alike."""
    if any(len(shape) != len(shapes[0]) for shape in shapes):
        return []
    return [axis for axis in range(len(shapes[0])) if joined_shape(shapes, axis) is not None]


def axis_towards(shapes: Sequence[Sequence[int]], whole: Sequence[int]) -> int | None:
    """Return the axis along which parts make a whole of that shape, None when they do not."""
    return next((axis for axis in axes_of(shapes) if joined_shape(shapes, axis) == tuple(whole)), None)


def boxes_of(shapes: Sequence[Sequence[int]], axis: int) -> list[Box]:
    """Return where parts lie in the whole."""
    bounds = itertools.pairwise(itertools.accumulate((shape[axis] for shape in shapes), initial=0))
    return [tuple(bound if number == axis else (0, dim) for number, dim in enumerate(shapes[0])) for bound in bounds]
