"""`export` and `import_` in the library: from path to path, bit by bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs


def test_there_and_back(tmp_path: Path):
    gs.save_checkpoint({"a": np.arange(3, dtype=np.float32), "b": np.ones(2)}, tmp_path / "m")
    report = gs.export(tmp_path / "m", tmp_path / "x.npz", exclude="b")
    assert [row.name for row in report.tensors] == ["a"]
    with pytest.raises(gs.OutputExistsError):
        gs.export(tmp_path / "m", tmp_path / "x.npz")
    back = gs.import_(tmp_path / "x.npz", tmp_path / "n")
    assert gs.load_checkpoint(tmp_path / "n")["a"].numpy().tolist() == [0, 1, 2]
    assert back.to_json()["tensors"] == [{"name": "a", "dtype": "float32", "shape": [3]}]
    with pytest.raises(gs.OutputExistsError):
        gs.import_(tmp_path / "x.npz", tmp_path / "n")
    gs.import_(tmp_path / "x.npz", tmp_path / "n", from_="npz", force=True)


def test_keras_weights_by_the_graph_beside_a_checkpoint(fixtures: Path, tmp_path: Path):
    pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    model = gs.load(str(fixtures / "keras_convolutions.pb"))
    gs.unfreeze(model)
    gs.save(model, str(tmp_path / "m"))
    report = gs.export(tmp_path / "m", tmp_path / "x.weights.h5")
    assert {row.path: row.name for row in report.tensors}["layers/separable_conv2d/vars/1"] == (
        "separable_conv2d/pointwise_kernel"
    )
    assert len(gs.import_tensors(tmp_path / "x.weights.h5")) == len(model.variables)
    gs.save_checkpoint(model.variables, tmp_path / "alone")
    with pytest.raises(gs.PassError, match="no object graph"):
        gs.export(tmp_path / "alone", tmp_path / "y.weights.h5")
