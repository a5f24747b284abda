"""The shapes of a model's graph."""

from __future__ import annotations

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.rewrites.shaping.model_shapes import infer, vague_placeholders
from tests import notation


def test_scalars_of_old_graphs_may_be_anything():
    model = notation.model("x = Placeholder {dtype: f32, shape: shape[]}; y = Relu(x)")
    model.rest.versions.producer = 21
    assert vague_placeholders(model) == {"x"}
    assert infer(model).dims("y") is None
    model.graph["x"].attrs["_output_shapes"] = [Shape(None)]
    assert vague_placeholders(model) == {"x"}
    model.rest.versions.producer = 22
    assert infer(model).dims("y") == ()


def test_other_shapes_count_before_what_is_noted():
    text = """x = Placeholder {dtype: f32, shape: shape[?,4]}
        y = Relu(x); z = f(y)"""
    model = notation.model(text, notation.function("f", "a", "r:activations:0", "r = Relu(a) {T: f32}"))
    model.graph["y"].attrs["_output_shapes"] = [Shape([9, 4])]
    assert infer(model).dims("z") == (9, 4)
    made = infer(model, shapes={"x": (2, 4)}, keep_bodies=True)
    assert made.dims("z") == (2, 4)
    assert made.bodies["z", "f"].outputs("r") == [(2, 4)]
    assert [*made.order] == ["x", "y", "z"]
    assert infer(model).bodies == {}


def test_open_sizes_of_elements_may_stand_for_a_batch():
    text = """n = Const {i32 [] 3}; zero = Const {i32 []}
        a = TensorArrayV3(n) {element_shape: shape[?,2]}; y = TensorArrayReadV3(a, zero, a:1)"""
    assert infer(notation.model(text)).dims("y") == (None, 2)
    assert infer(notation.model(text), open_size=1).dims("y") == (1, 2)
