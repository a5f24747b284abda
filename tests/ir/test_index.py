"""Who makes a tensor and who reads it."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from tests import notation

GRAPH = notation.graph("""
    a = Const {f32 []}
    b = Split(c, a)
    c = Const {i32 []}
    d = Add(b:1, b, ^a)
    e = NoOp(^d, ^a)
    f = Add(a, a:0)
""")


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(GRAPH)


def test_producers(index: Index):
    assert list(index.producers) == ["a", "b", "c", "d", "e", "f"]
    assert [index.producer(text) for text in ("b", "b:1", "^b")] == [GRAPH["b"]] * 3
    assert index.producer("nothing") is None


def test_edges_of_both_kinds(index: Index):
    found = [(node.name, position) for node, position in index.edges("a")]
    assert found == [("b", 1), ("d", 2), ("e", 1), ("f", 0), ("f", 1)]
    assert [(node.name, position) for node, position in index.consumers("a")] == [("b", 1), ("f", 0), ("f", 1)]
    assert [node.name for node in index.control_consumers("a")] == ["d", "e"]
    assert [(node.name, position) for node, position in index.consumers("b")] == [("d", 0), ("d", 1)]


def test_nobody(index: Index):
    assert [list(index.edges("f")), index.consumers("f"), index.control_consumers("f")] == [[], [], []]


def test_function_bodies():
    body = notation.graph("n = Identity(x); m = Add(n:output:0, x, ^n)")
    index = Index(body)
    assert [(node.name, position) for node, position in index.consumers("x")] == [("n", 0), ("m", 1)]
    assert [(node.name, position) for node, position in index.consumers("n")] == [("m", 0)]
    assert index.producer("n:output:0") is body["n"]
    assert index.producer("x") is None


def test_the_first_of_two_nodes_of_one_name_makes_the_tensor():
    graph = notation.graph("a = NoOp; a = Other")
    assert Index(graph).producer("a") is next(iter(graph))
