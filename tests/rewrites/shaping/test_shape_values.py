"""Values that shapes are made of."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.shaping.dims import Unknown
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from graphsurgeon.rewrites.shaping.shape_values import is_evaluated, needs_values
from tests import notation

HEAD = """
    x = Placeholder {dtype: f32, shape: shape[?, 3]}; s = Shape(x); t = Const {i32 [3]}; r = Const {i32 [2] 0}
    zero = Const {i32 [] 0}; one = Const {i32 [] 1}; two = Const {i32 [] 2}; six = Const {i32 [] 6}
    b = Const {i32 [1] 0}; e = Const {i32 [1] 1}; minus = Const {i32 [] -1}
"""


def inferred(line: str) -> ShapeInference:
    return ShapeInference(Index(notation.graph(HEAD + line)), {}, {})


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("y = Const {i32 [2]}", (0, 1)),
        ("y = Const {f32 [2]}", (0.0, 1.0)),
        ("y = Size(t)", 3),
        ("n = _SwitchN(s, one) {num_outs: 2}; y = StridedSlice(n:1, e, r, e) {shrink_axis_mask: 1}", 3),
        ("y = Rank(x)", 2),
        ("y = StridedSlice(s, e, r, e) {shrink_axis_mask: 1}", 3),
        ("y = StridedSlice(t, e, e, e) {end_mask: 1}", (1, 2)),
        ("y = Pack(one, minus)", (1, -1)),
        ("y = ConcatV2(t, b, zero)", (0, 1, 2, 0)),
        ("y = Mul(t, two)", (0, 2, 4)),
        ("y = Range(two, six, one)", (2, 3, 4, 5)),
        ("y = Sum(t, zero)", 3),
        ("y = GatherV2(t, one, zero)", 1),
        ("y = Slice(t, e, m); m = Const {i32 [1] -1}", (1, 2)),
        ("y = Reshape(two, e)", (2,)),
        ("y = Squeeze(e)", 1),
        ("u = Unpack(t) {num: 3}; y = Identity(u:2)", 2),
        ("y = ReverseV2(t, b)", (2, 1, 0)),
        ("y = Greater(two, one)", True),
        ("l = ListDiff(t, d); d = Const {i32 [1] 1}; y = Identity(l)", (0, 2)),
        ("a = TensorArrayV3(six); y = TensorArraySizeV3(a, a:1)", 6),
        ("a = TensorArrayV3(six) {dynamic_size: true}; y = TensorArraySizeV3(a, a:1)", None),
        ("y = TensorArraySizeV3(two, two)", None),
        ("y = Relu(two)", None),
    ],
)
def test_values(line: str, wanted: object):
    assert inferred(line).value("y") == wanted


def test_a_size_that_is_not_known_is_the_same_wherever_it_comes_from():
    first = "c = Cast(s) {SrcT: i32, DstT: i64}; k = StridedSlice(c, b, e, e) {shrink_axis_mask: 1}; "
    made = inferred(first + "y = Mul(k, l); l = Const {i64 [] 1}")
    assert isinstance(made.value("y"), Unknown)
    assert made.value("y") is (made.shape("x") or ())[0]
    assert inferred("y = Mul(s, two)").value("y") == (None, 6)


def test_what_is_asked_for():
    assert is_evaluated("Pack")
    assert not is_evaluated("MatMul")
    assert not needs_values("Shape")


def test_long_chains_are_walked_without_recursion():
    chain = "; ".join(f"a{i} = AddV2(a{i - 1}, one)" for i in range(1, 3000))
    assert inferred(f"a0 = Identity(zero); {chain}").value("a2999") == 2999
