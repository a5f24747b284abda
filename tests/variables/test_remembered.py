"""Notes in constants: what they hold, and what is refused of them."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.remembered import Memory, Remembered, remembered_constants, usable_parts
from graphsurgeon.variables.unfreeze_note import ATTR
from proto_utils import schema
from proto_utils.errors import CorruptionError
from tests import notation

GRAPH = """
    v = VariableV2 {dtype: f32, shape: shape[2]} on /gpu:0
    seed = Const {i32 [2]}
    v/Initializer/random = RandomUniform(seed) {dtype: f32, T: i32}
    v/Assign = Assign(v, v/Initializer/random)
    v/read = Identity(v)
    y = Neg(v/read)
    save/Assign = Assign(v, v/read)
"""


def noted(text: str = GRAPH, collections: tuple[str, ...] = ("variables", "trainable_variables")) -> Node:
    """The constant that `v` becomes, with its note."""
    model = notation.model(text)
    model.meta = schema.MetaGraphDef()
    definition = schema.VariableDef(
        variable_name="v:0", initializer_name="v/Assign", snapshot_name="v/read:0", synchronization=3
    )
    for collection in collections:
        model.meta.collection_def[collection].bytes_list.value.append(schema.serialize(definition))
    model.variables = {"v": as_tensor(np.ones(2, np.float32))}
    memory = Memory(model, Index(model.graph), ["v"])
    constant = Node.new(
        "v", "Const", attrs={"dtype": as_tensor(np.ones(2, np.float32)).dtype, "value": model.variables["v"]}
    )
    graph = Graph([constant, notation.graph("y = Neg(v) {T: f32}")["y"]])
    memory.write(graph)
    assert ATTR not in constant.attrs
    return graph.node("v")


def read(node: Node) -> Remembered:
    note = Remembered.of(node)
    assert note is not None
    return note


def test_a_note_tells_all():
    note = read(noted())
    assert (note.key, note.slice, note.kind, note.is_trainable) == ("v", "", "ref", True)
    assert (note.variable.op, note.variable.device) == ("VariableV2", "/gpu:0")
    assert [(each.synchronization, names) for each, names in note.definitions] == [
        (3, ["variables", "trainable_variables"])
    ]
    assert [proto.name for proto in note.nodes] == ["seed", "v/Initializer/random", "v/Assign", "v/read"]


def test_a_note_is_read_as_it_was_written():
    node = noted()
    again = node.copy()
    again.attrs[ATTR] = read(node).to_attr()
    assert schema.serialize(again.proto) == schema.serialize(node.proto)


def test_untrained():
    assert not read(noted(collections=("variables",))).is_trainable


def test_long_initializers_are_left_out():
    text = GRAPH.replace("seed = Const {i32 [2]}", "seed = Const {i32 [3000]}")
    assert read(noted(text)).nodes == []


def test_only_constants_with_a_note():
    node = noted()
    other = notation.graph("a = Const {f32 []}")["a"]
    placeholder = notation.graph("p = Placeholder {dtype: f32}")["p"]
    placeholder.attrs[ATTR] = node.attrs[ATTR]
    renamed = node.copy()
    renamed.name = "elsewhere"
    assert list(remembered_constants(Graph([node, other, placeholder, renamed]))) == ["v"]


def test_parts_that_can_be_used():
    note = read(noted())
    assert [part.name for part in usable_parts(note, "v", {"v"})] == [proto.name for proto in note.nodes]
    assert [part.name for part in usable_parts(note, "v", {"v", "v/read", "seed"})] == [
        "v/Initializer/random",
        "v/Assign",
    ]
    note.nodes.pop(0)
    assert [part.name for part in usable_parts(note, "v", {"v"})] == ["v/read"]


@pytest.mark.parametrize(
    "attr",
    [
        [],
        [b"no JSON"],
        [b"{}"],
        [b"[]"],
        [b'{"key": "v", "slice": "", "collections": []}'],
        [b'{"key": "v", "slice": "", "collections": []}', b"\xff\xff"],
        [b'{"key": "v", "slice": "", "collections": []}', schema.serialize(schema.NodeDef(name="v", op="Neg"))],
        [b'{"key": "v", "slice": "", "collections": [["variables"], 3]}'],
    ],
)
def test_damaged_notes(attr):
    node = noted()
    node.attrs[ATTR] = attr
    with pytest.raises(CorruptionError):
        Remembered.of(node)


def test_no_note():
    assert Remembered.of(notation.graph("a = Const {f32 []}")["a"]) is None
    assert remembered_constants(Model().graph) == {}
