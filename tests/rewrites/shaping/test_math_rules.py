"""Arithmetic, products, reductions."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from tests import notation
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
        ("y = AddV2(u, v)", (None, 6)),
        ("y = MatMul(anything, m)", (None, 3)),
        ("y = MatMul(m, m) {transpose_a: true}", (3, 3)),
        ("y = BatchMatMulV2(a, m); a = Placeholder {dtype: f32, shape: shape[7, ?, 4]}", (7, None, 3)),
        ("y = Sum(x, anything)", None),
        ("y = Sum(x, i) {keep_dims: true}", (None, None, None, None)),
        ("y = Max(x, anyaxis); anyaxis = Placeholder {dtype: i32, shape: shape[]}", (None, None, None)),
        ("y = ArgMax(u, anything)", (None,)),
        ("y = AddN(u, q); q = Placeholder {dtype: f32, shape: shape[4, ?]}", (4, 6)),
        ("y = UnsortedSegmentSum(m, s, three); s = Placeholder {dtype: i32, shape: shape[4]}", (3, 3)),
        ("y = SegmentSum(m, s); s = Placeholder {dtype: i32, shape: shape[4]}", (None, 3)),
        ("t = TopKV2(m, one); y = Identity(t:1)", (4, 1)),
        ("s = Svd(m); y = Identity(s:2)", (3, 3)),
        ("s = Svd(m) {full_matrices: true}; y = Identity(s:1)", (4, 4)),
        ("q = Qr(m); y = Identity(q:1)", (3, 3)),
        ("s = SelfAdjointEigV2(q); q = Diag(v); y = Identity(s:1)", (6, 6)),
        ("y = Equal(m, n) {incompatible_shape_error: false}; n = Const {f32 [5]}", None),
        ("y = Select(b, m, anything); b = Placeholder {dtype: bool, shape: shape[4]}", (4, 3)),
        ("y = BiasAdd(u, b); b = Const {f32 [6]}", (None, 6)),
        (
            "y = StringJoin(a, b); a = Placeholder {dtype: string, shape: shape[]}; "
            "b = Placeholder {dtype: string, shape: shape[3]}",
            (3,),
        ),
        ("s = SoftmaxCrossEntropyWithLogits(m, m); y = Identity(s)", (4,)),
    ],
)
def test_shapes(line: str, wanted: object):
    made = inferred(HEAD + line)
    assert made.conflicts == []
    assert made.dims("y") == wanted


@pytest.mark.parametrize(
    ("equation", "wanted"), [(b"...ac,dc->...da", (2, 8, 4, 8)), (b"abcd,ed->", ()), (b"abcd,ed->ea", (4, 2))]
)
def test_equations(equation: bytes, wanted: object):
    graph = notation.graph(HEAD + "y = Einsum(x, m)")
    graph["y"].attrs["equation"] = equation
    assert ShapeInference(Index(graph), {}, {}).dims("y") == wanted
