"""Shapes are inferred through graphs, conditions and calls."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.rewrites.shaping.dims import Dims
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from tests import notation


def inferred(text: str, *functions: Function, **given: Dims) -> ShapeInference:
    return ShapeInference(Index(notation.graph(text)), {each.name: each for each in functions}, given)


X = "x = Placeholder {dtype: f32, shape: shape[?,3]}; w = Const {f32 [3, 4]}; "


def test_attrs_and_what_is_given():
    text = X + "y = MatMul(x, w)"
    assert inferred(text).dims("y") == (None, 4)
    assert inferred(text, x=(2, 3)).dims("y:0") == (2, 4)
    assert inferred(text, x=None).dims("y") == (None, 4)


def test_conflicts_are_told_and_go_no_further():
    made = inferred(X + "y = MatMul(x, w); z = Relu(y)", x=(2, 5))
    assert [tuple(each) for each in made.conflicts] == [("y", "[2, 5] is not multiplied by [3, 4]")]
    assert made.dims("z") is None


def test_reshapes_by_computed_targets():
    text = (
        X
        + """
        s = Shape(x); b = Const {i32 [1] 0}; e = Const {i32 [1] 1}; k = StridedSlice(s, b, e, e) {shrink_axis_mask: 1}
        n = Const {i32 [] -1}; t = Pack(k, n) {axis: 0}; y = Reshape(x, t)
    """
    )
    made = inferred(text)
    assert made.dims("y") == (None, 3)
    assert made.reshapes["y"].target == (None, -1)
    assert inferred(text, x=(2, 3)).dims("y") == (2, 3)


def test_functions_are_entered():
    body = notation.function("f", "a", "m:product:0", "w = Const {f32 [3, 4]}; m = MatMul(a, w:output:0)")
    assert inferred(X + "y = f(x)", body).dims("y") == (None, 4)
    assert [each.node for each in inferred(X + "y = f(x)", body, x=(2, 5)).conflicts] == ["y/f/m"]


def test_bodies_of_whiles_are_entered():
    condition = notation.function("c", "a b", "t:output:0", "t = Const {bool []}")
    body = notation.function("f", "a b", "m:product:0 b", "m = MatMul(a, b)")
    text = X + "y = While(x, k) {cond: fn:c, body: fn:f, T: [f32, f32]}; k = Const {f32 [3, 3]}; z = Relu(y)"
    assert inferred(text, condition, body).dims("z") == (None, 3)
    assert [tuple(each) for each in inferred(text, condition, body, x=(2, 5)).conflicts] == [
        ("y/f/m", "[2, 5] is not multiplied by [3, 3]")
    ]
    grown = text.replace("[3, 3]", "[3, 4]")
    assert inferred(grown, condition, body).dims("z") == (None, None)  # another size each time around


LOOP = """
    e = Enter(x) {frame_name: "f"}; m = Merge(e, n); t = Const(^m) {bool []}; c = LoopCond(t)
    s = Switch(m, c); o = Exit(s); i = Identity(s:1); n = NextIteration(BODY); y = Relu(o)
"""


def test_variables_of_loops_keep_their_shape_or_have_none():
    assert inferred(X + LOOP.replace("BODY", "i")).dims("y") == (None, 3)
    grown = LOOP.replace("BODY", "g") + "a = Const(^m) {i32 []}; g = ConcatV2(i, i, a)"
    assert inferred(X + grown, x=(2, 3)).dims("y") == (None, 3)
    assert inferred(X + grown, x=(2, 3)).conflicts == []


def test_what_does_not_go_together_in_a_loop_is_found():
    text = X + LOOP.replace("BODY", "g") + "k = Const(^m) {f32 [2, 3]}; g = AddV2(i, k)"
    assert [each.node for each in inferred(text, x=(2, 3)).conflicts] == []
    assert [each.node for each in inferred(text, x=(4, 3)).conflicts] == ["g"]


def test_what_comes_around_may_be_known_before_the_loop_is_entered():
    """A NextIteration that is fed from outside: valid by its edges, though nothing goes around."""
    assert inferred(X + "n = NextIteration(x); m = Merge(e, n); e = Enter(x)").dims("m") == (None, 3)


def test_arrays_take_as_many_elements_as_they_are_scattered_to():
    text = (
        X
        + """
        a = Placeholder {dtype: resource}; f = Const {f32 []}; b = Const {i32 []}; l = Const {i32 [] 2}
        d = Const {i32 [] 1}; r = Range(b, l, d); y = TensorArrayScatterV3(a, r, x, f)
    """
    )
    assert inferred(text, x=(2, 3)).conflicts == []
    assert [each.reason for each in inferred(text, x=(4, 3)).conflicts] == ["2 is not 4"]


def test_calls_of_calls_come_to_an_end():
    bodies = [notation.function("f0", "a", "r:activations:0", "r = Relu(a) {T: f32}")]
    bodies += [
        notation.function(f"f{i}", "a", "d:out0:0", f"b = f{i - 1}(a); c = f{i - 1}(b:out0:0); d = f{i - 1}(c:out0:0)")
        for i in range(1, 15)
    ]
    assert inferred(X + "y = f14(x); z = f2(x)", *bodies).dims("y") is None
    assert inferred(X + "z = f2(x)", *bodies).dims("z") == (None, 3)


def test_functions_that_call_themselves_are_not_entered_again():
    calls = "; ".join(f"c{i} = f(a)" for i in range(300))
    body = notation.function("f", "a", "r:activations:0", f"r = Relu(a) {{T: f32}}; {calls}")
    made = inferred(X + "y = f(x)", body)
    assert made.dims("y") == (None, 3)
    assert made._count == [1, 301]


def test_values_in_a_cycle_are_not_known():
    text = (
        "a = Slice(s, b, k); b = Pack(a) {axis: 0}; k = Slice(s, k, k); s = Shape(x); y = Reshape(x, a); z = Fill(k, a)"
    )
    assert inferred(X + text).dims("y") is None


def test_ranks_that_an_op_does_not_take_are_a_conflict():
    """As in a graph in which somebody lets a node read another tensor."""
    text = """
        x = Placeholder {dtype: f32, shape: shape[3]}
        b = Const {f32 [2]}
        y = BiasAdd(x, b) {data_format: "NCHW"}
    """
    (conflict,) = inferred(text).conflicts
    assert (conflict.node, conflict.reason) == ("y", "op BiasAdd takes inputs of other ranks than [3], [2]")


def test_an_op_without_the_inputs_that_it_takes_is_a_conflict():
    (conflict,) = inferred("y = Add {T: f32}").conflicts
    assert (conflict.node, conflict.reason) == ("y", "op Add takes inputs and the node has none")


@pytest.mark.parametrize(
    ("op", "attr"), [("Split", "num_split"), ("Unpack", "num"), ("DynamicPartition", "num_partitions")]
)
def test_counts_that_no_file_can_mean(op: str, attr: str):
    """A file of a few bytes can name any number; each output took memory."""
    made = inferred(f"x = Placeholder {{dtype: f32}}; y = {op}(x, x) {{{attr}: {1 << 40}}}")
    assert [tuple(each) for each in made.conflicts] == [
        ("y", f"{attr} of {1 << 40} is above 65536, which no op is known to have")
    ]
