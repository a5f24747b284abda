"""Freeze: the values that variables become, and those that do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.passes.freeze import freeze
from tests.passes.freeze.models import BOTH, REF, TWO, trained
from tests.passes.harness import check_refusal


def test_a_missing_value_lists_near_keys():
    bad = trained(REF, {"scope/v": [1.0], "w": [1.0]})
    error = check_refusal(freeze, bad, NotFoundError, "no value in the checkpoint for variable 'v'", outputs=("y",))
    assert error.near == ("scope/v",)


def test_no_checkpoint_at_all():
    error = check_refusal(freeze, trained(REF, {}), NotFoundError, "no value", outputs=("y",))
    assert 'load(checkpoint="PREFIX")' in error.hint


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros(3, np.float32), r"shape \[3\] under 'v', the variable \[2\]"),
        (np.zeros((2, 1), np.float32), r"shape \[2, 1\]"),
        (np.zeros(2, np.float64), "float64 under 'v', the variable is float32"),
    ],
)
def test_values_of_another_model(value, message):
    error = check_refusal(freeze, trained(REF, {"v": value}), PassError, message, outputs=("y",))
    assert error.node == "v"


def test_the_oldest_op_has_no_shape():
    frozen = trained('v = Variable {dtype: f32, shape: shape[], container: "", shared_name: ""}; y = Neg(v)')
    freeze(frozen, outputs=("y",))
    assert frozen.graph["v"].tensor.shape == (2,)


def test_unknown_dimensions_fit():
    freeze(trained(REF.replace("shape[2]", "shape[?]")), outputs=("y",))


@pytest.mark.parametrize("key", ["v/ExponentialMovingAverage"])
def test_moving_averages(key):
    frozen = trained(TWO, {**BOTH, key: np.array([1, 1], np.float32)})
    report = freeze(frozen, outputs=("z",), ema=True)
    assert [row.name for row in report.constants] == [key, "w"]
    assert frozen.graph["v"].tensor.numpy().tolist() == [1, 1]
    assert report.notes == ["moving averages taken for 1 of 2 variables; not for w"]


def test_moving_averages_that_a_saver_names(fixtures: Path):
    frozen = gs.load(fixtures / "mobile_cnn.ckpt.meta")
    assert frozen.variables
    name = next(iter(frozen.variables))
    frozen.variables[f"{name}/ExponentialMovingAverage"] = frozen.variables[name]
    report = freeze(frozen, outputs=("Predictions",), ema=True)
    assert report.notes[0].startswith("moving averages taken for 1 of 37 variables; not for ")
    assert report.notes[0].endswith(" ...")


def test_initializers_replace_values():
    frozen = trained(REF)
    freeze(frozen, outputs=("y",), initializers=("v/Assign",))
    assert frozen.graph["v"].tensor.numpy().tolist() == [0, 1]


def test_initializers_are_evaluated_as_fit_does(fixtures: Path):
    """Random ones too, of which this graph has 14 without seeds."""
    fitted, frozen = gs.load(fixtures / "mobile_cnn.ckpt.meta"), gs.load(fixtures / "mobile_cnn.ckpt.meta")
    gs.fit(fitted, {}, missing="init")
    report = freeze(frozen, outputs=("Predictions",), initializers=("init",))
    for row in report.constants:
        assert np.array_equal(frozen.graph[row.node].tensor.numpy(), fitted.variables[row.node].numpy()), row.node
