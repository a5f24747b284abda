"""Nodes by what they are."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.errors import NotFoundError
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.selection import nodes_like
from graphsurgeon.tensors import dtypes
from tests import notation


@pytest.fixture(scope="module")
def graph() -> Graph:
    return notation.graph("""
        net/x = Placeholder {dtype: f32} on /gpu:0
        net = NoOp
        network = Const {i32 [2]}
        net/a/b = Neg(net/x)
        v = VariableV2 {dtype: f32} on /gpu:1
        p = MaxPool(net/x) {padding: "SAME", ksize: [1, 2, 2, 1]}
    """)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "net/x net network net/a/b v p"),
        ({"name": "net/.*"}, "net/x net/a/b"),
        ({"name": ["v", "p"]}, "v p"),
        ({"name": "v|p", "op": "MaxPool"}, "p"),
        ({"op": ["Neg", ".*Pool"]}, "net/a/b p"),
        ({"scope": "net"}, "net/x net net/a/b"),
        ({"scope": "net/a/"}, "net/a/b"),
        ({"device": "/gpu:."}, "net/x v"),
        ({"attr": "padding"}, "p"),
        ({"attr": {"padding": "SAME", "ksize": (1, 2, 2, 1)}}, "p"),
        ({"attr": {"padding": b"VALID"}}, ""),
        ({"attr": {"dtype": "float32"}}, "net/x v"),
        ({"dtype": dtypes.FLOAT}, "net/x net/a/b v p"),
        ({"dtype": "int32"}, "network"),
    ],
)
def test_what_is_selected(graph: Graph, asked: dict[str, Any], found: str):
    assert " ".join(node.name for node in graph.select(**asked)) == found


def test_nodes_that_are_named_somehow(graph: Graph):
    assert nodes_like(graph, "v") == [graph["v"]]
    assert nodes_like(graph, [graph["v"], "v|p"]) == [graph["v"], graph["p"]]
    with pytest.raises(NotFoundError, match="no node 'w'"):
        nodes_like(graph, ["w"])
    with pytest.raises(TypeError, match="a node is a Node, a name or a pattern, not a int"):
        nodes_like(graph, [3])  # type: ignore[list-item]
