"""Edits of attrs, and what follows them."""

from __future__ import annotations

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.rewrites.editing.changed_attrs import AttrEdit
from graphsurgeon.rewrites.editing.chosen_nodes import all_nodes
from tests.passes.harness import model


def test_shapes_follow_what_matters():
    of = model("""
        x = Placeholder {dtype: f32, shape: shape[2,3]}
        y = MatMul(x, x) {transpose_b: true}
    """)
    of.graph["y"].attrs["_output_shapes"] = [Shape((2, 2))]
    chosen = [each for each in all_nodes(of) if each.node.name == "y"]
    edit = AttrEdit(of, "test", chosen)
    edit.edit(chosen[0], "transpose_a").attrs["transpose_a"] = True
    edit.edit(chosen[0], "transpose_b").attrs["transpose_b"] = False
    assert edit.apply()
    assert "y" in edit.follow().shapes
    assert of.graph["y"].attrs["_output_shapes"] == [Shape((3, 3))]


def test_what_is_private_matters_not():
    of = model('x = Placeholder {dtype: f32}; y = Relu(x) {_note: "a"}')
    chosen = all_nodes(of)
    edit = AttrEdit(of, "test", ())
    del edit.edit(chosen[1], "_note").attrs["_note"]
    assert not edit.apply()
    assert edit.follow() == ([], [], [])
