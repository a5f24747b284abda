"""What an op is given, as rules look at it."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.shaping.dims import ShapeMismatchError, told
from graphsurgeon.rewrites.shaping.op_calls import OpCall, at, unknown
from tests.rewrites.shaping.test_shape_inference import inferred

TEXT = """
    t = Const {i32 [2]}; x = Placeholder {dtype: i32, shape: shape[3]}; n = Const {i32 [] -1}
    y = Mine(t, x, n) {words: "abc"}; h = VarHandleOp {dtype: f32, shape: shape[2]}; r = ReadVariableOp(h)
"""


def call(name: str = "y") -> OpCall:
    made = inferred(TEXT)
    node = made.producers[name]
    return OpCall(node, [made.shape(text) for text in node.data_inputs], made)


def test_values_of_inputs():
    asked = call()
    assert (asked.value(0), asked.vector(0), asked.shape_from(0)) == ((0, 1), (0, 1), (0, 1))
    assert (asked.value(1), asked.vector(1)) == (None, (None,) * 3)
    assert (asked.number(2), asked.scalar(2), asked.value(9), asked.input(9)) == (-1, -1, None, None)
    assert (asked.text("words"), asked.attr("none", 3), asked.declared()) == ("abc", 3, None)


def test_ranks():
    assert told(call().ranked(1, 1)) == (3,)
    assert call().ranked(9, 2) == unknown(2)
    with pytest.raises(ShapeMismatchError, match="is not of rank 2"):
        call().ranked(1, 2)
    assert at(-1, 3) == 2
    with pytest.raises(ShapeMismatchError, match="there is no axis 3 of 3"):
        at(3, 3)


def test_who_made_a_handle():
    source = call("r").source(0)
    assert source is not None
    assert source.call().declared() == (2,)
