"""Nodes under new names, with what they read, stand beside and share state by."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.renaming.graphs import renamed_body, renamed_nodes
from graphsurgeon.rewrites.renaming.name_map import NameMap, parse_texts
from graphsurgeon.rewrites.renaming.new_names import NewNames
from graphsurgeon.variables.remembered import Remembered
from graphsurgeon.variables.unfreeze_note import ATTR
from proto_utils import schema
from tests import notation

KNOWN = {"a", "v", "w", "key"}


def names(*texts: str) -> NewNames:
    return NewNames(NameMap(parse_texts(texts)), {"v", "w"})


def renamed(text: str, *texts: str) -> list[Node]:
    return renamed_nodes(notation.graph(text), names(*texts), KNOWN)


def shared_names(nodes: list[Node]) -> list[bytes]:
    return [node.attrs["shared_name"] for node in nodes]


def test_names_inputs_controls_and_colocation():
    text = """
        a = Placeholder {dtype: f32}
        s = Split(d, a) {num_split: 2}
        d = Const {i32 []}
        b = Add(s:1, a, ^d) {_class: loc:@s}
    """
    nodes = renamed(text, "a=x", "s=t", "d=e")
    assert notation.show(nodes).splitlines() == [
        "x = Placeholder",
        "t = Split(e, x)",
        "e = Const",
        "b = Add(t:1, x, ^e) {_class: loc:@t}",
    ]


def test_what_does_not_change_is_the_same_node():
    graph = notation.graph("a = Placeholder {dtype: f32}; b = Relu(a); c = Placeholder {dtype: f32}; d = Relu(c)")
    nodes = renamed_nodes(graph, names("c=x"), KNOWN)
    assert [a is b for a, b in zip(nodes, graph, strict=True)] == [True, True, False, False]
    assert graph["d"].inputs == ("c",)


def test_groups_that_are_no_colocation_stay():
    graph = notation.graph("a = Placeholder {dtype: f32}")
    graph["a"].attrs["_class"] = [b"a", b"loc:@a", b"\xff"]
    (node,) = renamed_nodes(graph, names("a=x"), KNOWN)
    assert node.attrs["_class"] == [b"a", b"loc:@x", b"\xff"]


def test_state_is_shared_by_the_new_name():
    text = """
        v = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "v"}
        u = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "v"}
        k = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "key"}
        o = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "other"}
        n = VarHandleOp {dtype: f32, shape: shape[2], shared_name: ""}
    """
    nodes = renamed(text, "v=x", "key=z", "other=y", "n=m")
    assert [node.name for node in nodes] == ["x", "u", "k", "o", "m"]
    assert shared_names(nodes) == [b"x", b"x", b"z", b"other", b""]


def test_two_states_do_not_become_one():
    text = """
        v = VarHandleOp {dtype: f32, shape: shape[2], shared_name: ""}
        o = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "other"}
    """
    with pytest.raises(PassError, match="share its state with 'v', under the name 'other'"):
        renamed(text, "v=other")
    in_another = text.replace('"other"', '"other", container: "jobs"')
    assert [node.name for node in renamed(in_another, "v=other")] == ["other", "o"]
    of_another_op = text.replace("o = VarHandleOp", "o = VariableV2")
    assert [node.name for node in renamed(of_another_op, "v=other")] == ["other", "o"]


def test_bodies_keep_their_nodes_and_share_state_by_the_new_name():
    text = """
        v = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "v"}
        r = ReadVariableOp(v:resource:0) {dtype: f32}
    """
    graph = notation.graph(text)
    nodes = renamed_body(graph, names("v=x", "r=y"), KNOWN)
    assert nodes is not None
    assert [node.name for node in nodes] == ["v", "r"]
    assert shared_names(nodes[:1]) == [b"x"]
    assert nodes[1] is graph["r"]
    assert renamed_body(graph, names("r=y"), KNOWN) is None


def noted() -> Node:
    node = notation.graph("v = Const {f32 [2]}").node("v")
    variable = schema.NodeDef(name="v", op="VarHandleOp")
    variable.attr["shared_name"].s = b"v"
    read = schema.NodeDef(name="v/read", op="Identity", input=["v"])
    read.attr["_class"].list.s.append(b"loc:@v")
    definition = schema.VariableDef(variable_name="v:0", initializer_name="v/Assign", snapshot_name="v/read:0")
    note = Remembered("key", "", variable, [(definition, ["variables"])], [read])
    node.attrs[ATTR] = note.to_attr()
    return node


def test_the_note_of_freeze_follows():
    (node,) = renamed_nodes([noted()], names("v=x", "key=z"), KNOWN)
    note = Remembered.of(node)
    assert note is not None
    assert (note.key, note.variable.name, note.variable.attr["shared_name"].s) == ("z", "x", b"x")
    ((definition, collections),) = note.definitions
    assert (definition.variable_name, definition.initializer_name, definition.snapshot_name) == (
        "x:0", "x/Assign", "x/read:0",
    )  # fmt: skip
    assert collections == ["variables"]
    (read,) = note.nodes
    assert (read.name, list(read.input), list(read.attr["_class"].list.s)) == ("x/read", ["x"], [b"loc:@x"])


def test_a_note_of_nothing_renamed_stays():
    node = noted()
    assert renamed_nodes([node], names("a=b"), KNOWN) == [node]
