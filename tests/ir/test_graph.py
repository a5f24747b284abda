"""Graphs keep their order and find nodes by name."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from proto_utils.errors import NotFoundError
from tests import notation


@pytest.fixture
def graph() -> Graph:
    return notation.graph("conv/weights = NoOp; conv/biases = NoOp; out = NoOp")


def test_order_and_names(graph: Graph):
    assert [node.name for node in graph] == ["conv/weights", "conv/biases", "out"]
    assert len(graph) == 3
    assert "out" in graph
    assert "nothing" not in graph
    assert 3 not in graph
    assert graph["out"] is list(graph)[2]
    assert graph.get("nothing") is None
    assert repr(graph) == "Graph(3 nodes)"


def test_a_wrong_name_gets_its_near_ones(graph: Graph):
    with pytest.raises(NotFoundError) as caught:
        graph["conv/weigths"]
    assert caught.value.near[0] == "conv/weights"


def test_appending_after_a_look_up(graph: Graph):
    assert "new" not in graph
    graph.append(Node.new("new", "NoOp"))
    assert graph["new"] is list(graph)[3]


def test_renaming(graph: Graph):
    node = graph.node("out")
    graph.rename(node, "logits")
    assert graph["logits"] is node
    assert "out" not in graph


def test_set_nodes(graph: Graph):
    graph.set_nodes([graph["out"], Node.new("new", "NoOp")])
    assert [node.name for node in graph] == ["out", "new"]
    assert "conv/weights" not in graph


def test_nodes_of_ops_are_found_in_order_after_every_edit():
    of = notation.graph("a = A; b = B; c = A; d = C")
    assert of.ops == {"A", "B", "C"}
    assert [node.name for node in of.nodes_of(("A",))] == ["a", "c"]
    assert [node.name for node in of.nodes_of({"C", "A", "Other"})] == ["a", "c", "d"]
    assert of.nodes_of(("Other",)) == []
    of.append(Node.new("e", "A"))
    assert [node.name for node in of.nodes_of(("A",))] == ["a", "c", "e"]
    of.set_nodes(list(of)[2:])
    assert [node.name for node in of.nodes_of(("A",))] == ["c", "e"]


def test_nodes_of_an_op_are_found_after_a_node_that_two_graphs_have_was_given_another():
    of = notation.graph("a = A; b = B")
    other = Graph(of)
    assert [len(each.nodes_of(("A",))) for each in (of, other)] == [1, 1]
    of["b"].op = "A"
    assert [len(each.nodes_of(("A",))) for each in (of, other)] == [2, 2]
    assert of.ops == {"A"}


def test_the_first_of_two_nodes_of_one_name_is_found():
    graph = notation.graph("a = NoOp; a = Other")
    assert graph["a"].op == "NoOp"
    graph.append(Node.new("a", "Third"))
    assert graph["a"].op == "NoOp"


def test_a_graph_is_made_of_nodes():
    graph = notation.graph("a = NoOp")
    proto: Any = graph["a"].proto
    text: Any = "a"
    for make in (lambda: Graph([proto]), lambda: graph.append(proto), lambda: graph.set_nodes([text])):
        with pytest.raises(TypeError, match="a graph is made of nodes, not of"):
            make()
    with pytest.raises(TypeError, match=r"a graph is made of nodes, not of str: gs\.Node"):
        Graph("abc")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="found by name, a str, not by int: 0"):
        graph[0]  # type: ignore[index]
    assert [node.name for node in graph] == ["a"]


def test_edits_are_counted():
    graph = notation.graph("a = NoOp; b = NoOp(^a)")
    assert graph.num_edits == 0
    graph["b"].set_input(0, "^c")
    assert graph.num_edits == 1
    graph["b"].copy().device = "/cpu:0"
    assert graph.num_edits == 1
    graph.rename(graph["a"], "c")
    graph.append(Node.new("d", "NoOp"))
    graph.set_nodes(list(graph))
    assert graph.num_edits == 4


def test_a_copy_is_independent():
    graph = notation.model("a = Placeholder {dtype: f32}; b = Relu(a)").graph
    made = graph.copy()
    made["b"].device = "/cpu:0"
    made.set_nodes([made["a"]])
    assert [node.name for node in graph] == ["a", "b"]
    assert graph["b"].device == ""
