"""Walks from nodes and tensors: back, forth, between, and in topological order."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from graphsurgeon.errors import GraphError, NotFoundError
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from tests import notation
from tests.passes.unfreeze.test_control_inputs import LOOP, NESTED

TEXT = """
    out = Add(left, s:1)
    x = Placeholder {dtype: f32}
    axis = Const {i32 []}
    s = Split(axis, x) {num_split: 2}
    left = Neg(s)
    w = NoOp(^left)
    other = Neg(x, ^w)
"""


@pytest.fixture
def graph() -> Graph:
    return notation.graph(TEXT)


def names(nodes: Iterable[Node]) -> str:
    return " ".join(node.name for node in nodes)


def test_ancestors(graph: Graph):
    assert names(graph.ancestors("out")) == "out x axis s left"
    assert names(graph.ancestors("s:1")) == "x axis s"
    assert names(graph.ancestors("other")) == "x axis s left w other"
    assert names(graph.ancestors("other", control=False)) == "x other"
    assert names(graph.ancestors(["out", graph["axis"]], until="s")) == "out axis s left"
    assert names(graph.ancestors("out", until=["s:0"])) == "out x axis s left"
    assert names(graph.ancestors("left", until=graph["s:0"])) == "left"


def test_descendants(graph: Graph):
    assert names(graph.descendants("s")) == "out s left w other"
    assert names(graph.descendants("s:1")) == "out"
    assert names(graph.descendants("s", control=False)) == "out s left"
    assert names(graph.descendants("x", until=["s"])) == "x s other"
    assert names(graph.descendants("s", until="s:0")) == "out s"


def test_between(graph: Graph):
    assert names(graph.between("x", "out")) == "out x s left"
    assert names(graph.between("s:0", "out")) == "out left"
    assert names(graph.between("s:1", "other")) == ""
    assert names(graph.between("x", "other", control=False)) == "x other"


def test_topological_order(graph: Graph):
    assert names(graph.topological()) == "x axis s left out w other"


@pytest.mark.parametrize("text", [LOOP, NESTED])
def test_loops_have_an_order_too(text: str):
    graph = notation.graph(text)
    order = {node.name: number for number, node in enumerate(graph.topological())}
    assert len(order) == len(graph)
    back = [each.op for node in graph for each in map(graph.index.producer, node.inputs)
            if each is not None and order[each.name] > order[node.name]]  # fmt: skip
    assert set(back) == {"NextIteration"}


def test_a_cycle_has_none():
    graph = notation.graph("a = Neg(b); b = Neg(a); c = NoOp")
    with pytest.raises(GraphError, match="node 'a': it is in a cycle"):
        list(graph.topological())


def test_walks_in_a_body():
    body = notation.function("f", "a b", "n:y:0", "n = Neg(a) {T: f32}; m = Add(n:y:0, b) {T: f32}; o = Neg(b)").body
    assert names(body.descendants("a")) == "n m"
    assert names(body.descendants("n:y:0")) == "m"
    assert names(body.ancestors("m", until="n:y:0")) == "m"
    assert names(body.consumers("b")) == "m o"
    assert names(body.topological()) == "n m o"


def test_names_of_nothing(graph: Graph):
    with pytest.raises(NotFoundError, match="no node 'gone'"):
        graph.ancestors("gone")
    with pytest.raises(NotFoundError, match="no tensor 's:2'"):
        graph.descendants("s:2")
