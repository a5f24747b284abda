"""Matching requirements of a graph to tensors of a checkpoint: by rules, by names, by suggestions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from graphsurgeon.rewrites.renaming.name_map import Entry
from graphsurgeon.tensors.joined import JoinedTensor
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.fit.likeness import Item
from graphsurgeon.tools.fit.name_map import mapped_names
from graphsurgeon.tools.fit.object_matching import KeyMatch, matches_of_objects
from graphsurgeon.tools.fit.requirements import VALUE_END, Requirement
from graphsurgeon.tools.fit.suggestions import Suggestion, suggest
from graphsurgeon.variables.named_parts import axes_of, boxes_of, joined_shape, named_parts
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, read_object_graph
from graphsurgeon.variables.object_names import ObjectNames


class Weights:
    """The tensors of a checkpoint by key, without the object graph, and their keys by all `names`.

    The names are the keys; of a TensorFlow 2 checkpoint also the full names of variables, and the ways to them without
    what is at their ends; where there are ``w/part_0``, ``w/part_1`` ... also ``w``, which is made of them. Values are
    looked up once each, so that they stay the same objects. What is lost with a data file keeps its names, so that
    nothing else takes its place; an object graph that is lost `has_lost_objects`.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.tensors = {key: tensor for key, tensor in tensors.items() if key != OBJECT_GRAPH_KEY}
        self.names = {key: key for key in self.tensors}
        self._said: dict[str, str] = {}
        graph = tensors.get(OBJECT_GRAPH_KEY)
        self.has_lost_objects = graph is not None and graph.fault is not None
        objects = None if self.has_lost_objects else read_object_graph(tensors)
        self.objects = None if objects is None else ObjectNames(objects)
        for name, key in objects.full_names().items() if objects is not None else ():
            if key in self.tensors:
                self.names.setdefault(name, key)
                self._said.setdefault(key, name)
        for key in self.tensors:
            if key.endswith(VALUE_END):
                self.names.setdefault(key.removesuffix(VALUE_END), key)
                self._said.setdefault(key, key.removesuffix(VALUE_END))
        self._wholes = {whole: parts for whole, parts in named_parts(self.tensors).items() if parts[1:]}
        self._made: dict[str, tuple[Tensor, Sequence[str]]] = {}
        for whole in self._wholes:
            self.names.setdefault(whole, whole)

    def tensor(self, key: str, wanted: Sequence[int | None] | None = None) -> Tensor:
        """Return what is under a key, or made of what is; of parts, which may lie along several axes, as `wanted`."""
        if key in self._made:
            return self._made[key][0]
        return self.tensors[key] if key in self.tensors else _joined(self._parts(key), wanted)

    def make(self, key: str, tensor: Tensor, of: Sequence[str]) -> None:
        """Add a tensor that is made of others under these keys."""
        self._made[key] = (tensor, of)

    def used_by(self, key: str) -> Sequence[str]:
        """Return the keys of the checkpoint that a tensor is made of."""
        return self._made[key][1] if key in self._made else self._wholes.get(key, [key])

    def _parts(self, whole: str) -> list[Tensor]:
        return [self.tensors[part] for part in self._wholes[whole]]

    def item(self, key: str) -> Item:
        """Return a tensor as suggestions see it."""
        tensor = self.tensor(key)
        return Item(key, self._said.get(key, key), tensor.dtype.name, tensor.shape)


def _joined(parts: Sequence[Tensor], wanted: Sequence[int | None] | None) -> Tensor:
    """Return parts put together; the first of those that cannot be, which then does not fit."""
    shapes = [part.shape for part in parts]
    axes = axes_of(shapes)
    if not axes or any(part.dtype is not parts[0].dtype for part in parts):
        return parts[0]
    made = {axis: joined_shape(shapes, axis) or () for axis in axes}
    axis = next((axis for axis, shape in made.items() if wanted is not None and shape == tuple(wanted)), axes[0])
    joined = JoinedTensor(made[axis], list(zip(boxes_of(shapes, axis), parts, strict=True)))
    # In one piece, not in slices.
    return ReshapedTensor(joined, joined.shape)


def wanted_item(requirement: Requirement) -> Item:
    """Return a requirement as suggestions see it: by the name of its variable, if it has one."""
    name = requirement.names[1] if requirement.key.endswith(VALUE_END) and requirement.names[1:] else requirement.key
    return Item(requirement.key, name, requirement.dtype.name, requirement.shape)


def matches_by_name(wanted: Sequence[Requirement], weights: Weights, rules: Sequence[Entry]) -> dict[str, KeyMatch]:
    """Match by rules, and what these leave by name, by the requirement's key; errors are those of `mapped_names`."""
    mapped = mapped_names(rules, weights.names)
    found: dict[str, KeyMatch] = {}
    for each in wanted:
        name = next((name for name in each.names if name in mapped), None)
        if name is not None:
            found[each.key] = KeyMatch(mapped[name].key, f"map {mapped[name].rule}")
    if weights.objects is not None and any(each.paths for each in wanted):
        return matches_of_objects(wanted, weights.tensors, weights.objects, found)
    # What went elsewhere by a rule is not what its old name says any more.
    moved = {match.key for match in found.values()}
    for each in wanted:
        match = None if each.key in found else _by_name(each, weights)
        if match is not None and match.key not in moved:
            found[each.key] = match
    return found


def suggested(
    wanted: Sequence[Requirement],
    weights: Weights,
    found: Mapping[str, KeyMatch],
    fits: Callable[[Item, Item], bool] = lambda _wanted, _found: True,
) -> dict[str, Suggestion]:
    """Suggest tensors that are not used, and fit, for requirements that have none, by the requirement's key."""
    used = {key for match in found.values() for key in weights.used_by(match.key)}
    left = [weights.item(key) for key, tensor in weights.tensors.items() if key not in used and tensor.fault is None]
    # A slot goes where its variable goes, or is missing.
    is_free = weights.objects is None
    open_items = [wanted_item(each) for each in wanted if each.key not in found and (is_free or each.slot_of is None)]
    return {each.wanted: each for each in suggest(open_items, left, fits)} if left and open_items else {}


def _by_name(requirement: Requirement, weights: Weights) -> KeyMatch | None:
    for name in requirement.names:
        key = weights.names.get(name)
        if key is not None:
            why = "name" if key == requirement.key else f"the variable's name, {name}"
            count = len(weights.used_by(key))
            return KeyMatch(key, why if count == 1 else f"{why}; {count} parts put together")
    return None
