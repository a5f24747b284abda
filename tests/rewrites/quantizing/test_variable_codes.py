"""Variables that hold codes, and what reads, sets and saves them."""

from __future__ import annotations

import numpy as np

from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.quantizing.variable_codes import VariableCodes
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.quantized import quantized
from tests import notation

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
    text = TEXT.partition("f = Const")[0] + "i = Const {i32 []}\n g = ResourceGather(w, i) {dtype: f32}\n"
    model = notation.model(text)
    assert VariableCodes(model).choose(["w"]) == {"w": "its value is not there, as without a checkpoint"}
    model.variables = {"w": np.ones((2, 3), np.float32)}
    assert VariableCodes(model).choose(["w"]) == {"w": "'g' (ResourceGather) takes it as it is"}
