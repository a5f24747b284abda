"""Messages of many nodes at once."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.node_messages import protos, with_attr
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
