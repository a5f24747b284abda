"""Shapes of what functions return."""

from __future__ import annotations

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from tests import notation
from tests.rewrites.shaping.test_shape_inference import X, inferred


def test_branches_agree_or_not():
    one = notation.function("one", "a", "m:product:0", "w = Const {f32 [3, 4]}; m = MatMul(a, w:output:0)")
    two = notation.function("two", "a", "m:product:0", "w = Const {f32 [3, 5]}; m = MatMul(a, w:output:0)")
    text = X + "p = Const {bool []}; y = If(p, x) {then_branch: fn:one, else_branch: fn:two, Tin: [f32], Tout: [f32]}"
    made = inferred(text, one, two)
    assert made.dims("y") == (None, None)
    assert (made.shape("y") or ())[0] is (made.shape("x") or ())[0]


def test_values_go_into_calls_but_not_into_loops():
    reshaped = notation.function("f", "a t", "r:output:0", "r = Reshape(a, t) {T: f32}")
    text = "x = Placeholder {dtype: f32, shape: shape[6]}; "
    text += "a = Const {i32 [] 2}; b = Const {i32 [] 3}; n = Pack(a, b); y = f(x, n)"
    assert inferred(text, reshaped).dims("y") == (2, 3)
    body = notation.function("b", "a t", "r:output:0 t", "r = Reshape(a, t) {T: f32}")
    condition = notation.function("d", "a t", "o:output:0", "o = Const {bool []}")
    looped = text.replace("y = f(x, n)", "y = While(x, n) {cond: fn:d, body: fn:b, T: [f32, i32]}")
    assert inferred(looped, body, condition).dims("y") is None


def test_what_is_declared_counts_too():
    graph = notation.graph(X + "p = Const {bool []}; y = If(p, x) {Tin: [f32], Tout: [f32]}")
    graph["y"].attrs["output_shapes"] = [Shape([2, None])]
    assert ShapeInference(Index(graph), {}, {}).dims("y") == (2, None)
    assert ShapeInference(Index(graph), {}, {}, lambda _: False).dims("y") is None
