"""Renaming in a checkpoint: its keys, and the object graph when it has one.

A tensor under another key is the same tensor, so a writer that links data files has nothing to write but the index.
In the object graph of a TensorFlow 2 checkpoint the keys are kept true, and the full names, by which a saver of
TensorFlow 1 finds a variable there, are renamed by the same rule. The paths of the objects stay.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphsurgeon.rewrites.renaming.new_names import NewNames
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, object_graph_text
from graphsurgeon.variables.object_graph_keys import update_object_graph
from proto_utils import schema


def renamed_tensors(tensors: Mapping[str, Tensor], new: NewNames, keys: Mapping[str, str]) -> dict[str, Tensor]:
    """Return the tensors under their new keys.

    `keys` are those that change. An object graph that does not parse is a CorruptionError, one longer than
    `object_graph.MAX_NBYTES` a LimitError.
    """
    found = {keys.get(key, key): tensor for key, tensor in tensors.items()}
    if OBJECT_GRAPH_KEY in found:
        update_object_graph(found, keys)
        _rename_full_names(found, new)
    return found


def _rename_full_names(tensors: dict[str, Tensor], new: NewNames) -> None:
    before = object_graph_text(tensors)
    after = None if before is None else _renamed_full_names(before, new)
    if after is not None:
        tensors[OBJECT_GRAPH_KEY] = StringTensor(tensors[OBJECT_GRAPH_KEY].shape, [after])


def _renamed_full_names(text: bytes, new: NewNames) -> bytes | None:
    """Return a serialized object graph with new full names; None when none changes."""
    message = schema.parse(schema.TrackableObjectGraph, text)
    is_changed = False
    for node in message.nodes:
        for attribute in node.attributes:
            old = attribute.full_name
            if old and new(old) != old:
                attribute.full_name = new(old)
                is_changed = True
    return schema.serialize(message) if is_changed else None
