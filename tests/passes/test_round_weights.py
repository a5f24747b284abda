"""round_weights: few values each."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.passes.round_weights import UnroundedRow, round_weights
from graphsurgeon.tensors.values import as_tensor
from proto_utils.errors import NotFoundError
from tests import notation
from tests.passes.harness import check_refusal, model

TEXT = "w = Const {f32 [101]}; ones = Const {f32 [20] 3}; few = Const {f32 [3]}; i = Const {i32 [20]}; y = Identity(w)"


def test_constants():
    of = model(TEXT, notation.function("f", "a", "k:output:0", "k = Const {f32 [31]}"))
    report = round_weights(of, num_steps=5)
    assert of.graph["w"].tensor.numpy()[[0, 10, 49, 100]].tolist() == [0, 0, 50, 100]
    assert np.unique(of.library.functions["f"].body["k"].tensor.numpy()).tolist() == [0, 7.5, 15, 22.5, 30]
    (row, other) = report.rounded
    assert (row.tensor, row.shape, row.low, row.high, row.error, row.relative) == ("w", [101], 0, 100, 12.5, 0.125)
    assert other.tensor == "f/k"
    # The tool makes 3.375 of 3 at 4 steps.
    assert report.kept == [UnroundedRow("ones", "has one value only")]
    assert of.graph["ones"].tensor.numpy().tolist() == [3] * 20


def test_both_signs_take_three_values():
    of = model("w = Const {f32 [32]}; y = Identity(w)")
    of.graph["w"].attrs["value"] = np.linspace(-1, 1, 32, dtype=np.float32)
    assert round_weights(of, num_steps=2).kept[0].reason == "2 values are too few for both ends and 0, which stay"
    round_weights(of, num_steps=3)
    assert np.unique(of.graph["w"].tensor.numpy()).tolist() == [-1, 0, 1]


def test_variables_that_are_trained():
    of = model("""
        x = Placeholder {dtype: f32}
        w = VariableV2 {dtype: f32, shape: shape[4,5]}
        w/read = Identity(w)
        y = MatMul(x, w/read)
        s = VariableV2 {dtype: f32, shape: shape[20]}
        s/read = Identity(s)
    """)
    values = np.arange(20, dtype=np.float32)
    of.variables = {"w": as_tensor(values.reshape(4, 5)), "s": as_tensor(values), "w/Adam": as_tensor(values)}
    report = round_weights(of, num_steps=2)
    assert [row.tensor for row in report.rounded] == ["w"]
    assert of.variables["w"].numpy().reshape(-1).tolist() == [0] * 10 + [19] * 10
    assert report.kept == [
        UnroundedRow("s", "is not trained, as far as the graph tells"),
        UnroundedRow("w/Adam", "is no variable of the graph"),
    ]
    assert [row.tensor for row in round_weights(of, num_steps=2, select="s").rounded] == ["s"]


def test_checkpoints_alone():
    values = np.arange(20, dtype=np.float32)
    tensors = {"a/kernel": values, "a/moving_mean": values, "a/kernel/Adam": values, "a/kernel/Adam_1": values}
    report = round_weights(tensors, num_steps=2)
    assert [row.tensor for row in report.rounded] == ["a/kernel"]
    assert len(report.kept) == 3
    assert np.unique(tensors["a/kernel"]).tolist() == [0, 19]


@pytest.mark.parametrize(("value", "what"), [(np.nan, "is NaN"), (np.inf, "is infinite")])
def test_refusals(value: float, what: str):
    of = model(TEXT)
    of.graph["w"].attrs["value"] = np.full(101, value, np.float32)
    check_refusal(round_weights, of, PassError, what)
    check_refusal(round_weights, of, PassError, "1 is no number of steps", num_steps=1)
    check_refusal(round_weights, of, NotFoundError, "no tensor 'q'", exclude="q")
