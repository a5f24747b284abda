"""Static shapes that are noted on nodes."""

from __future__ import annotations

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.rewrites.editing.noted_shapes import drop_noted_shapes
from tests import notation


def test_they_go_with_all_that_follows():
    graph = notation.graph("x = Placeholder {dtype: f32}; a = Relu(x); b = Neg(a); c = Abs(x)")
    for node in graph:
        node.attrs["_output_shapes"] = [Shape([2])]
    assert drop_noted_shapes(graph, ["a"], lambda node: node) == ["a", "b"]
    assert [node.name for node in graph if "_output_shapes" in node.attrs] == ["x", "c"]
    assert drop_noted_shapes(graph, [], lambda node: node) == []
