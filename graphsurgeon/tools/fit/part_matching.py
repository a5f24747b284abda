"""Partitioned variables whose parts have names of their own, on either side.

A graph that wants ``w`` takes ``w/part_0``, ``w/part_1`` ... of a checkpoint put together; one that wants these takes
``w`` cut, and parts of other lengths put together and cut. The axis is the one along which the wanted shape comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from graphsurgeon.rewrites.renaming.name_map import Entry
from graphsurgeon.tensors.boxes import format_box
from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tools.fit.matching import Weights, matches_by_name
from graphsurgeon.tools.fit.object_matching import KeyMatch
from graphsurgeon.tools.fit.requirements import Requirement
from graphsurgeon.variables.named_parts import axes_of, boxes_of, joined_shape, named_parts, split_part_name


def matches_of_parts(
    wanted: Sequence[Requirement],
    weights: Weights,
    rules: Sequence[Entry],
    is_settled: Callable[[Requirement], bool],
) -> dict[str, KeyMatch]:
    """Match parts that a graph wants, and of which not each is settled, to what their whole matches, by key."""
    by_key = {each.key: each for each in wanted}
    found: dict[str, KeyMatch] = {}
    wholes: dict[str, list[Requirement]] = {}
    for whole, keys in named_parts(by_key).items():
        parts = [by_key[key] for key in keys]
        if len(parts) > 1 and not all(map(is_settled, parts)):
            wholes[whole] = parts
    requirements = [_whole(whole, parts) for whole, parts in wholes.items()]
    for whole, match in matches_by_name(requirements, weights, rules).items() if requirements else ():
        found |= dict(_cut(wholes[whole], match, weights))
    return found


def _whole(whole: str, parts: Sequence[Requirement]) -> Requirement:
    names = [split[0] for name in parts[0].names if (split := split_part_name(name)) is not None]
    return Requirement(whole, parts[0].dtype, None, names=[*dict.fromkeys([whole, *names])])


def _cut(parts: Sequence[Requirement], match: KeyMatch, weights: Weights) -> Iterator[tuple[str, KeyMatch]]:
    """Yield the match of each part, whose tensor is a slice; none when the parts do not make up the whole."""
    shapes = [each.full_shape for each in parts]
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(parts):
        return
    for axis in axes_of(known):
        tensor = weights.tensor(match.key, joined_shape(known, axis))
        if tensor.shape == joined_shape(known, axis):
            for each, box in zip(parts, boxes_of(known, axis), strict=True):
                key = f"{match.key}[{format_box(box)}]"
                weights.make(key, SlicedTensor.of_box(tensor, box), weights.used_by(match.key))
                yield each.key, KeyMatch(key, f"{match.why}; a slice of {match.key}")
            return
