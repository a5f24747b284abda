"""Shapes and dtypes of variables, and of what is said of outputs."""

from __future__ import annotations

import pytest

from graphsurgeon.checks import verify
from tests import notation

REF = "v = VariableV2 {dtype: f32, shape: shape[2,3]}"
HANDLE = 'v = VarHandleOp {dtype: f32, shape: shape[2,3], shared_name: "v"}'
RANDOM = "r = RandomUniform(s) {dtype: f32}; t = Const {f32 []}; m = Mul(r, t); i = Add(m, t)"


def found(text: str) -> list[tuple[str, str | None, str]]:
    return [(each.rule, each.node, each.message) for each in verify(notation.model(text))]


@pytest.mark.parametrize(
    "text",
    [
        f"{REF}; c = Const {{f32 [2,3]}}; a = Assign(v, c)",
        f"{REF}; c = Const {{f32 [6]}}; a = Assign(v, c) {{validate_shape: false}}",
        f"{REF}; c = UnknownOp; a = Assign(v, c) {{T: f32}}",
        "v = VariableV2 {dtype: f32, shape: shape[?,3]}; c = Const {f32 [2,3]}; a = Assign(v, c)",
        f"{HANDLE}; c = Const {{f32 [2,3]}}; a = AssignVariableOp(v, c) {{dtype: f32}}",
        f"{HANDLE}; r = ReadVariableOp(v) {{dtype: f32}}",
        "x = Placeholder {dtype: f32, shape: shape[?], _output_shapes: [shape[5]]}",
        "x = Placeholder {dtype: f32, shape: shape[], _output_shapes: [shape[2]]}",
        f"{REF}; s = Const {{i32 [2]}}; {RANDOM}; a = Assign(v, v)",
    ],
)
def test_sound(text: str):
    assert [each for each in found(text) if each[0] != "unknown-op"] == []


@pytest.mark.parametrize(
    ("text", "rule", "message"),
    [
        (f"{REF}; c = Const {{f32 [2]}}; a = Assign(v, c)", "shape", "gives 'v' of shape [2, 3] a value of [2]"),
        (f"{REF}; c = Const {{f32 [3,2]}}; i = Identity(c); a = Assign(v, i)", "shape",
         "gives 'v' of shape [2, 3] a value of [3, 2]"),
        (f"{REF}; s = Const {{i32 [2]}}; {RANDOM}; a = Assign(v, i)", "shape",
         "gives 'v' of shape [2, 3] a value of [0, 1]"),
        (f"{HANDLE}; c = Const {{f32 [2]}}; a = AssignVariableOp(v, c) {{dtype: f32}}", "shape",
         "gives 'v' of shape [2, 3] a value of [2]"),
        (f"{HANDLE}; a = ReadVariableOp(v) {{dtype: i32}}", "input-type",
         "takes 'v' for a variable of int32, but it is of float32"),
        ("a = Placeholder {dtype: f32, shape: shape[5], _output_shapes: [shape[3]]}", "attr",
         "Placeholder: attr '_output_shapes' says [3], but the node is of shape [5]"),
        ("a = Const {f32 [2], _output_shapes: [shape[3]]}", "attr",
         "Const: attr '_output_shapes' says [3], but the node is of shape [2]"),
    ],
)  # fmt: skip
def test_contradictions(text: str, rule: str, message: str):
    assert found(text) == [(rule, "a", message)]


def test_bodies_are_left_to_their_calls():
    body = notation.function("f", "x", "a", "a = Const {f32 [2], _output_shapes: [shape[3]]}")
    body.proto.ret["out0"] = "a:output:0"
    assert [each for each in verify(notation.model("", body)) if each.rule == "attr"] == []
