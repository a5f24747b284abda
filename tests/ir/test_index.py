"""Who makes a tensor and who reads it."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index, find_node
from proto_utils.errors import NotFoundError
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


def test_edges_of_one_tensor(index: Index):
    def found(text: str) -> list[tuple[str, int]]:
        return [(node.name, position) for node, position in index.tensor_consumers(text)]

    assert found("a") == found("a:0") == [("b", 1), ("f", 0), ("f", 1)]
    assert found("b:1") == [("d", 0)]
    assert found("b") == [("d", 1)]
    assert found("^a") == [("d", 2), ("e", 1)]
    assert found("b:2") == []


def test_edges_are_in_the_order_of_the_graph_however_a_node_is_named():
    graph = notation.graph("x = NoOp(^a); c = Neg(a:1); d = NoOp(^a); e = Neg(a:0); f = Neg(a:1); g = Neg(a)")
    index = Index(graph)
    assert [node.name for node, _ in index.edges("a")] == ["x", "c", "d", "e", "f", "g"]
    assert [node.name for node, _ in index.consumers("a")] == ["c", "e", "f", "g"]
    assert [node.name for node, _ in index.tensor_consumers("a")] == ["e", "g"]


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


PRODUCERS = Index(
    notation.graph("alpha = Const {f32 [2]}; beta = UnknownOp(alpha); s = Split(alpha, alpha) {num_split: 2}")
).producers


@pytest.mark.parametrize(("text", "name"), [("alpha", "alpha"), ("alpha:0", "alpha"), ("beta:7", "beta"), ("s:1", "s")])
def test_nodes_are_found(text: str, name: str):
    assert find_node(PRODUCERS, text) is PRODUCERS[name]


@pytest.mark.parametrize(
    ("text", "kind", "near"),
    [("alpho", "node", ("alpha",)), ("alpha:1", "tensor", ("alpha:0",))],
)
def test_others_are_not(text: str, kind: str, near: tuple[str, ...]):
    with pytest.raises(NotFoundError) as caught:
        find_node(PRODUCERS, text)
    assert (caught.value.kind, caught.value.near) == (kind, near)


def test_consumers_of_each_output(index: Index):
    found = {
        output: [(node.name, position) for node, position in edges]
        for output, edges in index.consumers_by_output("b").items()
    }
    assert found == {0: [("d", 1)], 1: [("d", 0)]}
    assert [(node.name, position) for node, position in index.consumers_by_output("a")[0]] == [
        ("b", 1),
        ("f", 0),
        ("f", 1),
    ]
    assert index.consumers_by_output("e") == {0: []}
