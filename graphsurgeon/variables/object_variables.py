"""The variables among the objects of a SavedModel of TensorFlow 2, by the keys of its checkpoint.

The SavedObjectGraph beside the graph and the TrackableObjectGraph in the checkpoint number the same objects each in its
own way. ``tf.saved_model.load`` restores them as it does any checkpoint: it walks both from the roots, along the names
that objects have for each other, and optimizers for their slots.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from graphsurgeon.ir.model import Model
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, ObjectGraph, read_object_graph


def object_variables_by_key(model: Model) -> dict[str, list[int]]:
    """Return the numbers of a SavedModel's variables by the key that each is restored from; empty without objects.

    Errors as `read_object_graph`. Costs O(objects and references).
    """
    if not has_object_variables(model) or OBJECT_GRAPH_KEY not in model.variables:
        return {}
    assert model.meta is not None
    objects, nodes = read_object_graph(model.variables), model.meta.object_graph_def.nodes
    found: dict[str, list[int]] = {}
    for number, other in _pairs(nodes, objects) if objects is not None and len(objects) else ():
        for each in objects.saved_by(other) if objects is not None and nodes[number].HasField("variable") else ():
            found.setdefault(each.key, []).append(number)
    return found


def has_object_variables(model: Model) -> bool:
    """Whether variables are among the objects of a SavedModel."""
    meta = model.meta
    return meta is not None and any(node.HasField("variable") for node in meta.object_graph_def.nodes)


def _pairs(nodes: Any, objects: ObjectGraph) -> Iterator[tuple[int, int]]:
    """Yield the numbers of the same objects, that of the SavedModel first."""
    slots = {(slot.optimizer, slot.original, slot.slot_name): number for number, slot in objects.slots.items()}
    found, optimizers = {0: 0}, []
    waiting = deque([0])
    while waiting:
        number = waiting.popleft()
        other = found[number]
        yield number, other
        named = dict(objects.children(other))
        pairs = [(child.node_id, named.get(child.local_name)) for child in nodes[number].children]
        if nodes[number].slot_variables:
            optimizers.append(number)
        if not waiting:
            pairs += [
                (slot.slot_variable_node_id, slots.get((found[each], found[original], slot.slot_name)))
                for each in optimizers
                for slot in nodes[each].slot_variables
                if (original := slot.original_variable_node_id) in found
            ]
        for own, there in pairs:
            if there is not None and own not in found and 0 <= own < len(nodes):
                found[own] = there
                waiting.append(own)
