"""Lists of variables that objects of a SavedModel keep: Keras writes what is trained as such lists.

::

    variables                 [kernel, bias, mean]      all, in their order
    trainable_variables       [kernel, bias]            what an optimizer is given after `tf.saved_model.load`
    non_trainable_variables   [mean]

A layer that Keras 3 was told not to train is out of the second list, while its variables go on saying that they are
trained. The checkpoint has the same objects and lists: those of the two that lie at the end of one way from the root.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, object_graph_text
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

_ALL, _TRAINED, _OTHERS = "variables", "trainable_variables", "non_trainable_variables"


class _Owner(NamedTuple):
    """An object with such lists: its number, and those of the lists by their names."""

    number: int
    lists: dict[str, int]


def listed_as_trained(meta: schema.MetaGraphDef) -> dict[int, bool]:
    """Return which variables the lists of objects say are trained, by their numbers; the lists of the root decide."""
    found: dict[int, bool] = {}
    graph = meta.object_graph_def
    for owner in _owners(graph):
        trained = set(_elements(graph, owner.lists[_TRAINED]))
        for number in _elements(graph, owner.lists[_ALL]):
            found.setdefault(number, number in trained)
    return found


def list_as_trained(model: Model, choices: Mapping[int, bool], operation: str) -> None:
    """Take variables, by the numbers of their objects, into the lists of what is trained, or out of them.

    The object graph in the checkpoint follows. What is not in the list of all variables is a PassError.
    """
    if model.meta is None:
        return
    graph = model.meta.object_graph_def
    changes: dict[int, dict[str, list[int]]] = {}
    for owner in _owners(graph):
        order = _elements(graph, owner.lists[_ALL])
        before = _elements(graph, owner.lists[_TRAINED])
        if not set(before) <= set(order) or owner.lists[_ALL] == owner.lists[_TRAINED]:
            if not choices.keys().isdisjoint([*order, *before]):
                reason = f"object {owner.number} of the SavedModel lists trained variables that are not among all"
                raise PassError(operation, reason)
            continue
        after = [number for number in order if choices.get(number, number in before)]
        if set(after) != set(before):
            places = {number: place for place, number in enumerate(order)}
            changes[owner.number] = {
                _TRAINED: [places[number] for number in after],
                _OTHERS: [places[number] for number in order if number not in set(after)],
            }
    if changes:
        text = object_graph_text(model.variables)
        saved = None if text is None else schema.parse(schema.TrackableObjectGraph, text)
        there = {} if saved is None else _counterparts(graph, saved, changes, operation)
        _relist(graph, changes)
        if saved is not None:
            _relist(saved, there)
            shape = model.variables[OBJECT_GRAPH_KEY].shape
            model.variables[OBJECT_GRAPH_KEY] = StringTensor(shape, [schema.serialize(saved)])


def _owners(graph: Any) -> Iterator[_Owner]:
    for number, node in enumerate(graph.nodes):
        children = {child.local_name: child.node_id for child in node.children}
        if _ALL in children and _TRAINED in children:
            lists = {name: children[name] for name in (_ALL, _TRAINED, _OTHERS) if name in children}
            if all(_is_list(graph, each) for each in lists.values()):
                yield _Owner(number, lists)


def _is_list(graph: Any, number: int) -> bool:
    if not 0 <= number < len(graph.nodes):
        return False
    children = graph.nodes[number].children
    return all(
        child.local_name == str(place) and 0 <= child.node_id < len(graph.nodes) for place, child in enumerate(children)
    )


def _elements(graph: Any, number: int) -> list[int]:
    return [child.node_id for child in graph.nodes[number].children]


def _counterparts(
    graph: Any, saved: Any, changes: Mapping[int, dict[str, list[int]]], operation: str
) -> dict[int, dict[str, list[int]]]:
    """Return the changes by the objects of the checkpoint: those to which the same ways lead."""
    owners = {owner.number: owner for owner in _owners(saved)}
    pairs, waiting = {0: 0}, deque([0])
    while waiting:
        here = waiting.popleft()
        if not (here < len(graph.nodes) and pairs[here] < len(saved.nodes)):
            continue
        ways = {child.local_name: child.node_id for child in saved.nodes[pairs[here]].children}
        for child in graph.nodes[here].children:
            if child.local_name in ways and child.node_id not in pairs and 0 <= child.node_id < len(graph.nodes):
                pairs[child.node_id] = ways[child.local_name]
                waiting.append(child.node_id)
    found = {}
    for number, change in changes.items():
        owner = owners.get(pairs.get(number, -1))
        if owner is None or len(_elements(saved, owner.lists[_ALL])) != sum(map(len, change.values())):
            reason = f"the checkpoint has no object like object {number} of the SavedModel, which lists what is trained"
            raise PassError(operation, reason)
        found[owner.number] = change
    return found


def _relist(graph: Any, changes: Mapping[int, Mapping[str, Sequence[int]]]) -> None:
    for owner in [each for each in _owners(graph) if each.number in changes]:
        order = _elements(graph, owner.lists[_ALL])
        for name, places in changes[owner.number].items():
            if name in owner.lists:
                children = graph.nodes[owner.lists[name]].children
                del children[:]
                for position, place in enumerate(places):
                    children.add(local_name=str(position), node_id=order[place])
