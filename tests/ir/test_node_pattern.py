"""Nodes made of a pattern are the bytes that protobuf writes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_pattern import NodePattern
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
    made = NodePattern(op, attrs, keys).node(name, inputs, device, [schema.serialize(own[key]) for key in keys])
    proto = schema.NodeDef(name=name, op=op, input=inputs, device=device, attr={**attrs, **own})
    assert made.pieces() == [schema.serialize(proto)]
    assert (made.name, made.op, made.inputs, made.device) == (name, op, tuple(inputs), device)
    assert made.proto == proto


def test_nodes_of_a_pattern_can_be_edited():
    pattern = NodePattern("Const", {"dtype": schema.AttrValue(type=1)}, ["value"])
    nodes = [pattern.node(name, own=[b""]) for name in ("a", "b")]
    nodes[0].attrs["value"] = 3
    expected = Node.new("a", "Const", attrs={"dtype": schema.AttrValue(type=1), "value": 3})
    assert nodes[0].proto == expected.proto
    assert nodes[1].attrs["value"] is None
