"""half_weights: layers and their weights in half precision, between Casts."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.half_weights import FullWeightRow, HalfWeightRow, half_weights
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from proto_utils.errors import NotFoundError
from proto_utils.schema import VariableDef
from tests import notation
from tests.passes.harness import FROZEN, check_pass, check_refusal, model

LAYERS = """
    x = Placeholder {dtype: f32}
    k = Const {f32 [1,1,3,20]}
    k/read = Identity(k)
    y = Conv2D(x, k/read) {strides: [1, 1, 1, 1], padding: "SAME"}
    s = Const {f32 [20] 1}
    m = Const {f32 [20]}
    n = FusedBatchNorm(y, s, m, m, s) {is_training: false}
    r = Relu(n)
    p = Softmax(r)
    out = Identity(p)
"""


def test_casts_at_the_edges():
    after = """
        x = Placeholder
        x/float16 = Cast(x)
        w = Const
        w/read = Identity(w) {_class: loc:@w}
        h = MatMul(x/float16, w/read)
        h/float32 = Cast(h)
        y = Identity(h/float32)
    """
    of = model(FROZEN.replace("y = ", "h = ") + "    y = Identity(h)\n")
    report = check_pass(half_weights, of, after)
    assert report.weights == [HalfWeightRow("w", "float16", [2, 3])]
    assert (report.kept, report.num_nodes, report.num_casts) == ([], 1, 2)
    assert of.graph["w"].tensor.numpy().dtype == np.float16
    assert [of.graph[name].attrs["T"] for name in ("h", "w/read")] == [dtypes.HALF] * 2


def test_statistics_stay_in_float32():
    of = model(LAYERS)
    report = half_weights(of, dtype="bfloat16", outputs="out")
    norm = of.graph["n"]
    assert (norm.op, norm.attrs["T"], norm.attrs["U"]) == ("FusedBatchNormV3", dtypes.BFLOAT16, dtypes.FLOAT)
    assert norm.inputs == ("y", "s", "m", "m", "s")
    assert of.graph["k"].tensor.numpy().dtype == ml_dtypes.bfloat16
    assert of.graph["p"].attrs["T"] is dtypes.FLOAT
    assert of.graph["p"].inputs == ("r/float32",)
    assert report.kept == [FullWeightRow("s", "is a statistic of 'n'"), FullWeightRow("m", "is a statistic of 'n'")]
    assert report.num_nodes == 3


def test_what_stays():
    of = model(
        """
        x = Placeholder {dtype: f32}
        e = Const {f32 [] 0.00000001}
        shifted = Add(x, e)
        w = Const {f32 [4,5]}
        h = MatMul(shifted, w)
        total = Sum(w, axis)
        axis = Const {i32 []}
        z = Mul(h, total)
        out = Identity(z)
        q = Mul(x, x)
        other = Identity(q)
        """,
        notation.function("f", "a", "k:output:0", "k = Const {f32 [31]}"),
    )
    report = half_weights(of)
    # An epsilon that would be 0 keeps its reader, and what stands by no layer stays too.
    assert of.graph["shifted"].attrs["T"] is dtypes.FLOAT
    assert of.graph["q"].attrs["T"] is dtypes.FLOAT
    assert of.graph["h"].inputs == ("shifted/float16", "w/float16")
    assert of.graph["z"].inputs == ("h", "total/float16")
    assert report.kept == [
        FullWeightRow("w", "'total' (Sum) reads it in float32"),
        FullWeightRow("f/k", "is an output, or named around the graph"),
    ]


def _large() -> Model:
    of = model(FROZEN.replace("y = ", "h = ") + "    y = Identity(h)\n")
    of.graph["w"].attrs["value"] = np.full((2, 30), 1e6, np.float32)
    return of


def test_numbers_that_are_too_large():
    check_refusal(half_weights, _large(), PassError, "'w'.* has no place in float16")
    of = _large()
    half_weights(of, saturate=True)
    assert set(of.graph["w"].tensor.numpy().reshape(-1).tolist()) == {65504}


def test_bodies_of_functions():
    body = notation.function(
        "f",
        "a",
        "y:y:0",
        """
        k = Const {f32 [3,30] 1}
        h = MatMul(a, k:output:0) {T: f32}
        b = Const {f32 [30]}
        o = BiasAdd(h:product:0, b:output:0) {T: f32}
        y = Exp(o:output:0) {T: f32}
        """,
    )
    of = model("x = Placeholder {dtype: f32}; y = PartitionedCall(x) {f: fn:f, Tin: [f32], Tout: [f32]}", body)
    report = half_weights(of)
    assert [row.node for row in report.weights] == ["f/k", "f/b"]
    assert (report.num_nodes, report.num_casts, report.kept) == (2, 2, [])
    after = of.library.functions["f"].body
    assert after["h"].inputs == ("a/float16:y:0", "k:output:0")
    assert after["y"].inputs == ("o/float32:y:0",)
    assert of.graph["y"].inputs == ("x",)


VARIABLES = """
    x = Placeholder {dtype: f32}
    w = VariableV2 {dtype: f32, shape: shape[2,3]}
    w/zeros = Const {f32 [2,3] 0}
    w/Assign = Assign(w, w/zeros)
    w/read = Identity(w)
    there = IsVariableInitialized(w) {dtype: f32}
    h = MatMul(x, w/read)
    y = Identity(h)
"""


def _with_variable(text: str = VARIABLES) -> Model:
    meta = schema.MetaGraphDef()
    made = VariableDef(variable_name="w:0", initializer_name="w/Assign", initial_value_name="w/zeros:0")
    meta.collection_def["variables"].bytes_list.value.append(schema.serialize(made))
    of = model(text, meta=meta)
    of.variables = {"w": np.ones((2, 3), np.float32), "w/Momentum": np.zeros((2, 3), np.float32)}
    return of


def test_variables():
    after = """
        x = Placeholder
        x/float16 = Cast(x)
        w = VariableV2
        w/zeros = Const
        w/zeros/float16 = Cast(w/zeros)
        w/Assign = Assign(w, w/zeros/float16)
        w/read = Identity(w)
        there = IsVariableInitialized(w)
        h = MatMul(x/float16, w/read)
        h/float32 = Cast(h)
        y = Identity(h/float32)
    """
    of = _with_variable()
    report = check_pass(half_weights, of, after, outputs="y")
    assert report.weights == [HalfWeightRow("w", "float16", [2, 3])]
    assert {key: value.dtype.name for key, value in of.variables.items()} == {"w": "float16", "w/Momentum": "float32"}
    assert of.meta is not None
    (data,) = of.meta.collection_def["variables"].bytes_list.value
    assert schema.parse(VariableDef, data).initial_value_name == "w/zeros/float16:0"


def test_refusals():
    step = "    rate = Const {f32 []}; g = Const {f32 [2,3] 1}; step = ApplyGradientDescent(w, rate, g)\n"
    check_refusal(half_weights, _with_variable(VARIABLES + step), PassError, "changed, .* by 'step'", outputs="y")
    check_refusal(half_weights, model(FROZEN), NotFoundError, "no node 'q'", outputs="q")
