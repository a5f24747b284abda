"""Changing a graph: `test_ssd_script` has a whole script."""

from __future__ import annotations

import pytest

from graphsurgeon.compat.nvidia import DynamicGraph, create_node, create_plugin_node
from graphsurgeon.ir.model import Model
from tests import notation

TEXT = """
    x = Placeholder {dtype: f32}
    a = Identity(x)
    b = Identity(a)
    c = NoOp(^b)
    s/d = Add(b, b, ^c)
    s/e = Relu(s/d)
    t/f = Neg(s/e) {_class: loc:@s/e}
    g = Split(axis, t/f) {num_split: 2}
    axis = Const {i32 []}
    h = Abs(g:1)
"""


@pytest.fixture
def graph() -> DynamicGraph:
    return DynamicGraph(Model(notation.graph(TEXT)).to_graph_def())


def inputs(graph: DynamicGraph) -> dict[str, list[str]]:
    return {node.name: list(node.input) for node in graph}


def test_remove_by_name_or_node(graph):
    graph.remove("h")
    graph.remove([graph["g"], "axis", "not there"])
    assert "t/f" in inputs(graph)
    graph.remove("s/e")
    assert inputs(graph)["t/f"] == []
    assert "_class" not in graph["t/f"].attr


def test_remove_with_what_is_there_for_it_alone(graph):
    graph.remove("t/f", remove_exclusive_dependencies=True)
    assert inputs(graph) == {"g": ["axis"], "axis": [], "h": ["g:1"]}


def test_forward_inputs_in_a_row(graph):
    graph.forward_inputs(graph.find_nodes_by_op("Identity"))
    assert inputs(graph)["s/d"] == ["x", "x", "^c"]
    assert inputs(graph)["c"] == ["^x"]


def test_outputs_stay_when_inputs_are_forwarded(graph):
    graph.forward_inputs(["h", "g"], name="t/f")
    assert inputs(graph)["h"] == ["t/f"]


def test_a_ring_of_nodes_ends():
    graph = DynamicGraph()
    graph.extend([create_node("a", inputs="b"), create_node("b", inputs="a"), create_node("c", inputs="a")])
    graph.forward_inputs(["a", "b"])
    assert inputs(graph) == {"c": []}


def test_scopes_become_nodes_in_their_place(graph):
    graph.collapse_namespaces({"s": create_plugin_node("P", "P_TRT", inputs=["more"]), "t": create_node("Q")})
    assert inputs(graph) == {
        "x": [], "a": ["x"], "b": ["a"], "c": ["^b"], "P": ["more", "b", "^c"], "Q": ["P"], "g": ["axis", "Q"],
        "axis": [], "h": ["g:1"],
    }  # fmt: skip


def test_inputs_may_be_as_many_as_they_were_and_nodes_may_stay(graph):
    graph.collapse_namespaces({"s": create_node("P")}, exclude_nodes=["s/e"], unique_inputs=False)
    assert (inputs(graph)["P"], inputs(graph)["s/e"]) == (["b", "b", "^c"], ["P"])


def test_one_node_for_several_and_the_same_map_twice(graph):
    node = create_node("P")
    plugins = {"a": node, "b": node, "x": node, "g": create_node("G")}
    graph.collapse_namespaces(plugins)
    assert (inputs(graph)["P"], inputs(graph)["G"], inputs(graph)["h"]) == ([], ["axis", "t/f"], ["G"])
    assert list(node.input) == []
    graph.collapse_namespaces({"NotThere": create_node("R")})
    assert "R" not in inputs(graph)


def test_append_copies(graph):
    node = create_node("y", "Relu", inputs=[graph["h"]])
    graph.append(node)
    node.op = "Neg"
    assert graph["y"].op == "Relu"
