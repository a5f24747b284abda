"""quantize_weights: large weights in codes of 8 bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.dequantize_weights import dequantize_weights
from graphsurgeon.passes.quantize_weights import UnquantizedWeightRow, quantize_weights
from graphsurgeon.tensors import dtypes
from graphsurgeon.weights import find_weights
from proto_utils.errors import NotFoundError
from tests import notation
from tests.passes.harness import FROZEN, check_pass, check_refusal, model

FUNCTION = "k = Const {f32 [2,3]}; y = MatMul(a, k:output:0) {T: f32}"


def test_layout():
    after = """
        x = Placeholder
        w_quantized_const = Const
        w_quantized_min = Const
        w_quantized_max = Const
        w = Dequantize(w_quantized_const, w_quantized_min, w_quantized_max)
        w/read = Identity(w) {_class: loc:@w}
        y = MatMul(x, w/read)
    """
    of = model(FROZEN)
    report = check_pass(quantize_weights, of, after, minimum_size=6)
    codes = of.graph["w_quantized_const"].tensor
    assert codes.dtype is dtypes.QUINT8
    assert codes.numpy().tolist() == [[0, 51, 102], [153, 204, 255]]
    assert of.graph["w"].attrs["mode"] == b"MIN_FIRST"
    (row,) = report.quantized
    assert (row.node, row.low, row.high) == ("w", 0, 5)
    assert row.error == pytest.approx(2.5 / 255, rel=1e-4)
    assert row.relative == pytest.approx(0.5 / 255, rel=1e-4)
    # Each weight is still found, as codes, and under its own name on the way back.
    assert [(each.node.name, each.role) for each in find_weights(of).weights] == [
        ("w_quantized_const", "matmul_kernel")
    ]
    dequantize_weights(of)
    assert [each.node.name for each in find_weights(of).weights] == ["w"]
    np.testing.assert_allclose(of.graph["w"].tensor.numpy(), np.arange(6).reshape(2, 3), atol=row.error)


def test_names_that_are_taken_devices_and_control_inputs():
    of = model("""
        start = NoOp
        w_quantized_min = Const {f32 [] 1}
        w = Const(^start) {f32 [4], _class: loc:@start} on /gpu:0
        y = Identity(w)
    """)
    quantize_weights(of, minimum_size=4)
    made = of.graph["w"]
    assert made.inputs == ("w_quantized_const", "w_quantized_min_1", "w_quantized_max")
    assert made.device == "/gpu:0"
    assert made.attrs["_class"] == [b"loc:@start"]
    for text in made.inputs:
        assert of.graph[text].inputs == ("^start",)
        assert of.graph[text].device == "/gpu:0"


def test_function_bodies():
    of = model("x = Placeholder {dtype: f32}; z = f(x)", notation.function("f", "a", "y:product:0", FUNCTION))
    report = quantize_weights(of, minimum_size=6)
    assert [row.node for row in report.quantized] == ["f/k"]
    body = of.library.functions["f"].body
    assert body["k"].inputs == ("k_quantized_const:output:0", "k_quantized_min:output:0", "k_quantized_max:output:0")
    dequantize_weights(of)
    assert body["k"].op == "Const"


def test_what_stays():
    of = model("a = Const {f64 [4]}; b = Const {f32 [4]}; c = Const {f32 [3]}; d = Const {f32 [4]}")
    of.graph["d"].attrs["value"] = np.array([0, 1e-38, 2e-38, 0], np.float32)
    report = quantize_weights(of, minimum_size=4, exclude="b")
    why = "its values lie too close to each other for 256 steps of normal float32 numbers"
    assert report.kept == [
        UnquantizedWeightRow("a", "float64", "is of float64, and TensorFlow's Dequantize gives float32"),
        UnquantizedWeightRow("d", "float32", why),
    ]
    assert report.quantized == []
    assert quantize_weights(model(FROZEN), minimum_size=1, role="conv_kernel").quantized == []
    assert len(quantize_weights(model(FROZEN), minimum_size=1, role="matmul_kernel").quantized) == 1


def test_zeros():
    of = model("w = Const {f32 [4] 0}; y = Identity(w)")
    (row,) = quantize_weights(of, minimum_size=4).quantized
    assert (row.low, row.high) == (0, 1)
    dequantize_weights(of)
    assert of.graph["w"].tensor.numpy().tolist() == [0] * 4


@pytest.mark.parametrize(
    ("values", "what"), [([1, np.nan], "is NaN"), ([1, -np.inf], "is infinite"), ([3e38, -3e38], "is past float32")]
)
def test_refusals(values: list[float], what: str):
    of = model("v = Const {f32 [8]}; w = Const {f32 [2]}; y = Identity(w)")
    of.graph["w"].attrs["value"] = np.array(values, np.float32)
    check_refusal(quantize_weights, of, PassError, what, minimum_size=2)
    assert len(quantize_weights(of, minimum_size=2, exclude="w").quantized) == 1


VARIABLES = """
    x = Placeholder {dtype: f32}
    w = VariableV2 {dtype: f32, shape: shape[2,3]}
    zeros = Const {f32 [2,3] 0}
    w/Assign = Assign(w, zeros)
    w/read = Identity(w)
    y = MatMul(x, w/read)
    c = Const {f32 [2]}
    z = Identity(c)
"""


def _with_values(text: str = VARIABLES) -> Model:
    of = model(text)
    of.variables = {"w": np.arange(6, dtype=np.float32).reshape(2, 3)}
    return of


def test_variables():
    after = """
        x = Placeholder
        w = VariableV2
        w_quantized_min = Const
        w_quantized_max = Const
        w_quantized_initial = QuantizeV2(zeros, w_quantized_min, w_quantized_max)
        zeros = Const
        w/Assign = Assign(w, w_quantized_initial)
        w/read = Dequantize(w, w_quantized_min, w_quantized_max)
        y = MatMul(x, w/read)
        c = Const
        z = Identity(c)
    """
    of = _with_values()
    report = check_pass(quantize_weights, of, after, minimum_size=6, select="w")
    assert [(row.node, row.low, row.high) for row in report.quantized] == [("w", 0, 5)]
    assert of.variables["w"].dtype.name == "quint8"
    assert of.variables["w"].numpy().reshape(-1).tolist() == [0, 51, 102, 153, 204, 255]
    assert report.saved_nbytes == 18


def test_variables_that_stay():
    how: dict[str, Any] = {"minimum_size": 6, "exclude": "zeros"}
    without = model(VARIABLES)
    check_refusal(quantize_weights, without, PassError, "no weight can have codes: w: its value is not there", **how)
    report = quantize_weights(without, minimum_size=2, exclude="zeros")
    assert [row.node for row in report.quantized] == ["c"]
    assert [row.node for row in report.kept] == ["w"]
    check_refusal(quantize_weights, without, NotFoundError, "no tensor 'q'", select="q")
    trained = _with_values(VARIABLES + "    step = AssignSub(w, zeros)\n")
    check_refusal(quantize_weights, trained, PassError, r"'step' \(AssignSub\) changes it", **how)
    given = _with_values(VARIABLES + "    p = Placeholder {dtype: bool}\n    s = Switch(w, p)\n")
    check_refusal(quantize_weights, given, PassError, r"'s' \(Switch\) takes it", **how)
