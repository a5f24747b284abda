"""Searching in a graph."""

from __future__ import annotations

import pytest

from graphsurgeon.compat.nvidia import StaticGraph, create_node
from graphsurgeon.errors import NotFoundError
from graphsurgeon.ir.model import Model
from tests.compat.nvidia.detector import detector


@pytest.fixture
def graph() -> StaticGraph:
    return StaticGraph(Model(detector()).to_graph_def())


def names(nodes) -> list[str]:
    return [node.name for node in nodes]


def test_nodes_by_name_number_and_in_order(graph):
    assert graph["concat"].op == "Relu"
    assert graph[0].name == "image_tensor"
    assert (len(graph), len(list(graph)), "concat" in graph, "z" in graph) == (24, 24, True, False)
    with pytest.raises(NotFoundError):
        graph["conct"]


def test_finding(graph):
    assert names(graph.find_nodes_by_op("Identity"))[:2] == ["Preprocessor/stack", "Features/w/read"]
    assert names(graph.find_nodes_by_op({"Relu", "Neg"})) == ["concat", "concat_1"]
    assert names(graph.find_nodes_by_name("Conv2D")) == ["Features/Conv2D"]
    assert names(graph.find_nodes_by_name(["Features/Conv2D", "concat"])) == [
        "Features/Conv2D", "MultipleGridAnchorGenerator/Concatenate/concat", "concat",
    ]  # fmt: skip
    assert names(graph.find_nodes_by_path("Preprocessor/sub")) == ["Preprocessor/sub/y", "Preprocessor/sub"]
    assert names(graph.find_nodes_by_path(["Features/", "concat"])) == [
        "Features/w", "Features/w/read", "Features/Conv2D", "concat",
    ]  # fmt: skip


def test_inputs_and_outputs(graph):
    assert names(graph.find_node_inputs("Features/Conv2D")) == ["Preprocessor/stack", "Features/w/read"]
    node = graph["Features/Conv2D"]
    assert names(graph.find_node_inputs_by_op(node, "Identity")) == ["Preprocessor/stack", "Features/w/read"]
    assert names(graph.find_node_inputs_by_name(node, "read")) == ["Features/w/read"]
    assert names(graph.node_outputs["Assert/Assert"]) == ["Preprocessor/stack"]
    assert names(graph.node_inputs["Preprocessor/stack"]) == ["Preprocessor/sub", "Assert/Assert"]
    assert names(graph.graph_inputs) == ["image_tensor"]
    assert names(graph.graph_outputs) == ["detection_boxes", "detection_scores"]


def test_chains(graph):
    chains = graph.find_node_chains_by_op(["Const", "Identity", "Conv2D"])
    assert [names(chain) for chain in chains] == [["Features/w", "Features/w/read", "Features/Conv2D"]]
    assert graph.find_node_chains_by_op([]) == []


def test_what_is_known_follows_edits_of_nodes(graph):
    graph["detection_boxes"].input[0] = "concat"
    assert "detection_boxes" in names(graph.node_outputs["concat"])
    assert "Postprocessor/Clip" in names(graph.graph_outputs)


def test_messages_are_copied_and_kept_whole(graph):
    message = Model(detector()).to_graph_def()
    message.versions.producer = 21
    made = StaticGraph(message)
    made["concat"].op = "Elu"
    assert message.node[15].op == "Relu"
    assert made.as_graph_def().versions.producer == 21
    assert len(StaticGraph()) == 0


def test_files(graph, tmp_path):
    graph.write(tmp_path / "g.pb")
    assert names(StaticGraph(str(tmp_path / "g.pb"))) == names(graph)
    assert create_node("x") not in StaticGraph(tmp_path / "g.pb")
