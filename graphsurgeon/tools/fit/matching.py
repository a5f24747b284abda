"""Matching requirements of a graph to tensors of a checkpoint: by rules, by names, by suggestions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphsurgeon.rewrites.renaming.name_map import Entry
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.fit.likeness import Item
from graphsurgeon.tools.fit.name_map import mapped_names
from graphsurgeon.tools.fit.object_matching import KeyMatch, matches_of_objects
from graphsurgeon.tools.fit.requirements import VALUE_END, Requirement
from graphsurgeon.tools.fit.suggestions import Suggestion, suggest
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, read_object_graph
from graphsurgeon.variables.object_names import ObjectNames


class Weights:
    """The tensors of a checkpoint by key, without the object graph, and their keys by all `names`.

    The names are the keys; of a TensorFlow 2 checkpoint also the full names of variables, and the ways to them without
    what is at their ends. Values are looked up once each, so that they stay the same objects.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.tensors = {key: tensor for key, tensor in tensors.items() if key != OBJECT_GRAPH_KEY}
        self.names = {key: key for key in self.tensors}
        self._said: dict[str, str] = {}
        objects = read_object_graph(tensors)
        self.objects = None if objects is None else ObjectNames(objects)
        for name, key in objects.full_names().items() if objects is not None else ():
            if key in self.tensors:
                self.names.setdefault(name, key)
                self._said.setdefault(key, name)
        for key in self.tensors:
            if key.endswith(VALUE_END):
                self.names.setdefault(key.removesuffix(VALUE_END), key)
                self._said.setdefault(key, key.removesuffix(VALUE_END))

    def item(self, key: str) -> Item:
        """Return a tensor as suggestions see it."""
        tensor = self.tensors[key]
        return Item(key, self._said.get(key, key), tensor.dtype.name, tensor.shape)


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


def suggested(wanted: Sequence[Requirement], weights: Weights, found: Mapping[str, KeyMatch]) -> dict[str, Suggestion]:
    """Suggest tensors that are not used for requirements that have none, by the requirement's key."""
    used = {match.key for match in found.values()}
    left = [weights.item(key) for key in weights.tensors if key not in used]
    # A slot goes where its variable goes, or is missing.
    is_free = weights.objects is None
    open_items = [wanted_item(each) for each in wanted if each.key not in found and (is_free or each.slot_of is None)]
    return {each.wanted: each for each in suggest(open_items, left)} if left and open_items else {}


def _by_name(requirement: Requirement, weights: Weights) -> KeyMatch | None:
    for name in requirement.names:
        key = weights.names.get(name)
        if key is not None:
            return KeyMatch(key, "name" if key == requirement.key else f"the variable's name, {name}")
    return None
