"""Messages of many nodes at once."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_messages import content_before, num_behind_content, protos, with_attr, with_more
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from tests import notation
from tests.counting import parses


def test_messages_come_in_the_order_of_their_nodes(monkeypatch: pytest.MonkeyPatch):
    nodes = list(notation.graph("".join(f"n{i} = NoOp;" for i in range(600))))
    nodes[3].device = "/cpu:0"
    parsed = parses(monkeypatch, "GraphDef")
    assert [proto.name for proto in protos(nodes)] == [node.name for node in nodes]
    assert next(proto.device for proto in protos(nodes[3:4])) == "/cpu:0"
    assert [len(schema.GraphDef.FromString(data).node) for data in list(parsed)] == [256, 256, 88, 1]


def test_nodes_with_an_attr():
    graph = notation.graph("a = Placeholder {dtype: f32}; dtype = NoOp; c = Placeholder {dtype: i32}")
    assert [(node.name, attr.type) for node, attr in with_attr(graph, "dtype")] == [("a", 1), ("c", 3)]


def test_one_more_attr_without_parsing(monkeypatch: pytest.MonkeyPatch):
    node = Node.read("n", "NoOp", (), notation.node("n = NoOp").proto.SerializeToString())
    parsed = parses(monkeypatch, "NodeDef")
    made = with_more(node, "_noted", schema.serialize(schema.AttrValue(i=7)))
    assert made is not None
    assert not list(parsed)
    assert (made.attrs["_noted"], "_noted" in node.attrs) == (7, False)
    assert with_more(made, "_noted", b"") is None


def test_the_value_of_a_constant_without_parsing(monkeypatch: pytest.MonkeyPatch):
    node = Node.new("c", "Const", attrs={"dtype": dtypes.INT32, "value": [5, 6, 7], "zz": True})
    text = Node.new("s", "Const", attrs={"dtype": dtypes.STRING, "value": b"a"})
    parsed = parses(monkeypatch, "NodeDef")
    num_behind = num_behind_content(node)
    assert num_behind is not None
    assert num_behind > 0
    assert content_before(node, num_behind, 12).read() == b"\5\0\0\0\6\0\0\0\7\0\0\0"
    assert not list(parsed)
    assert num_behind_content(text) is None
    node.editable_proto()
    assert num_behind_content(node) is None
