"""Object graphs of TensorFlow 2 checkpoints, made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from tests.models import floats

KERNEL, BIAS = "model/kernel/.ATTRIBUTES/VARIABLE_VALUE", "model/layers/0/b..s/.ATTRIBUTES/VARIABLE_VALUE"
SLOT = "model/kernel/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE"


def message(*nodes: dict[str, Any]) -> Any:
    """A graph; children are ``(name, number)``, attributes ``(full name, key)``, slots ``(original, name, own)``."""
    made = schema.TrackableObjectGraph()
    for node in nodes:
        added = made.nodes.add()
        for name, number in node.get("children", ()):
            added.children.add(node_id=number, local_name=name)
        for full_name, key in node.get("attributes", ()):
            added.attributes.add(name="VARIABLE_VALUE", full_name=full_name, checkpoint_key=key)
        for original, name, own in node.get("slots", ()):
            added.slot_variables.add(original_variable_node_id=original, slot_name=name, slot_variable_node_id=own)
    return made


def trained() -> Any:
    """A model with a cycle, two ways to each variable, and one slot."""
    made = message(
        {"children": [("model", 1), ("optimizer", 5), ("table", 7)]},
        {"children": [("layers", 2), ("kernel", 3), ("me", 1)]},
        {"children": [("0", 4), ("again", 1)]},
        {"attributes": [("net/kernel", KERNEL)]},
        {"children": [("k/l", 3), ("b.s", 8)]},
        {"children": [("hyper", 0)], "slots": [(3, "m", 6)]},
        {"attributes": [("net/kernel/Adam", SLOT)]},
        {"attributes": [("", "table/.ATTRIBUTES/table")]},
        {"attributes": [("net/bias", BIAS)]},
        {"children": [("nobody", 9)]},
    )
    made.nodes[7].registered_saver.name = "Custom.saver"
    made.nodes[7].registered_saver.object_name = "table"
    return made


def write_trained(prefix: Path) -> Path:
    """Write a checkpoint with `trained` as its object graph; return the prefix."""
    tensors: dict[str, Any] = {KERNEL: floats(1, 2, 3), BIAS: floats(4), SLOT: floats(5, 6, 7)}
    tensors["table/.ATTRIBUTES/table-keys"] = [b"a"]
    tensors["table/.ATTRIBUTES/table-values"] = floats(8)
    save_checkpoint({**tensors, OBJECT_GRAPH_KEY: StringTensor((), [schema.serialize(trained())])}, prefix)
    return prefix
