"""remove_default_attributes: what stands at its default goes."""

from __future__ import annotations

from graphsurgeon.passes.remove_default_attributes import ClearedAttrRow, remove_default_attributes
from tests import notation
from tests.passes.harness import attrs, model


def test_what_is_at_its_default():
    of = model("x = Placeholder {dtype: f32}; y = MatMul(x, x) {transpose_a: false, transpose_b: true}")
    assert remove_default_attributes(of).removed == [ClearedAttrRow("MatMul", "transpose_a", 1)]
    assert set(attrs(of, "y")) == {"T", "transpose_b"}


def test_function_bodies():
    body = notation.function("f", "a", "r:product:0", "r = MatMul(a, a) {T: f32, transpose_a: false}")
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    remove_default_attributes(of)
    assert set(of.library.functions["f"].body["r"].attrs) == {"T"}
