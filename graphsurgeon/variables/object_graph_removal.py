"""Taking objects out of the object graph of a TensorFlow 2 checkpoint whose values went.

``tf.train.Checkpoint`` takes an object that the graph has for restored, whether or not a value was saved for it. So an
object that held values, itself or below, and holds none now is not to be found any more: what is left is the graph
that TensorFlow writes for a program without these objects, to the number of every object. Objects that never held a
value, such as empty lists, stay where a way leads to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from proto_utils.errors import CorruptionError


def holders(message: Any) -> set[int]:
    """Return the objects of a TrackableObjectGraph that hold values: by themselves, or by what they refer to.

    A number of no object is a CorruptionError.
    """
    parents = defaultdict(list)
    for number, node in enumerate(message.nodes):
        for child in node.children:
            parents[child.node_id].append(number)
        beyond = [other for other in _references(node) if not 0 <= other < len(message.nodes)]
        if beyond:
            raise CorruptionError(f"object graph: object {number} refers to object {beyond[0]} of {len(message.nodes)}")
    found = {
        number
        for number, node in enumerate(message.nodes)
        if node.attributes or node.slot_variables or node.HasField("registered_saver")
    }
    waiting = list(found)
    while waiting:
        new = [parent for parent in parents[waiting.pop()] if parent not in found]
        found.update(new)
        waiting += new
    return found


def remove_emptied(message: Any, before: Collection[int]) -> None:
    """Take out of a TrackableObjectGraph what held values `before` and does not now, and what only that led to.

    A slot that still has a value keeps its variable as an object to which nothing else leads.
    """
    holding, reached = holders(message), reached_objects(message)
    emptied = set(before) - holding - {0}
    _remove_children(message, emptied)
    removed = (reached | emptied) - reached_objects(message)
    _remove_children(message, removed)
    for number, node in enumerate(message.nodes):
        if node.HasField("has_checkpoint_values"):
            node.has_checkpoint_values.value = number in holding
    _remove_nodes(message, removed)


def reached_objects(message: Any) -> set[int]:
    """Return the objects of a TrackableObjectGraph to which a way leads from the root, also those of slots."""
    found = {0} if message.nodes else set()
    waiting = list(found)
    while waiting:
        new = set(_references(message.nodes[waiting.pop()])) - found
        found |= new
        waiting += new
    return found


def _references(node: Any) -> Iterator[int]:
    for child in node.children:
        yield child.node_id
    for slot in node.slot_variables:
        yield slot.original_variable_node_id
        yield slot.slot_variable_node_id


def _remove_children(message: Any, numbers: Collection[int]) -> None:
    """Take out the references to objects that are not of slots."""
    for node in message.nodes if numbers else ():
        kept = [child for child in node.children if child.node_id not in numbers]
        if len(kept) < len(node.children):
            copies = type(node)(children=kept)
            del node.children[:]
            node.children.extend(copies.children)


def _remove_nodes(message: Any, numbers: Collection[int]) -> None:
    """Take out objects that are nobody's children, and number the others anew."""
    if not numbers:
        return
    kept = [number for number in range(len(message.nodes)) if number not in numbers]
    new = {number: position for position, number in enumerate(kept)}
    copies = type(message)(nodes=[message.nodes[number] for number in kept])
    del message.nodes[:]
    message.nodes.extend(copies.nodes)
    for node in message.nodes:
        for child in node.children:
            child.node_id = new[child.node_id]
        for position in reversed(range(len(node.slot_variables))):
            slot = node.slot_variables[position]
            if slot.original_variable_node_id in numbers or slot.slot_variable_node_id in numbers:
                # Of an optimizer to which no way leads.
                del node.slot_variables[position]
                continue
            slot.original_variable_node_id = new[slot.original_variable_node_id]
            slot.slot_variable_node_id = new[slot.slot_variable_node_id]
