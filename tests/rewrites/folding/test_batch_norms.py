"""Scales that go into the layers before them."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.evaluator import evaluate
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.rewrites.folding.batch_norms import ScaleFolding
from graphsurgeon.rewrites.folding.known_tensors import KnownTensors
from tests import notation

CONV = """
    x = Placeholder {dtype: f32}
    k = Const {f32 [1,1,2,3]}
    c = Conv2D(x, k) {strides: [1, 1, 1, 1], padding: "SAME"}
    g = Const {f32 [3] 2}
    o = Const {f32 [3] 1}
    m = Const {f32 [3] 3}
    v = Const {f32 [3] 4}
"""
KERNEL = np.arange(6).reshape(1, 1, 2, 3)


def folded(text, protected=("out",), later=()):
    graph = notation.graph(CONV + text)
    edit = GraphEdit(graph)
    folding = ScaleFolding(edit, KnownTensors(edit.index, evaluate, None), protected, protected, later)
    folding.run()
    edit.apply()
    return graph, folding


def test_a_batch_norm():
    graph, folding = folded("out = FusedBatchNorm(c, g, o, m, v) {is_training: false, epsilon: 0.5}")
    scale = 2 / np.sqrt(4.5)
    np.testing.assert_allclose(graph["k"].tensor.numpy(), KERNEL * scale, rtol=1e-6)
    np.testing.assert_allclose(graph["o"].tensor.numpy(), [1 - 3 * scale] * 3, rtol=1e-6)
    assert graph["out"].op == "BiasAdd"
    assert graph["out"].inputs == ("c", "o")
    assert folding.folded[0].layers == ["c"]


def test_the_oldest_kind():
    line = (
        "out = BatchNormWithGlobalNormalization(c, m, v, o, g) {variance_epsilon: 0.5, scale_after_normalization: %s}"
    )
    graph, _ = folded(line % "true")
    np.testing.assert_allclose(graph["k"].tensor.numpy(), KERNEL * (2 / np.sqrt(4.5)), rtol=1e-6)
    graph, _ = folded(line % "false")
    np.testing.assert_allclose(graph["k"].tensor.numpy(), KERNEL / np.sqrt(4.5), rtol=1e-6)


def test_a_product_leaves_the_layer_under_its_name():
    graph, _ = folded("out = Mul(g, c)")
    assert graph["out"].op == "Conv2D"
    assert "c" not in graph
    np.testing.assert_allclose(graph["k"].tensor.numpy(), KERNEL * 2)


def test_what_is_subtracted():
    graph, _ = folded("h = Sub(c, m); out = FusedBatchNorm(h, g, o, m, v) {is_training: false, epsilon: 0.5}")
    scale = 2 / np.sqrt(4.5)
    assert graph["out"].op == "Sub"
    text = graph["out"].inputs[1]
    np.testing.assert_allclose(graph[text].tensor.numpy(), [3 * scale - (1 - 3 * scale)] * 3, rtol=1e-6)
    assert graph["m"].tensor.numpy().tolist() == [3, 3, 3]  # others read it, too


@pytest.mark.parametrize(
    ("text", "protected", "reason"),
    [
        ("out = FusedBatchNorm(c, g, o, m, v) {is_training: true}", ("out",), "is in training mode"),
        ("out = FusedBatchNorm(c, g, o, m, v) {is_training: false}; z = Neg(c)", ("out",), "'c' is read by others too"),
        ("out = FusedBatchNorm(c, g, o, m, v) {is_training: false}", ("out", "c"), "'c' is an output, or named around"),
        ("out = FusedBatchNorm(c, g, x, m, v) {is_training: false}", ("out",), "depends on inputs"),
        ("h = Relu(c); out = FusedBatchNorm(h, g, o, m, v) {is_training: false}", ("out",), "'h' before it is Relu"),
        ("out = FusedBatchNorm(c, g, o, m, v) {is_training: false}; z = Neg(k)", ("out",), "the kernel of 'c' is read"),
        ("out = FusedBatchNorm(c, g, o, m, v) {is_training: false}; z = Neg(out:1)", ("out",), "more than its first"),
        ("q = Const {f32 [2,1]}; out = Mul(c, q)", ("out",), "something else than one number for each channel"),
    ],
)
def test_what_stays(text, protected, reason):
    graph, folding = folded(text, protected)
    assert folding.folded == []
    assert reason in folding.kept["out"]
    assert graph["k"].tensor.numpy().tolist() == KERNEL.tolist()


def test_products_that_are_no_scales_are_not_spoken_of():
    _, folding = folded("out = Mul(x, g); z = Mul(c, x)")
    assert folding.kept == {}


@pytest.mark.parametrize(
    ("text", "protected", "reason"),
    [
        ("out = FusedBatchNorm(c, g, o, m, v) {is_training: false}", ("out", "k"), "the kernel of 'c' is read by"),
        ("w = Const {f32 [3,3]}; p = MatMul(w, w); out = Mul(p, g)", ("out",), "the kernel of 'p' is read by others"),
        ("z = NoOp(^c); out = Mul(c, g, ^z)", ("out",), "waits for others, as others do for 'c'"),
        ("zero = Const {f32 [] 0}; out = RealDiv(c, zero)", ("out",), "its numbers are not finite"),
    ],
)
def test_what_would_be_wrong_stays(text, protected, reason):
    _, folding = folded(text, protected)
    assert folding.folded == []
    assert any(reason in each for each in folding.kept.values()), folding.kept


def test_another_output_that_is_asked_for():
    _, folding = folded("out = FusedBatchNorm(c, g, o, m, v) {is_training: false}", later=("out",))
    assert folding.kept == {"out": "more than its first output is read"}


def test_an_offset_that_is_asked_for_stays():
    graph, folding = folded("out = FusedBatchNorm(c, g, o, m, v) {is_training: false}", ("out", "o"))
    assert folding.folded
    assert graph["o"].tensor.numpy().tolist() == [1, 1, 1]
    assert graph["out"].inputs[1] != "o"


def test_the_oldest_kind_takes_its_channels_last():
    text = """
        l = Const {f32 [1,1,2,3]}
        d = Conv2D(x, l) {strides: [1, 1, 1, 1], padding: "SAME", data_format: "NCHW"}
        out = BatchNormWithGlobalNormalization(d, m, v, o, g) {variance_epsilon: 0.5, scale_after_normalization: true}
    """
    _, folding = folded(text)
    assert folding.kept["out"] == "takes its channels elsewhere than the layer before it gives them"


@pytest.mark.parametrize(("factor", "fits"), [("1", True), ("60000", False), ("0.00001", False), ("0", True)])
def test_numbers_out_of_range(factor, fits):
    text = f"""
        h = Cast(x) {{SrcT: f32, DstT: f16}}
        q = Const {{f16 [1,1,2,3] 2}}
        d = Conv2D(h, q) {{strides: [1, 1, 1, 1], padding: "SAME"}}
        e = Const {{f16 [] {factor}}}
        out = Mul(d, e)
    """
    _, folding = folded(text)
    assert bool(folding.folded) is fits
    assert fits or "out of range" in folding.kept["out"]


def test_what_numbers_wait_for_is_waited_for_still():
    text = "guard = NoOp(^x); q = Const {f32 [3] 2}; r = Identity(q, ^guard); out = Mul(c, r)"
    graph, folding = folded(text)
    assert folding.folded
    assert graph["out"].op == "Conv2D"
    assert graph["out"].control_inputs == ("^guard",)
