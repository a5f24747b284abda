"""Variables that hold codes, and what reads, sets and saves them."""

from __future__ import annotations

import numpy as np

from graphsurgeon.ir.model import Model
from graphsurgeon.passes.quantize_weights import quantize_weights
from graphsurgeon.rewrites.quantizing.variable_codes import VariableCodes
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.quantized import quantized
from tests import notation
from tests.rewrites.quantizing.test_handle_flow import CALL, HANDLES, READ, function

TEXT = """
    x = Placeholder {dtype: f32}
    w = VarHandleOp {dtype: f32, shape: shape[2,3]}
    zeros = Const {f32 [2,3] 0}
    w/Assign = AssignVariableOp(w, zeros) {dtype: f32}
    w/read = ReadVariableOp(w) {dtype: f32}
    w/saved = ReadVariableOp(w) {dtype: f32}
    y = MatMul(x, w/read)
    f = Const {str []}
    names = Const {str [2]}
    slices = Const {str [2]}
    save = SaveV2(f, names, slices, w/read, w/saved) {dtypes: [f32, f32]}
    restore = RestoreV2(f, names, slices) {dtypes: [f32, f32]}
    to = AssignVariableOp(w, restore:1) {dtype: f32}
"""


def _coded() -> Model:
    model = notation.model(TEXT)
    model.graph["names"].attrs["value"] = np.array([b"other", b"w"], object)
    model.graph["slices"].attrs["value"] = np.array([b"", b""], object)
    model.variables = {"w": np.ones((2, 3), np.float32), "other": np.zeros((2, 3), np.float32)}
    codes = VariableCodes(model)
    assert codes.choose(["w"]) == {}
    assert codes.chosen == {"w": "w"}
    codes.apply({"w": (0.0, 1.0)}, {"w": quantized(model.variables["w"], 0.0, 1.0)})
    return model


def test_resource_variables_and_savers():
    model = _coded()
    ends = ("w_quantized_min", "w_quantized_max")
    inputs = {node.name: (node.op, *node.inputs) for node in model.graph}
    assert inputs["w/read"] == ("Dequantize", "w/read/quantized", *ends)
    assert inputs["w/read/quantized"] == ("ReadVariableOp", "w")
    assert inputs["w/saved"] == ("ReadVariableOp", "w")
    assert model.graph["w/saved"].attrs["dtype"] is dtypes.QUINT8
    assert model.graph["w"].attrs["dtype"] is dtypes.QUINT8
    # Under the other key float32 is saved.
    assert model.graph["save"].attrs["dtypes"] == [dtypes.FLOAT, dtypes.QUINT8]
    assert model.graph["save"].inputs[3:] == ("w/read", "w/saved")
    assert model.graph["restore"].attrs["dtypes"] == [dtypes.FLOAT, dtypes.QUINT8]
    assert model.graph["to"].inputs == ("w", "restore:1")
    assert model.graph["w/Assign"].inputs == ("w", "w_quantized_initial")
    assert model.variables["w"].numpy().tolist() == [[255] * 3] * 2
    assert model.variables["other"].dtype is dtypes.FLOAT


def test_what_cannot_hold_codes():
    text = TEXT.partition("f = Const")[0] + "n = ResourceCountUpTo(w) {limit: 3, T: i32}\n"
    model = notation.model(text)
    assert VariableCodes(model).choose(["w"]) == {"w": "its value is not there, as without a checkpoint"}
    model.variables = {"w": np.ones((2, 3), np.float32)}
    assert VariableCodes(model).choose(["w"]) == {"w": "'n' (ResourceCountUpTo) takes it as it is"}


def test_function_bodies():
    body = function(
        "f", "a h", "y:product:0 r:value:0", "r = ReadVariableOp(h, ^a) {dtype: f32}; y = MatMul(a, r:value:0) {T: f32}"
    )
    text = "x = Placeholder {dtype: f32}; v = VarHandleOp {dtype: f32, shape: shape[2,2]}\n"
    text += "c = StatefulPartitionedCall(x, v) {f: fn:f, Tin: [f32, resource], Tout: [f32, f32]}"
    model = notation.model(text, body)
    model.variables = {"v": np.ones((2, 2), np.float32)}
    quantize_weights(model, minimum_size=4)
    inputs = {node.name: (node.op, *node.inputs) for node in body.body}
    ends = ("v_quantized_min:output:0", "v_quantized_max:output:0")
    assert inputs["r"] == ("Dequantize", "r/quantized:value:0", *ends, "^a")
    assert inputs["r/quantized"] == ("ReadVariableOp", "h", "^a")
    assert inputs["y"] == ("MatMul", "a", "r:output:0")
    assert dict(body.proto.ret) == {"out0": "y:product:0", "out1": "r:output:0"}
    assert body.body["v_quantized_max"].tensor.numpy() == 1
    assert model.graph["v"].attrs["dtype"] is dtypes.QUINT8


def test_rows_and_points():
    gathers = "i = Const {i32 [1]}; g = ResourceGather(h, i:output:0) {dtype: f32, Tindices: i32}\n"
    gathers += "p = ResourceGatherNd(h, i:output:0) {dtype: f32, Tindices: i32}"
    body = function("f", "a h", "g:output:0 p:output:0", gathers)
    text = "x = Placeholder {dtype: f32}; v = VarHandleOp {dtype: f32, shape: shape[2,2]}\n"
    text += "c = StatefulPartitionedCall(x, v) {f: fn:f, Tin: [f32, resource], Tout: [f32, f32]}"
    model = notation.model(text, body)
    model.variables = {"v": np.ones((2, 2), np.float32)}
    quantize_weights(model, minimum_size=4)
    inputs = {node.name: (node.op, *node.inputs) for node in body.body}
    assert inputs["g"][:2] == ("Dequantize", "g/rows:output:0")
    assert inputs["g/rows"] == ("GatherV2", "g/quantized:value:0", "i:output:0", "g/axis:output:0")
    assert inputs["g/quantized"] == ("ReadVariableOp", "h")
    assert inputs["p/rows"] == ("GatherNd", "p/quantized:value:0", "i:output:0")
    assert body.body["g/rows"].attrs["Tparams"] is dtypes.QUINT8


def test_one_range_where_a_body_gets_both():
    body = function("f", "a h", "y:product:0", READ)
    text = HANDLES + f"c = StatefulPartitionedCall(x, v) {CALL}; d = StatefulPartitionedCall(x, w) {CALL}"
    model = notation.model(text, body)
    model.variables = {"v": np.full((2, 2), 1, np.float32), "w": np.full((2, 2), -3, np.float32)}
    report = quantize_weights(model, minimum_size=4)
    assert {(row.node, row.low, row.high) for row in report.quantized} == {("v", -3, 1), ("w", -3, 1)}
    assert model.variables["v"].numpy().tolist() == [[255] * 2] * 2
    assert model.variables["w"].numpy().tolist() == [[0] * 2] * 2
    assert len(body.body) == 5
