"""Keeping the object graph of a TensorFlow 2 checkpoint true when its tensors get other keys, or go.

``tf.train.Checkpoint`` finds the value of a variable by the key that the object graph notes for it. So a key that
changes must change there too. What a dropped tensor leaves behind, an attribute without a value or a slot variable
without attributes, would make restoring fail, and an object without values would pass for one that was restored.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping
from typing import Any

from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, object_graph_text
from graphsurgeon.variables.object_graph_removal import holders, remove_emptied
from proto_utils import schema

#: Some objects save their tensors under keys that begin with the one that is noted: a table two, an iterator one.
KEY_SUFFIXES = ("-keys", "-values", "_STATE")


def update_object_graph(tensors: MutableMapping[str, Tensor], new_keys: Mapping[str, str | None]) -> bool:
    """Bring a checkpoint's object graph, if it has one, in step with new keys; return whether it changed.

    For keys that are not there any more, `new_keys` has another, or None for a tensor that was dropped. The graph is
    replaced; it is a CorruptionError when it does not parse, a LimitError past `object_graph.MAX_NBYTES`.
    """
    before = object_graph_text(tensors) if new_keys else None
    if before is None:
        return False
    message = schema.parse(schema.TrackableObjectGraph, before)
    is_dropping = None in new_keys.values()
    holding = holders(message) if is_dropping else set()
    emptied = _update_keys(message, new_keys)
    if is_dropping:
        _remove_slots(message, emptied)
        remove_emptied(message, holding)
    after = schema.serialize(message)
    if after == before:
        return False
    tensors[OBJECT_GRAPH_KEY] = StringTensor(tensors[OBJECT_GRAPH_KEY].shape, [after])
    return True


def _update_keys(message: Any, new_keys: Mapping[str, str | None]) -> set[int]:
    """Give attributes their new keys, or take them out; return the objects that have none any more."""
    emptied = set()
    for number, node in enumerate(message.nodes):
        num_before = len(node.attributes)
        for position in reversed(range(num_before)):
            attribute = node.attributes[position]
            key = _new_key(attribute.checkpoint_key, new_keys)
            if key is None:
                del node.attributes[position]
            else:
                attribute.checkpoint_key = key
        if num_before and not node.attributes:
            emptied.add(number)
    return emptied


def _remove_slots(message: Any, emptied: Collection[int]) -> None:
    for node in message.nodes if emptied else ():
        for position in reversed(range(len(node.slot_variables))):
            if node.slot_variables[position].slot_variable_node_id in emptied:
                del node.slot_variables[position]


def _new_key(key: str, new_keys: Mapping[str, str | None]) -> str | None:
    if key in new_keys:
        return new_keys[key]
    for suffix in KEY_SUFFIXES:
        if key + suffix in new_keys:
            new = new_keys[key + suffix]
            return new if new is None else new.removesuffix(suffix)
    return key
