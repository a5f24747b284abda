"""Who made the handle that a tensor is."""

from __future__ import annotations

from tests import notation
from tests.rewrites.shaping.test_shape_inference import LOOP, inferred

VARIABLE = "x = VarHandleOp {dtype: f32, shape: shape[2, 3]}; "


def test_through_loops_and_identities():
    made = inferred(VARIABLE + LOOP.replace("BODY", "i"))
    source = made.source("y")
    assert source is not None
    assert source.node.op == "Relu"
    source = made.source("i")
    assert source is not None
    assert source.node.name == "x"


def test_through_calls_and_bodies_of_whiles():
    read = notation.function("f", "a", "r:value:0", "r = ReadVariableOp(a) {dtype: f32}")
    assert inferred(VARIABLE + "y = f(x)", read).dims("y") == (2, 3)
    body = notation.function("b", "a c", "a r:value:0", "r = ReadVariableOp(a) {dtype: f32}")
    condition = notation.function("d", "a c", "t:output:0", "t = Const {bool []}")
    text = (
        VARIABLE
        + "k = Const {f32 [2, 3]}; y = While(x, k) {cond: fn:d, body: fn:b, T: [resource, f32]}"
        + "; z = Relu(y:1)"
    )
    assert inferred(text, body, condition).dims("z") == (2, 3)


def test_what_nobody_knows():
    assert inferred("y = Relu(x)").source("x") is None
