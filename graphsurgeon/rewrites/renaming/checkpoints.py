"""Renaming in a checkpoint: its keys, and the object graph when it has one.

A tensor under another key is the same tensor, so a writer that links data files has nothing to write but the index.
In the object graph of a TensorFlow 2 checkpoint the keys are kept true, and the full names, by which a saver of
TensorFlow 1 finds a variable there, are renamed by the same rule. The references between objects, by which
``tf.train.Checkpoint`` finds it, follow the keys where they can; not in a SavedModel, which has them a second time.

TensorFlow refuses an object graph with a key that does not say where the object ends and its value begins. A value with
such a name is nobody's any more: it is found by its name, and its object is seen to be missing.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from graphsurgeon.names import some_of
from graphsurgeon.rewrites.renaming.new_names import ChangedNames, NewNames
from graphsurgeon.rewrites.renaming.object_paths import rename_references
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.object_graph import ATTRIBUTES, OBJECT_GRAPH_KEY, object_graph_text
from graphsurgeon.variables.object_graph_keys import update_object_graph
from proto_utils import schema

_MAX_LISTED = 3


def renamed_tensors(
    tensors: Mapping[str, Tensor], new: NewNames, keys: ChangedNames, *, keeps_paths: bool = False
) -> tuple[dict[str, Tensor], list[str]]:
    """Return the tensors under their new keys, and notes on what objects do not follow.

    `keys` are those that change; with `keeps_paths` the references between objects do not. An object graph that does
    not parse is a CorruptionError, one longer than `object_graph.MAX_NBYTES` a LimitError.
    """
    # Where all change, as they do in a scope, none is looked up.
    are_all = len(keys) == len(tensors) and all(map(operator.is_, keys.old, tensors))
    names = keys.new if are_all else map(keys.get, tensors, tensors)
    found = dict(zip(names, tensors.values(), strict=True))
    if OBJECT_GRAPH_KEY not in found:
        return found, []
    plain: dict[str, str] = {}
    if not keeps_paths:
        plain = {old: now for old, now in keys.items() if ATTRIBUTES in old and ATTRIBUTES not in now}
    objects = {old: None if old in plain else now for old, now in keys.items()}
    if not update_object_graph(found, objects):
        plain = {}
    notes = _rename_objects(found, new, {} if keeps_paths else {old: now for old, now in objects.items() if now})
    return found, [*_plain_notes([*plain.values()]), *notes]


def _plain_notes(plain: list[str]) -> list[str]:
    if not plain:
        return []
    count = "1 value has a key" if len(plain) == 1 else f"{len(plain):,} values have keys"
    return [
        f"{count} without {ATTRIBUTES.strip('/')}, by which tf.train.Checkpoint finds none: out of the object graph, "
        f"there by name only ({some_of(plain, _MAX_LISTED)})"
    ]


def _rename_objects(tensors: dict[str, Tensor], new: NewNames, keys: Mapping[str, str]) -> list[str]:
    text = object_graph_text(tensors)
    if text is None:
        return []
    message = schema.parse(schema.TrackableObjectGraph, text)
    is_changed = _rename_full_names(message, new)
    notes = rename_references(message, keys) if keys else []
    after = schema.serialize(message)
    if is_changed or (keys and after != text):
        tensors[OBJECT_GRAPH_KEY] = StringTensor(tensors[OBJECT_GRAPH_KEY].shape, [after])
    return notes


def _rename_full_names(message: Any, new: NewNames) -> bool:
    """Give a TrackableObjectGraph new full names; return whether any changed."""
    is_changed = False
    for node in message.nodes:
        for attribute in node.attributes:
            old = attribute.full_name
            if old and new(old) != old:
                attribute.full_name = new(old)
                is_changed = True
    return is_changed
