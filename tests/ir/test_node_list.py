"""Nodes in order, while some come and go."""

from __future__ import annotations

import copy
import pickle

import pytest

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from tests import notation


@pytest.fixture
def graph() -> Graph:
    return notation.graph("a = NoOp; b = NoOp(^a); c = Abs(d); d = Const {f32 [2]}")


def names(graph: Graph) -> list[str]:
    return [node.name for node in graph]


def test_removing_while_it_is_walked(graph: Graph):
    for node in graph:
        if node.op == "Abs":
            graph.remove(node)
    assert (names(graph), len(graph)) == (["a", "b", "d"], 3)
    assert [node.name for node in graph.nodes_of({"Abs", "Const"})] == ["d"]


def test_a_removed_node_comes_again(graph: Graph):
    node = graph.node("b")
    graph.remove(node)
    graph.append(node)
    assert names(graph) == ["a", "c", "d", "b"]
    assert graph.consumers("^a") == [node]
    assert graph["b"].graph is graph


def test_the_index_is_made_once_and_follows(graph: Graph):
    index = graph.index
    graph.append(Node.new("e", "Neg", ["d"]))
    assert [node.name for node, _ in index.edges("d")] == ["c", "e"]
    assert graph.index is index
    graph.set_nodes([])
    assert graph.index is not index
    assert "a" not in graph


@pytest.mark.parametrize("again", [copy.deepcopy, lambda graph: pickle.loads(pickle.dumps(graph))])
def test_copies_are_their_own(graph: Graph, again):
    assert graph.index.edges("a")
    made = again(graph)
    made["b"].inputs = ()
    assert made["b"].graph is made
    assert (list(made.index.edges("a")), len(graph.index.edges("a"))) == ([], 1)
