"""`tensorboard` in the library: what becomes a step, what is left out, and what stands in the way."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from tests import notation
from tests.models import floats


def logged(directory: Path) -> bytes:
    (path,) = directory.iterdir()
    return path.read_bytes()


def test_a_frozen_graph_with_its_weights(fixtures: Path, tmp_path: Path):
    report = gs.tensorboard(fixtures / "mobile_cnn.pb", tmp_path / "log")
    assert report.nodes == 101
    assert [(row.step, row.tensors) for row in report.steps] == [(0, 37)]
    assert report.outputs == [str(next((tmp_path / "log").iterdir()))]
    model = gs.load(tmp_path / "log")
    weights = model.graph["MobileNet/Conv/weights"]
    assert list(weights.attrs["_too_large_attrs"]) == [b"value"]
    assert "value" not in weights.attrs
    assert [shape.dims for shape in model.graph["Relu6"].attrs["_output_shapes"]] == [(None, 16, 16, 16)]


def test_the_source_is_not_changed(fixtures: Path, tmp_path: Path):
    before = (fixtures / "mobile_cnn.pb").read_bytes()
    gs.tensorboard(fixtures / "mobile_cnn.pb", tmp_path / "log")
    assert (fixtures / "mobile_cnn.pb").read_bytes() == before


def test_the_same_source_gives_the_same_log(fixtures: Path, tmp_path: Path):
    for name in ("a", "b"):
        gs.tensorboard(fixtures / "cond.ckpt", tmp_path / name)
    assert logged(tmp_path / "a") == logged(tmp_path / "b")


def save(directory: Path, **named: float) -> None:
    for name, value in named.items():
        gs.save_checkpoint({"w": floats(value)}, directory / name.replace("_", "-"))


def test_a_step_per_checkpoint_by_the_numbers_of_their_names(tmp_path: Path):
    save(tmp_path / "run", m_20=3, m_3=1)
    report = gs.tensorboard(tmp_path / "run", tmp_path / "log")
    assert [(row.step, os.path.basename(row.path)) for row in report.steps] == [(3, "m-3"), (20, "m-20")]


def test_steps_by_the_variable_that_counts_them(tmp_path: Path):
    for name, step in (("b", 7), ("a", 9)):
        gs.save_checkpoint({"w": floats(1), "global_step": np.int64(step)}, tmp_path / "run" / name)
    report = gs.tensorboard(tmp_path / "run", tmp_path / "log")
    assert [(row.step, os.path.basename(row.path)) for row in report.steps] == [(7, "b"), (9, "a")]


def test_two_checkpoints_of_one_step(tmp_path: Path):
    save(tmp_path / "run", m_3=1, n_3=2)
    with pytest.raises(gs.PassError, match="both of step 3"):
        gs.tensorboard(tmp_path / "run", tmp_path / "log")
    assert not (tmp_path / "log").exists()


def test_what_has_no_histogram_is_named(tmp_path: Path):
    values = {"w": np.array([np.nan, np.inf, 1], np.float32), "s": np.array([b"a"]), "c": np.ones(2, np.complex64)}
    gs.save_checkpoint(values, tmp_path / "m")
    report = gs.tensorboard(tmp_path / "m", tmp_path / "log")
    assert sorted(row.name for row in report.skipped) == ["c", "s"]
    assert report.notes == ["w at step 0: 1 NaN and 1 infinite values are in no bucket"]


def test_a_checkpoint_without_graph_and_tensors(tmp_path: Path):
    gs.save_checkpoint({}, tmp_path / "m")
    with pytest.raises(gs.PassError, match="nothing to be logged"):
        gs.tensorboard(tmp_path / "m", tmp_path / "log")


def test_a_pattern_that_matches_nothing(fixtures: Path, tmp_path: Path):
    with pytest.raises(gs.NotFoundError):
        gs.tensorboard(fixtures / "mobile_cnn.pb", tmp_path / "log", select="Logit/.*")


def test_damaged_values_leave_no_log(tmp_path: Path):
    gs.save_checkpoint({"w": floats(1, 2)}, tmp_path / "m")
    data = tmp_path / "m.data-00000-of-00001"
    data.write_bytes(bytes(8))
    with pytest.raises(gs.CorruptionError):
        gs.tensorboard(tmp_path / "m", tmp_path / "log")
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = Placeholder {dtype: f32}; y = MatMul(^x) {T: f32}", "0 data inputs, but MatMul takes 2"),
        ("a = Relu(b) {T: f32}; b = Relu(a) {T: f32}", "in a cycle"),
        ("x = Placeholder {dtype: f32}; y = Relu(z) {T: f32}", "names no node"),
    ],
)
def test_a_broken_graph_is_shown_without_inferred_shapes(tmp_path: Path, text: str, reason: str):
    (tmp_path / "broken.pb").write_bytes(notation.model(text).to_graph_def().SerializeToString())
    report = gs.tensorboard(tmp_path / "broken.pb", tmp_path / "log")
    assert report.nodes == len(gs.load(tmp_path / "log").graph) == 2
    (note,) = report.notes
    assert note.startswith("shapes are those that attrs state, for the graph is broken: ")
    assert reason in note


def test_a_graph_too_large_to_infer_shapes_says_so(fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("graphsurgeon.tools.tensorboard.MAX_NODES", 50)
    report = gs.tensorboard(fixtures / "mobile_cnn.pb", tmp_path / "log")
    assert report.notes == ["shapes are those that attrs state: of more than 50 nodes they are not inferred"]
