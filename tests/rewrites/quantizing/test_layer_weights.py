"""Weights that calls, loops and branches get by value are stored in half precision, and cast before these."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.ir.model import Model
from graphsurgeon.passes.half_weights import half_weights
from graphsurgeon.tensors import dtypes
from tests import notation
from tests.rewrites.quantizing.test_handle_flow import function

X = "x = Placeholder {dtype: f32}\n"
CONSTANT = f"{X}w = Const {{f32 [5,5]}}; w/read = Identity(w)\n"
VARIABLE = f"{X}w = VarHandleOp {{dtype: f32, shape: shape[5,5]}}; w/read = ReadVariableOp(w) {{dtype: f32}}\n"
TYPES = "Tin: [f32, f32], Tout: [f32]"
CALL = f"c = PartitionedCall(x, w/read) {{f: fn:f, {TYPES}}}; y = Identity(c)"
PRODUCT = "m = MatMul(a, b) {T: f32}; z = Identity(m:product:0) {T: f32}"


def _halved(text: str, body: str = PRODUCT) -> tuple[Model, list[str], dict[str, str]]:
    model = notation.model(text, notation.function("f", "a b", "z:output:0", body))
    if "VarHandleOp" in text:
        model.variables = {"w": np.ones((5, 5), np.float32)}
    report = half_weights(model, outputs="y")
    return model, [row.node for row in report.weights], {row.node: row.reason for row in report.kept}


@pytest.mark.parametrize("text", [CONSTANT, VARIABLE])
def test_calls(text: str):
    model, weights, kept = _halved(text + CALL)
    assert (weights, kept) == (["w"], {})
    assert model.graph["c"].inputs == ("x", "w/read/float32")
    assert model.graph["w"].attrs["dtype"] is dtypes.HALF
    body = model.library.functions["f"].body
    assert [(node.op, node.attrs["T"]) for node in body] == [("MatMul", dtypes.FLOAT), ("Identity", dtypes.FLOAT)]


@pytest.mark.parametrize(
    ("reader", "node"),
    [
        ('e = Enter(w/read) {frame_name: "f", is_constant: true}; m = MatMul(x, e); y = Exp(m)', "e"),
        ("p = Placeholder {dtype: bool}; s = Switch(w/read, p); m = MatMul(x, s:1); y = Exp(m)", "s"),
        ("c = While(x, w/read) {cond: fn:f, body: fn:f, T: [f32, f32]}; y = Exp(c)", ""),
        (
            f"p = Placeholder {{dtype: bool}}; y = If(p, x, w/read) {{then_branch: fn:f, else_branch: fn:f, {TYPES}}}",
            "y",
        ),
    ],
)
def test_loops_and_branches(reader: str, node: str):
    """The state of a loop is not a weight, as what the body here does not hand on."""
    model, weights, kept = _halved(CONSTANT + reader)
    assert weights == (["w"] if node else [])
    assert kept == ({} if node else {"w": "'c' (While) reads it in float32"})
    assert not node or "w/read/float32" in model.graph[node].inputs


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("m = Exp(b) {T: f32}; n = Add(a, m:y:0) {T: f32}; z = Identity(n:z:0) {T: f32}", CONSTANT + CALL),
        (PRODUCT, CONSTANT + CALL + "; more = Exp(w/read); y2 = Identity(more)"),
        ("n = FusedBatchNormV3(a, b, b, b, b) {T: f32, U: f32}; z = Identity(n:y:0) {T: f32}", CONSTANT + CALL),
    ],
)
def test_what_is_no_weight_of_a_layer_or_needed_in_float32(body: str, text: str):
    model = notation.model(text, notation.function("f", "a b", "z:output:0", body))
    report = half_weights(model)
    assert [row.node for row in report.kept] == ["w"]
    assert report.num_casts == 0


def test_small_constants_stay_as_they_are():
    assert _halved(CONSTANT.replace("[5,5]", "[4,4]") + CALL)[1] == []


def test_a_body_that_reads_it_and_gives_it_on():
    inner = notation.function("f", "a b", "z:output:0", PRODUCT)
    call = f"r = ReadVariableOp(h) {{dtype: f32}}; c = PartitionedCall(a, r:value:0) {{f: fn:f, {TYPES}}}"
    outer = function("o", "a h", "y:output:0", f"{call}; y = Identity(c:output:0) {{T: f32}}")
    text = "c = StatefulPartitionedCall(x, w) {f: fn:o, Tin: [f32, resource], Tout: [f32]}; y = Identity(c)"
    model = notation.model(f"{X}w = VarHandleOp {{dtype: f32, shape: shape[5,5]}}\n{text}", inner, outer)
    model.variables = {"w": np.ones((5, 5), np.float32)}
    assert [row.node for row in half_weights(model).weights] == ["w"]
    body = model.library.functions["o"].body
    assert body["r"].attrs["dtype"] is dtypes.HALF
    assert body["c"].inputs == ("a", "r/float32:y:0")


def test_parts_of_a_weight_are_taken_in_half_precision():
    """As of the bias of a GRU, of which one half goes to the input's product, the other into a loop."""
    text = f"""{X}
        k = Const {{f32 [3,30]}}; w = Const {{f32 [2,30]}}; axis = Const {{i32 [] 0}}
        parts = Split(axis, w) {{num_split: 2}}; first = Squeeze(parts); m = MatMul(x, k); s = Add(m, first)
        e = Enter(parts:1) {{frame_name: "f", is_constant: true}}; b = BiasAdd(x, e); y = AddN(s, b) {{N: 2}}
    """
    model, weights, kept = _halved(text)
    assert (weights, kept) == (["k", "w"], {})
    assert [model.graph[name].attrs["T"] for name in ("parts", "first", "e")] == [
        dtypes.HALF,
        dtypes.HALF,
        dtypes.FLOAT,
    ]
    assert model.graph["s"].inputs == ("m", "first")
    assert model.graph["e"].inputs == ("parts/float32_1",)
