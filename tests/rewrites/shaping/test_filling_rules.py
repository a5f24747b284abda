"""Tensors of sizes, ranges and diagonals."""

from __future__ import annotations

import pytest

from tests.rewrites.shaping.test_shape_inference import inferred

HEAD = """
    x = Placeholder {dtype: f32, shape: shape[2, 8, 8, 3]}; u = Placeholder {dtype: f32, shape: shape[?, 6]}
    v = Placeholder {dtype: f32, shape: shape[6]}; i = Placeholder {dtype: i32, shape: shape[5]}
    zero = Const {i32 [] 0}; one = Const {i32 [] 1}; three = Const {i32 [] 3}; pair = Const {i32 [2]}
    four = Const {i32 [4] 1}; m = Placeholder {dtype: f32, shape: shape[4, 3]}; anything = Placeholder {dtype: f32}
"""


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("y = Range(zero, three, one)", (3,)),
        ("y = Range(zero, anything, one)", (None,)),
        (
            "s = Shape(u); k = StridedSlice(s, b, e, e) {shrink_axis_mask: 1}; b = Const {i32 [1] 1}; "
            "e = Const {i32 [1] 1}; y = Range(zero, k, one)",
            (6,),
        ),
        ("y = OneHot(i, three, v, v) {axis: 0}", (3, 5)),
        ("y = Where(x)", (None, 4)),
        ("y = Where(anything)", (None, None)),
        ("y = MatrixDiagPart(m)", (3,)),
        ("y = Diag(v)", (6, 6)),
        ("y = DiagPart(q); q = Diag(v)", (6,)),
        ("y = LinSpace(s, s, three); s = Const {f32 [] 1}", (3,)),
        ("y = Multinomial(m, three)", (4, 3)),
        ("y = RandomGamma(pair, v)", (0, 1, 6)),
        ("y = Fill(i, s); s = Const {f32 [] 1}", (None, None, None, None, None)),
        ("y = Shape(anything)", (None,)),
        ("y = MatrixDiagV3(v, zero, n, n, s); n = Const {i32 [] -1}; s = Const {f32 []}", (6, 6)),
    ],
)
def test_shapes(line: str, wanted: object):
    made = inferred(HEAD + line)
    assert made.conflicts == []
    assert made.dims("y") == wanted
