"""Weights: role, evidence, and what their values are like; of frozen graphs, variables and checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.tools.report.weight_rows import weight_row, weights_of
from tests import notation
from tests.models import shared


def rows(model: Model, *, values: bool = True, **damage: str) -> dict[str, dict[str, Any]]:
    return {found.name: weight_row(found, values=values) for found in weights_of(model, Index(model.graph), damage)}


def test_of_a_frozen_graph_they_are_what_unfreeze_takes(fixtures: Path):
    model = gs.load(fixtures / "mobile_cnn.pb")
    found = rows(model, values=False)
    report = gs.unfreeze(model)
    assert [(row["name"], row["role"], row["trainable"], row["evidence"]) for row in found.values()] == [
        (row.name, row.role, row.trainable, row.evidence) for row in report.variables
    ]


@pytest.mark.parametrize("name", ["mobile_cnn", "resource_cnn", "lstm_loop", "partitioned"])
def test_values_are_those_of_numpy(fixtures: Path, name: str):
    model = gs.load(fixtures / f"{name}.ckpt")
    found = {each.name: each for each in weights_of(model, Index(model.graph), {})}
    assert found
    for each in found.values():
        stats = weight_row(each, values=True)["stats"]
        assert each.tensor is not None
        values = each.tensor.numpy().astype(np.float64)
        assert stats["count"] == values.size == sum(stats["histogram"]["counts"])
        assert np.allclose([stats["mean"], stats["std"]], [values.mean(), values.std()], atol=1e-7)
        assert np.allclose(stats["norm"], np.linalg.norm(values))
        assert (stats["min"], stats["max"], stats["zeros"]) == (values.min(), values.max(), np.sum(values == 0))
        edges = stats["histogram"]["edges"]
        assert len(edges) == len(stats["histogram"]["counts"]) + 1
        assert (edges[0], edges[-1]) == (values.min(), values.max())


def test_variables_say_where_they_are_saved(fixtures: Path):
    found = rows(gs.load(fixtures / "mobile_cnn.ckpt"), values=False)
    assert found["Logits/weights"]["evidence"] == ["variable (VariableV2)", "saved as Logits/weights"]
    assert found["Logits/weights"]["node"] == "Logits/weights"


def test_parts_of_a_variable_are_slices_of_one_tensor(fixtures: Path):
    found = rows(gs.load(fixtures / "partitioned.ckpt"))
    parts = [row for name, row in found.items() if "/part_" in name]
    assert parts
    assert all(row["stats"]["count"] == np.prod(row["shape"]) for row in parts)


def test_a_checkpoint_alone(tmp_path: Path):
    gs.save_checkpoint({"a": np.array([0, np.nan, np.inf, 2.0], np.float32), "s": np.array(b"x")}, tmp_path / "c")
    found = rows(gs.load(tmp_path / "c"))
    stats = found["a"]["stats"]
    assert (stats["zeros"], stats["nan"], stats["infinite"], stats["count"], stats["mean"]) == (1, 1, 1, 4, 1.0)
    assert (found["a"]["node"], found["a"]["role"], found["a"]["trainable"]) == (None, None, None)
    assert found["s"]["stats"] is None


def test_what_has_lost_its_values_says_so(tmp_path: Path):
    gs.save_checkpoint({"a": np.zeros(3, np.float32)}, tmp_path / "c")
    found = rows(gs.load(tmp_path / "c"), a="is in a file that is not there")
    assert (found["a"]["stats"], found["a"]["evidence"]) == (None, ["is in a file that is not there"])


def test_nothing_but_infinities_has_no_histogram(tmp_path: Path):
    gs.save_checkpoint({"a": np.full(3, np.inf, np.float32)}, tmp_path / "c")
    stats = rows(gs.load(tmp_path / "c"))["a"]["stats"]
    assert (stats["min"], stats["histogram"]) == (None, {"edges": [], "counts": []})


def test_a_range_wider_than_any_number(tmp_path: Path):
    gs.save_checkpoint({"a": np.array([-1.7e308, 1.7e308])}, tmp_path / "c")
    stats = rows(gs.load(tmp_path / "c"))["a"]["stats"]
    assert stats["histogram"] == {"edges": [-1.7e308, 1.7e308], "counts": [2]}


def test_a_saved_model_of_keras():
    model = gs.load(shared("tensorflow+tfx/tfx/components/testdata/trainer/keras/Format-Serving"))
    found = rows(model)
    trained = [row for row in found.values() if row["trainable"]]
    assert trained
    assert all(row["stats"] is not None and row["node"] is not None for row in trained)


def test_strings_have_no_size_that_could_be_told_unread(tmp_path: Path):
    gs.save_checkpoint({"words": [b"one", b"two"], "w": np.zeros(3, np.float32)}, tmp_path / "m")
    assert {name: row["nbytes"] for name, row in rows(gs.load(tmp_path / "m")).items()} == {"w": 12, "words": None}
    graph = "v = VarHandleOp {dtype: str, shape: shape[2]}; w = VariableV2 {dtype: f32, shape: shape[3]}"
    assert {name: row["nbytes"] for name, row in rows(notation.model(graph)).items()} == {"v": None, "w": 12}
