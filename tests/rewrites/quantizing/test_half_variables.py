"""Which variables are in half precision, by what reads them in the graph and in function bodies."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.half_weights import HalfWeightsReport, half_weights
from graphsurgeon.tensors import dtypes
from tests import notation
from tests.rewrites.quantizing.test_handle_flow import function

TEXT = """
    x = Placeholder {dtype: f32}
    v = VarHandleOp {dtype: f32, shape: shape[2,2]}
    c = StatefulPartitionedCall(x, v) {f: fn:f, Tin: [f32, resource], Tout: [f32]}
    y = Identity(c)
"""
READ = "r = ReadVariableOp(h) {dtype: f32}; y = MatMul(a, r:value:0) {T: f32}; z = Exp(y:product:0) {T: f32}"


def _model(text: str, *functions: Function) -> Model:
    model = notation.model(text, *functions)
    model.variables = {name: np.ones((2, 2), np.float32) for name in ("v", "w") if name in model.graph}
    return model


def _reasons(report: HalfWeightsReport) -> dict[str, str]:
    return {row.node: row.reason for row in report.kept}


def test_weights_that_a_body_reads():
    model = _model(TEXT, function("f", "a h", "z:y:0", READ))
    report = half_weights(model)
    assert ([row.node for row in report.weights], report.kept, report.num_casts) == (["v"], [], 2)
    body = model.library.functions["f"].body
    assert body["r"].attrs["dtype"] is dtypes.HALF
    assert body["y"].inputs == ("a/float16:y:0", "r:value:0")
    assert body["z"].inputs == ("y/float32:y:0",)
    assert model.graph["v"].attrs["dtype"] is dtypes.HALF
    assert model.graph["c"].attrs["Tin"] == [dtypes.FLOAT, dtypes.RESOURCE]
    assert model.variables["v"].dtype is dtypes.HALF


def test_factors_of_variables_alone_stay():
    body = (
        READ + "; n = Rsqrt(r:value:0) {T: f32}; m = Mul(n:y:0, n:y:0) {T: f32}; o = Mul(y:product:0, m:z:0) {T: f32}"
    )
    model = _model(TEXT, function("f", "a h", "z:y:0", body))
    assert _reasons(half_weights(model)) == {"v": "'n' (Rsqrt) reads it in float32, in function 'f'"}


@pytest.mark.parametrize(
    ("reads", "attr"),
    [
        ("g = ResourceGather(h, i:output:0) {dtype: f32, Tindices: i32}", "dtype"),
        (
            "r = ReadVariableOp(h) {dtype: f32}; n = Const {i32 []}\n"
            "g = GatherV2(r:value:0, i:output:0, n:output:0) {Tparams: f32, Tindices: i32, Taxis: i32}",
            "Tparams",
        ),
    ],
)
def test_rows_of_an_embedding(reads: str, attr: str):
    body = function("f", "a h", "z:y:0", f"i = Const {{i32 [1]}}; {reads}; z = Exp(g:output:0) {{T: f32}}")
    model = _model(TEXT, body)
    assert [row.node for row in half_weights(model).weights] == ["v"]
    assert (body.body["g"].attrs[attr], body.body["z"].inputs) == (dtypes.HALF, ("g/float32:y:0",))


@pytest.mark.parametrize(
    ("body", "results", "reason"),
    [
        (READ, "r:value:0", "'f/r', which reads it, is an output, or named around the graph"),
        (READ + "; s = AssignSubVariableOp(h, a) {dtype: f32}", "z:y:0", "'f/s' (AssignSubVariableOp) changes it"),
        (READ + "; s = AssignVariableOp(h, a) {dtype: f32}", "z:y:0", "'f/s' (AssignVariableOp) changes it"),
        (READ + "; s = SomeOp(h)", "z:y:0", "'f/s' (SomeOp) takes it as it is"),
    ],
)
def test_what_keeps_a_variable_in_float32(body: str, results: str, reason: str):
    model = _model(TEXT, function("f", "a h", results, body))
    before = model.to_graph_def()
    assert _reasons(half_weights(model)) == {"v": reason}
    assert model.to_graph_def() == before


def test_a_shared_body_of_which_one_variable_stays():
    more = "w = VarHandleOp {dtype: f32, shape: shape[2,2]}; s = ReadVariableOp(w) {dtype: f32}; sum = Exp(s)\n"
    more += "d = StatefulPartitionedCall(x, w) {f: fn:f, Tin: [f32, resource], Tout: [f32]}"
    model = _model(TEXT + more, function("f", "a h", "z:y:0", READ))
    assert _reasons(half_weights(model)) == {
        "v": "'f/r' (ReadVariableOp) takes w as well, in float32",
        "w": "'sum' (Exp) reads it in float32",
    }
    assert model.library.functions["f"].body["r"].attrs["dtype"] is dtypes.FLOAT


def test_copies_go_with_their_variables():
    copy = "w = VarHandleOp {dtype: f32, shape: shape[2,2]}; i = ReadVariableOp(v) {dtype: f32}\n"
    copy += "set = AssignVariableOp(w, i) {dtype: f32}; alone = VarHandleOp {dtype: f32, shape: shape[2,2]}"
    model = _model(TEXT + copy, function("f", "a h", "z:y:0", READ))
    report = half_weights(model, outputs="y")
    assert [row.node for row in report.weights] == ["v", "w"]
    assert _reasons(report) == {"alone": "is read by nobody"}
    assert [model.graph[name].attrs["dtype"] for name in ("w", "i", "set", "alone")] == [dtypes.HALF] * 3 + [
        dtypes.FLOAT
    ]


def test_training_in_the_graph_is_refused():
    model = _model(TEXT + "step = AssignSubVariableOp(v, x) {dtype: f32}", function("f", "a h", "z:y:0", READ))
    with pytest.raises(PassError, match=r"still changed, .* 'step'"):
        half_weights(model)
