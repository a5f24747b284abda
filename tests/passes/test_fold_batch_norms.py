"""fold_batch_norms: factors for each channel go into kernels."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import SavedModelParts
from graphsurgeon.passes.fold_batch_norms import FoldedNormRow, fold_batch_norms
from graphsurgeon.tensors.values import as_tensor
from tests import notation
from tests.passes.harness import check_pass, model

TEXT = """
    x = Placeholder {dtype: f32}
    k = Const {f32 [2,3]}
    k/read = Identity(k)
    y = MatMul(x, k/read)
    b = Const {f32 [3]}
    h = BiasAdd(y, b)
    e = Const {f32 [] 1}
    v = Const {f32 [3] 3}
    ve = Add(v, e)
    inv = Rsqrt(ve)
    s = Mul(h, inv)
    m = Const {f32 [3] 2}
    mi = Mul(m, inv)
    o = Const {f32 [3] 1}
    off = Sub(o, mi)
    out = AddV2(s, off)
"""


def test_one_that_is_written_out():
    after = """
        x = Placeholder
        k = Const
        k/read = Identity(k)
        y = MatMul(x, k/read)
        b = Const
        s = BiasAdd(y, b)
        out = AddV2(s, out/bias)
        out/bias = Const
    """
    of = model(TEXT)
    report = check_pass(fold_batch_norms, of, after, outputs=("out",))
    assert report.folded == [FoldedNormRow("s", "Mul", ["y"])]
    np.testing.assert_allclose(of.graph["k"].tensor.numpy(), np.arange(6).reshape(2, 3) / 2)
    np.testing.assert_allclose(of.graph["out/bias"].tensor.numpy(), [0, 0, 0], atol=1e-7)


def test_checkpoints():
    of = model("""
        x = Placeholder {dtype: f32}
        k = VariableV2 {dtype: f32, shape: shape[2]}
        k/read = Identity(k)
        y = MatMul(x, k/read)
        g = VariableV2 {dtype: f32, shape: shape[3]}
        g/read = Identity(g)
        out = Mul(y, g/read)
    """)
    of.variables = {"k": as_tensor(np.ones((2, 3), np.float32)), "g": as_tensor(np.arange(3, dtype=np.float32))}
    report = fold_batch_norms(of, outputs="out")
    assert report.values == ["k"]
    assert report.notes == ["variables that nothing computes with any more: 'g'"]
    assert of.variables["k"].numpy().tolist() == [[0, 1, 2]] * 2
    assert of.graph["out"].op == "MatMul"


def test_what_an_optimizer_holds_is_named():
    of = model("""
        x = Placeholder {dtype: f32}
        k = VariableV2 {dtype: f32, shape: shape[2]}
        y = MatMul(x, k)
        g = Const {f32 [] 2}
        out = Mul(y, g)
    """)
    of.variables = {name: as_tensor(np.ones((2, 3), np.float32)) for name in ("k", "k/Momentum", "kind/Momentum")}
    report = fold_batch_norms(of, outputs="out")
    assert report.notes == ["what an optimizer or average holds of the old values stays as it was: 'k/Momentum'"]


def test_other_meta_graphs_read_the_same_variables():
    of = model("""
        x = Placeholder {dtype: f32}
        k = VariableV2 {dtype: f32, shape: shape[2]}
        y = MatMul(x, k)
        g = Const {f32 [] 2}
        out = Mul(y, g)
    """)
    of.variables = {"k": as_tensor(np.ones((2, 3), np.float32))}
    of.saved_model = SavedModelParts((), 0, 1, variables=dict(of.variables))
    with pytest.raises(PassError, match="other meta graphs"):
        fold_batch_norms(of, outputs="out")
    assert of.variables["k"].numpy().tolist() == [[1, 1, 1]] * 2


def test_what_is_fed_or_changed_by_the_graph_is_no_number():
    of = model("""
        x = Placeholder {dtype: f32}
        k = Const {f32 [2,2] 1}
        y = MatMul(x, k)
        g = Const {f32 [2] 2}
        z = Mul(y, g)
        v = VariableV2 {dtype: f32, shape: shape[2]}
        a = AssignAdd(v, g)
        v/read = Identity(v)
        out = Mul(z, v/read)
    """)
    of.variables = {"v": as_tensor(np.ones(2, np.float32))}
    assert fold_batch_norms(of, outputs=("out", "a"), inputs="g").folded == []


def test_function_bodies():
    body = notation.function(
        "f", "a", "s:z:0",
        "k = Const {f32 [2,3]}; y = MatMul(a, k:output:0) {T: f32}; g = Const {f32 [3] 2}; "
        "s = Mul(y:product:0, g:output:0) {T: f32}",
    )  # fmt: skip
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    report = fold_batch_norms(of)
    assert report.folded == [FoldedNormRow("f/s", "Mul", ["y"])]
    function = of.library.functions["f"]
    assert function.proto.ret["out0"] == "s:product:0"
    assert function.body["s"].inputs == ("a", "k:output:0")
