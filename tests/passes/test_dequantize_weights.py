"""dequantize_weights: constants in the place of codes."""

from __future__ import annotations

from graphsurgeon.passes.dequantize_weights import UndequantizedRow, dequantize_weights
from tests.passes.harness import check_pass, model

TEXT = """
    low = Const {f32 [] 0}
    high = Const {f32 [] 255}
    c = Const {quint8 [2,3]}
    c/read = Identity(c)
    w = Dequantize(c/read, low, high) {mode: "MIN_FIRST"}
    w/read = Identity(w)
    v = Dequantize(c, low, high) {mode: "MIN_COMBINED"}
    y = Add(w/read, v)
"""


def test_values_and_what_goes():
    after = """
        w = Const
        w/read = Identity(w)
        v = Const
        y = Add(w/read, v)
    """
    of = model(TEXT)
    report = check_pass(dequantize_weights, of, after)
    assert of.graph["w"].tensor.numpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert [(row.node, row.codes, row.mode, row.dtype, row.shape) for row in report.dequantized] == [
        ("w", "quint8", "MIN_FIRST", "float32", [2, 3]),
        ("v", "quint8", "MIN_COMBINED", "float32", [2, 3]),
    ]
    assert sorted(report.removed) == ["c", "c/read", "high", "low"]


def test_control_inputs_go_along():
    of = model("""
        start = NoOp
        low = Const {f32 [] 0}
        high = Const {f32 [] 255}
        c = Const(^start) {quint8 [3]}
        w = Dequantize(c, low, high) {mode: "SCALED"}
        y = Identity(w)
    """)
    dequantize_weights(of)
    assert of.graph["w"].inputs == ("^start",)


def test_what_stays():
    of = model("""
        low = Const {f32 [] 0}
        high = Placeholder {dtype: f32}
        c = Const {quint8 [3]}
        v = VariableV2 {dtype: quint8, shape: shape[3]}
        w = Dequantize(c, low, high)
        u = Dequantize(v, low, low)
        t = Dequantize(c, low, low) {mode: "MIN_FIRST", axis: 0}
    """)
    report = dequantize_weights(of)
    assert report.dequantized == []
    assert report.kept == [
        UndequantizedRow("w", "its codes or their range are computed, or given to a function"),
        UndequantizedRow("u", "its codes are those of a variable, which freeze would make a constant"),
        UndequantizedRow("t", "TensorFlow's Dequantize gives no float32 in mode MIN_FIRST with ranges along an axis"),
    ]
