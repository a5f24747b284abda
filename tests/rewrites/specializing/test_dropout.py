"""Dropout is recognised where it changes nothing, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.rewrites.specializing.dropout import Dropouts
from graphsurgeon.rewrites.specializing.known_shapes import KnownShapes
from tests.rewrites.specializing.test_known_values import known

HEAD = """
    in = Placeholder {dtype: f32}
    x = Relu(in)
    k = Placeholder {dtype: f32}
    one = Const {f32 [] 1}
    zero = Const {f32 [] 0}
    shape = Shape(x) {out_type: i32}
    r = RandomUniform(shape) {dtype: f32, T: i32}
    scaled = Mul(r, one)
    u = Add(scaled, zero)
"""
OLD = HEAD + "div = RealDiv(x, k); add = Add(k, u); noise = Floor(add); y = Mul(div, noise)"
NEW = HEAD + "keep = Sub(one, k); scale = RealDiv(one, keep); mask = GreaterEqual(u, k); big = Mul(x, scale)\n"
CAST = NEW + "c = Cast(mask) {SrcT: bool, DstT: f32}; y = Mul(big, c)"
SELECT = NEW + "y = SelectV2(mask, big, zero)"


def dropouts(text: str, k: float) -> dict[str, str]:
    values = known(text, k=np.float32(k))
    return Dropouts(values, KnownShapes(values)).find()


@pytest.mark.parametrize(("text", "kept"), [(OLD, 1), (CAST, 0), (SELECT, 0)])
def test_all_that_is_kept(text: str, kept: float):
    assert dropouts(text, kept) == {"y": "x"}
    assert dropouts(text, 0.5) == {}


def test_other_random_numbers_are_no_dropout():
    assert dropouts(CAST.replace("Mul(r, one)", "Mul(r, k)"), 0) == {}
    assert dropouts(CAST.replace("RandomUniform", "RandomStandardNormal"), 0) == {}
    assert dropouts(CAST.replace("Add(scaled, zero)", "Sub(scaled, one)"), 0) == {}


def test_a_mask_of_another_shape_might_enlarge():
    other = "o = Placeholder {dtype: f32}; shape = Shape(o) {out_type: i32}"
    assert dropouts(CAST.replace("shape = Shape(x) {out_type: i32}", other), 0) == {}


def test_a_mask_of_a_constant_shape_is_held_against_the_static_one():
    constant = CAST.replace("shape = Shape(x) {out_type: i32}", "shape = Const {i32 [2] 1}")
    assert dropouts(constant, 0) == {}
    shaped = constant.replace("in = Placeholder {dtype: f32}", "in = Placeholder {dtype: f32, shape: shape[?, 4]}")
    assert dropouts(shaped, 0) == {"y": "x"}
