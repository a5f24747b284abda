"""Values are computed as TensorFlow computes them, or not at all."""

from __future__ import annotations

import pytest

from tests.rewrites.shaping.test_shape_values import inferred

FLOATS = "f = Const {f32 [] 0.1}; g = Const {f32 [] 3}; "


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("y = FloorDiv(minus, two)", -1),
        ("y = TruncateDiv(minus, two)", 0),
        ("y = Mod(minus, two)", -1),
        ("y = FloorMod(minus, two)", 1),
        ("y = FloorDiv(two, zero)", None),
        ("n = Const {i32 [] 65536}; y = Mul(n, n)", None),
        ("y = Equal(two, two)", True),
        ("m = Cast(two) {SrcT: i32, DstT: f32}; h = RealDiv(m, q); q = Const {f32 [] 4}; y = Ceil(h)", 1.0),
        (FLOATS + "p = Mul(f, g); y = Cast(p) {SrcT: f32, DstT: i32}", 0),
        (FLOATS + "y = Mul(f, g)", 0.30000001192092896),
        ("m = Const {i32 [2, 2]}; y = AddV2(m, t)", None),
    ],
)
def test_arithmetic(line: str, wanted: object):
    assert inferred(line).value("y") == wanted


def test_a_matrix_of_which_nothing_is_known_is_no_scalar():
    assert inferred("u = Placeholder {dtype: i32}; y = AddV2(u, one)").value("y") is None
