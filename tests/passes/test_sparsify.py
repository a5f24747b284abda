"""sparsify: weights of least magnitude become zero."""

from __future__ import annotations

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.passes.sparsify import UnprunedRow, sparsify
from graphsurgeon.tensors.values import as_tensor
from tests.passes.harness import model

TEXT = """
    x = Placeholder {dtype: f32}
    ids = Placeholder {dtype: i32}
    w = Const {f32 [2,3]}
    w/read = Identity(w)
    b = Const {f32 [3]}
    e = Const {f32 [4,2]}
    axis = Const {i32 [] 0}
    e/read = Identity(e)
    rows = GatherV2(e/read, ids, axis)
    y = MatMul(rows, w/read)
    out = BiasAdd(y, b)
"""


def test_kernels_of_a_frozen_graph():
    of = model(TEXT)
    report = sparsify(of, sparsity=0.5)
    assert [(row.tensor, row.role, row.zeros_before, row.zeros, row.share, row.threshold) for row in report.pruned] == [
        ("w", "matmul_kernel", 1, 3, 0.5, 3.0)
    ]
    assert report.kept == [UnprunedRow("e", "of role embedding, which `select` names")]
    assert of.graph["w"].tensor.numpy().tolist() == [[0, 0, 0], [3, 4, 5]]
    assert of.graph["b"].tensor.numpy().tolist() == [0, 1, 2]


def test_named_ones_and_excluded_ones():
    of = model(TEXT)
    report = sparsify(of, sparsity={"e": 0.5, "w": 0.9}, exclude="w")
    assert [row.tensor for row in report.pruned] == ["e"]
    assert report.kept == [UnprunedRow("w", "excluded")]
    assert [row.tensor for row in sparsify(of, sparsity="0.5", select=["b", "e"]).pruned] == ["b", "e"]


def test_checkpoints_alone():
    weights = {"fc/w": np.arange(6, dtype=np.float32).reshape(2, 3), "fc/biases": np.ones(3, np.float32)}
    report = sparsify(weights, sparsity=0.5)
    assert np.asarray(weights["fc/w"]).tolist() == [[0, 0, 0], [3, 4, 5]]
    assert (report.num_zeros, report.num_elements) == (3, 6)


def test_a_checkpoint_with_its_graph_keeps_the_graph():
    of = model("""
        x = Placeholder {dtype: f32}
        w = VariableV2 {dtype: f32, shape: shape[2,3]}
        w/read = Identity(w)
        y = MatMul(x, w/read)
    """)
    of.variables = {"w": as_tensor(np.ones((2, 3), np.float32)), "w/ExponentialMovingAverage": as_tensor(np.ones(1))}
    before = [str(node) for node in of.graph]
    report = sparsify(of, threshold=2.0)
    assert not of.variables["w"].numpy().any()
    assert "moving averages stay" in report.notes[0]
    assert before == [str(node) for node in of.graph]


def test_one_threshold_for_all():
    weights = {"a": np.full((2, 2), 1, np.float32), "b": np.full((2, 2), 2, np.float32)}
    sparsify(weights, sparsity=0.5, global_=True)
    assert not np.asarray(weights["a"]).any()
    assert np.asarray(weights["b"]).all()


def test_a_pattern_that_does_not_fit():
    weights = {"c": np.ones((3, 3, 2, 2), np.float32), "w": np.eye(4, dtype=np.float32)}
    report = sparsify(weights, sparsity=0.5, pattern="2x2")
    assert [row.tensor for row in report.kept] == ["c"]
    assert report.pruned[0].zeros == 12 + 2 - 2
    with pytest.raises(PassError, match="no matrix"):
        sparsify(weights, sparsity={"c": 0.5}, pattern="2x2")


def test_what_is_refused():
    with pytest.raises(NotFoundError):
        sparsify(model(TEXT), sparsity="0.5", select="nothing")
    with pytest.raises(PassError, match="NaN"):
        sparsify({"w": np.full((2, 2), np.nan, np.float32)}, sparsity=0.5)
    with pytest.raises(PassError, match="no kernel"):
        sparsify({"step": np.ones((), np.int64)}, sparsity=0.5)


def test_values_stream_when_they_are_saved(tmp_path):
    gs.save_checkpoint({"w": np.arange(6, dtype=np.float32).reshape(2, 3)}, tmp_path / "a.ckpt")
    tensors = dict(gs.load_checkpoint(tmp_path / "a.ckpt"))
    sparsify(tensors, sparsity=0.5)
    gs.save_checkpoint(tensors, tmp_path / "b.ckpt")
    assert gs.load_checkpoint(tmp_path / "b.ckpt")["w"].numpy().tolist() == [[0, 0, 0], [3, 4, 5]]


def test_a_pattern_with_a_share_means_kernels_alone():
    of = model(TEXT)
    report = sparsify(of, sparsity=".*=0.5")
    assert [row.tensor for row in report.pruned] == ["w"]
    assert [row.tensor for row in report.kept] == ["e"]
