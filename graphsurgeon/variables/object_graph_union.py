"""The union of object graphs of TensorFlow 2 checkpoints.

Two objects are one when the same way leads to them from both roots. The union has all references, values and slots of
both; where the first has another value, or another object, under the same name, the first one's stays.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, object_graph_text
from graphsurgeon.variables.object_graph_removal import holders, reached_objects
from proto_utils import schema


def unite_object_graphs(
    merged: dict[str, Tensor], parts: Sequence[tuple[Mapping[str, Tensor], str]], *, keeps_root: bool = True
) -> list[str]:
    """Put the union of the object graphs of checkpoints, each given with a scope, into one that holds all their values.

    The objects of a checkpoint with a scope are below it, those of the first also where they were if that `keeps_root`.
    Returns the keys to which no way leads any more.
    """
    texts = [(text, scope) for tensors, scope in parts if (text := object_graph_text(tensors)) is not None]
    if len(texts) < 2:
        return []
    (first, scope), *others = [(schema.parse(schema.TrackableObjectGraph, text), scope) for text, scope in texts]
    if keeps_root:
        lead_to_root(first, scope)
    else:
        first = below(first, scope)
    lost = [key for other, scope in others for key in unite(first, below(other, scope)) if key in merged]
    merged[OBJECT_GRAPH_KEY] = StringTensor(merged[OBJECT_GRAPH_KEY].shape, [schema.serialize(first)])
    return list(dict.fromkeys(lost))


def below(message: Any, scope: str) -> Any:
    """Return a TrackableObjectGraph whose root leads to that of another one by way of a scope."""
    made = type(message)()
    names = [name for name in scope.split("/") if name]
    for number, name in enumerate(names):
        made.nodes.add().children.add(node_id=number + 1, local_name=name)
    numbers = {number: number + len(names) for number in range(len(message.nodes))}
    for node in message.nodes:
        copy = made.nodes.add()
        copy.CopyFrom(node)
        _renumber(copy, numbers)
    return made


def lead_to_root(message: Any, scope: str) -> None:
    """Add a way from the root by a scope to the root itself: all is found below the scope, and where it was."""
    names = [name for name in scope.split("/") if name]
    if not message.nodes or not names or any(child.local_name == names[0] for child in message.nodes[0].children):
        return
    parent = 0
    for name in names[:-1]:
        message.nodes[parent].children.add(node_id=len(message.nodes), local_name=name)
        parent = len(message.nodes)
        message.nodes.add()
    message.nodes[parent].children.add(node_id=0, local_name=names[-1])


def unite(first: Any, second: Any) -> list[str]:
    """Add to a TrackableObjectGraph what another one has; return the keys that no way leads to in the union.

    A number of no object is a CorruptionError.
    """
    for message in (first, second):
        holders(message)
    if not first.nodes:
        first.CopyFrom(second)
        return []
    same = _same(first, second)
    added = [number for number in range(len(second.nodes)) if number not in same]
    numbers = {**same, **{number: len(first.nodes) + position for position, number in enumerate(added)}}
    for number in added:
        node = first.nodes.add()
        node.CopyFrom(second.nodes[number])
        _renumber(node, numbers)
    lost = [key for number, into in same.items() for key in _add(first.nodes[into], second.nodes[number], numbers)]
    holding, reached = holders(first), reached_objects(first)
    for number, node in enumerate(first.nodes):
        if node.HasField("has_checkpoint_values"):
            node.has_checkpoint_values.value = number in holding
    unreached = (second.nodes[number] for number in added if numbers[number] not in reached)
    lost += [attribute.checkpoint_key for node in unreached for attribute in node.attributes]
    there = {attribute.checkpoint_key for number in reached for attribute in first.nodes[number].attributes}
    return [key for key in lost if key not in there]


def _same(first: Any, second: Any) -> dict[int, int]:
    """Return the object of the first that each of the second is, as far as the same way leads to both."""
    found = {0: 0} if second.nodes else {}
    waiting = deque(found)
    while waiting:
        number = waiting.popleft()
        children = {child.local_name: child.node_id for child in first.nodes[found[number]].children}
        for child in second.nodes[number].children:
            if child.local_name in children and child.node_id not in found:
                found[child.node_id] = children[child.local_name]
                waiting.append(child.node_id)
    # Only an optimizer leads to its slots.
    for number, into in list(found.items()):
        slots = first.nodes[into].slot_variables
        there = {(slot.original_variable_node_id, slot.slot_name): slot.slot_variable_node_id for slot in slots}
        for slot in second.nodes[number].slot_variables:
            own = there.get((found.get(slot.original_variable_node_id, -1), slot.slot_name))
            if own is not None:
                found.setdefault(slot.slot_variable_node_id, own)
    return found


def _add(node: Any, other: Any, numbers: Mapping[int, int]) -> Iterator[str]:
    """Add to an object what the same one has in another graph; yield the keys of values that it has other ones of."""
    names = {child.local_name for child in node.children}
    for child in other.children:
        if child.local_name not in names:
            node.children.add(node_id=numbers[child.node_id], local_name=child.local_name)
    keys = {attribute.name: attribute.checkpoint_key for attribute in node.attributes}
    for attribute in other.attributes:
        if attribute.name not in keys:
            node.attributes.add().CopyFrom(attribute)
        elif keys[attribute.name] != attribute.checkpoint_key:
            yield attribute.checkpoint_key
    slots = {(slot.original_variable_node_id, slot.slot_name) for slot in node.slot_variables}
    for slot in other.slot_variables:
        copy = type(slot)()
        copy.CopyFrom(slot)
        copy.original_variable_node_id = numbers[slot.original_variable_node_id]
        copy.slot_variable_node_id = numbers[slot.slot_variable_node_id]
        if (copy.original_variable_node_id, copy.slot_name) not in slots:
            node.slot_variables.add().CopyFrom(copy)
    if other.HasField("registered_saver") and not node.HasField("registered_saver"):
        node.registered_saver.CopyFrom(other.registered_saver)


def _renumber(node: Any, numbers: Mapping[int, int]) -> None:
    for child in node.children:
        child.node_id = numbers[child.node_id]
    for slot in node.slot_variables:
        slot.original_variable_node_id = numbers[slot.original_variable_node_id]
        slot.slot_variable_node_id = numbers[slot.slot_variable_node_id]
