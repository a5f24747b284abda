"""Nodes that are made are on a device, beside a variable, and free of what TensorFlow 1.15 does not know."""

from __future__ import annotations

from graphsurgeon.rewrites.training.made_nodes import Maker, free_scope
from graphsurgeon.tensors import dtypes
from tests import notation


def test_a_node_has_a_free_name_a_device_and_neighbours():
    graph = notation.model("x = Placeholder {dtype: f32}\nw = VariableV2 {dtype: f32}").graph
    make = Maker(graph, device="/cpu:0", beside="w")
    assert [make("x", "Relu", ["x"]), make("x", "Relu", ["x"], waits=["w"])] == ["x_1", "x_2"]
    assert notation.show(make.made).splitlines() == [
        "x_1 = Relu(x) {_class: loc:@w} on /cpu:0",
        "x_2 = Relu(x, ^w) {_class: loc:@w} on /cpu:0",
    ]


def test_attrs_of_later_releases_are_left_out():
    graph = notation.model("h = VarHandleOp {dtype: f32, shape: shape[]}").graph
    make = Maker(graph)
    make("a", "AssignVariableOp", ["h", make.constant("c", 1.0, dtypes.FLOAT)])
    assert "validate_shape" not in graph["a"].attrs


def test_a_free_scope_has_none_of_the_parts():
    graph = notation.model("a/mul = NoOp\na_1 = NoOp").graph
    assert free_scope(graph, "a", ("mul",)) == "a_2"
    assert free_scope(graph, "b", ("mul",)) == "b"
