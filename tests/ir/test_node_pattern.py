"""Nodes made of a pattern are the bytes that protobuf writes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.checks.attrs import node_kind
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_pattern import NodePattern
from graphsurgeon.tensors import dtypes
from proto_utils import schema

KEYS = st.text(max_size=8) | st.text("k", min_size=120, max_size=140)
VALUES = st.one_of(
    st.builds(schema.AttrValue),
    st.builds(lambda value: schema.AttrValue(i=value), st.integers(-(2**63), 2**63 - 1)),
    st.builds(lambda value: schema.AttrValue(s=value), st.binary(max_size=300)),
    st.builds(lambda value: schema.AttrValue(list={"s": [value]}), st.binary(max_size=40)),
)
NAMES = st.text(max_size=20) | st.text("n", min_size=120, max_size=300)


@given(
    op=st.text(max_size=10),
    attrs=st.dictionaries(KEYS, VALUES, max_size=4),
    own=st.dictionaries(KEYS, VALUES, max_size=3),
    name=NAMES,
    inputs=st.lists(NAMES, max_size=3),
    device=NAMES,
)
def test_a_node_is_what_protobuf_writes(op, attrs, own, name, inputs, device):
    keys = list(own)[::-1]
    made = NodePattern(op, attrs, keys).node(name, inputs, device, tuple(schema.serialize(own[key]) for key in keys))
    proto = schema.NodeDef(name=name, op=op, input=inputs, device=device, attr={**attrs, **own})
    assert made.pieces() == [schema.serialize(proto)]
    assert (made.name, made.op, made.inputs, made.device) == (name, op, tuple(inputs), device)
    assert made.proto == proto


def test_nodes_of_a_pattern_can_be_edited():
    pattern = NodePattern("Const", {"dtype": schema.AttrValue(type=1)}, ["value"])
    nodes = [pattern.node(name, own=(b"",)) for name in ("a", "b")]
    nodes[0].attrs["value"] = schema.AttrValue(i=3)
    expected = Node.new("a", "Const", attrs={"dtype": schema.AttrValue(type=1), "value": schema.AttrValue(i=3)})
    assert nodes[0].proto == expected.proto
    assert nodes[1].attrs["value"] is None


def test_nodes_beside_others_are_of_one_kind():
    attrs = {"T": schema.AttrValue(type=1), "a": schema.AttrValue(i=3)}
    pattern = NodePattern("Assign", attrs, ["own"], has_neighbour=True)
    value, other = (schema.serialize(schema.AttrValue(i=number)) for number in (4, 5))
    made = [pattern.node(f"{name}/Assign", [name, "x"], "", (value,), name) for name in ("v", "w" * 300)]
    for node, name in zip(made, ("v", "w" * 300), strict=True):
        group = schema.AttrValue(list={"s": [f"loc:@{name}".encode()]})
        own = {**attrs, "own": schema.AttrValue(i=4), "_class": group}
        proto = schema.NodeDef(name=f"{name}/Assign", op="Assign", input=[name, "x"], attr=own)
        assert node.pieces() == [schema.serialize(proto)]
        assert node.beside == name
    assert made[0].kind is made[1].kind is not None
    assert made[0].kind != pattern.node("a", ["v", "x"], "", (other,), "v").kind
    assert made[0].kind != pattern.node("a", ["v", "x"], "/cpu:0", (value,), "v").kind


def test_the_kind_of_a_node_is_what_a_look_at_its_bytes_finds():
    pattern = NodePattern("Relu", {"T": schema.AttrValue(type=1)}, has_neighbour=True)
    made = pattern.node("a", ["x"], "/cpu:0", (), "x")
    read = Node.read("a", "Relu", ("x",), schema.serialize(made.proto))
    assert (node_kind(read), read.beside) == (made.kind, made.beside)


def test_kinds_are_forgotten_with_the_first_edit_and_kept_by_copies():
    node = NodePattern("Relu", {"T": schema.AttrValue(type=1)}).node("a", ["x"])
    copy = node.copy()
    node.attrs["T"] = dtypes.DOUBLE
    assert node.kind is None
    assert copy.kind == node_kind(copy) != node_kind(Node.new("a", "Relu", ["x"], attrs={"T": dtypes.DOUBLE}))


def test_groups_among_the_attrs_tell_nothing():
    group = schema.AttrValue(list={"s": [b"loc:@a", b"loc:@b"]})
    assert NodePattern("Relu", {"_class": group}).node("a").kind is None
    assert NodePattern("Relu", {}, ["_class"]).node("a", own=(schema.serialize(group),)).kind is None


def test_of_nodes_that_are_all_unlike_no_kinds_are_kept():
    pattern = NodePattern("Const", {}, ["value"])
    kinds = {pattern.node("a", own=(schema.serialize(schema.AttrValue(i=i)),)).kind for i in range(1000)}
    assert 1 < len(kinds) < 300
