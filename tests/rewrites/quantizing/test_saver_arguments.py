"""Values that a saver's function is given: their types follow what is saved."""

from __future__ import annotations

import numpy as np

from graphsurgeon.ir.model import Model
from graphsurgeon.passes.half_weights import half_weights
from graphsurgeon.passes.quantize_weights import quantize_weights
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from tests import notation

#: As TensorFlow 2.0 to 2.11 has it.
TEXT = """
    x = Placeholder {dtype: f32}
    v = VarHandleOp {dtype: f32, shape: shape[2,2]}
    v/Read/ReadVariableOp = ReadVariableOp(v) {dtype: f32}
    r = ReadVariableOp(v) {dtype: f32}
    h = MatMul(x, r)
    y = Softmax(h)
    file = Placeholder {dtype: str}
    save = StatefulPartitionedCall(file, v/Read/ReadVariableOp, x) {f: fn:s, Tin: [str, f32, f32], Tout: [str]}
"""
SAVE = """
    names = Const {str [2]}
    slices = Const {str [2]}
    save = SaveV2(file, names:output:0, slices:output:0, value, other) {dtypes: [f32, f32]}
    done = Identity(file, ^save) {T: str}
"""


def _model(body: str = SAVE) -> Model:
    function = notation.function("s", "file value other", "done:output:0", body)
    function.proto.signature.input_arg[0].type = function.proto.signature.output_arg[0].type = dtypes.STRING.number
    function.body["names"].attrs["value"] = np.array([b"v", b"other"], object)
    function.body["slices"].attrs["value"] = np.array([b"", b""], object)
    model = notation.model(TEXT, function)
    model.meta = schema.MetaGraphDef()
    model.meta.saver_def.save_tensor_name = "save:0"
    model.variables = {name: np.ones((2, 2), np.float32) for name in ("v", "other")}
    return model


def test_half_precision():
    model = _model()
    assert [row.node for row in half_weights(model, outputs="y").weights] == ["v"]
    arguments = model.library.functions["s"].proto.signature.input_arg
    assert [arg.type for arg in arguments] == [dtypes.STRING.number, dtypes.HALF.number, dtypes.FLOAT.number]
    assert model.graph["save"].attrs["Tin"] == [dtypes.STRING, dtypes.HALF, dtypes.FLOAT]
    assert model.graph["save"].inputs == ("file", "v/Read/ReadVariableOp", "x")
    body = model.library.functions["s"].body
    assert body["save"].attrs["dtypes"] == [dtypes.HALF, dtypes.FLOAT]
    assert body["save"].inputs[3:] == ("value", "other")


def test_codes():
    model = _model()
    quantize_weights(model, minimum_size=4)
    assert model.graph["v/Read/ReadVariableOp"].attrs["dtype"] is dtypes.QUINT8
    assert model.graph["save"].attrs["Tin"] == [dtypes.STRING, dtypes.QUINT8, dtypes.FLOAT]
    assert model.library.functions["s"].body["save"].attrs["dtypes"] == [dtypes.QUINT8, dtypes.FLOAT]


def test_a_function_that_does_more_than_save_them():
    model = _model(SAVE + "more = Exp(value) {T: f32}")
    report = half_weights(model, outputs="y,save")
    assert [row.reason for row in report.kept] == ["'save' (StatefulPartitionedCall) reads it in float32"]
    kept = quantize_weights(model, minimum_size=4, select="v").kept
    assert [row.reason for row in kept] == ["'save' (StatefulPartitionedCall) saves it, and reads it in float32"]
