"""`cat` in the library: one tensor by name, as an array, as JSON, as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from tests.models import floats, frozen


def test_a_tensor_by_name(tmp_path: Path):
    gs.save_checkpoint({"w": np.array([[1, np.nan]], np.float32)}, tmp_path / "m")
    found = gs.cat(tmp_path / "m", "w:0")
    assert (found.name, found.dtype, found.shape, found.outputs) == ("w", "float32", (1, 2), [])
    np.testing.assert_array_equal(np.asarray(found), [[1, np.nan]])
    np.testing.assert_array_equal(found.numpy(), found.tensor.numpy())
    assert found.to_json() == {
        "name": "w", "dtype": "float32", "shape": [1, 2], "outputs": [], "value": [[1.0, "nan"]],
    }  # fmt: skip
    assert gs.cat(tmp_path / "m", "w[0, :1]").numpy().tolist() == [1]


def test_a_constant(tmp_path: Path):
    (tmp_path / "x.pb").write_bytes(frozen().SerializeToString())
    assert gs.cat(tmp_path / "x.pb", "w").numpy().tolist() == [1, 2, 3]


def test_saved_as_npy_and_replaced_when_told(tmp_path: Path):
    gs.save_checkpoint({"w": floats(1, 2)}, tmp_path / "m")
    path = tmp_path / "x.npy"
    assert gs.cat(tmp_path / "m", "w", output=path).to_json()["outputs"] == [str(path)]
    assert np.load(path).tolist() == [1, 2]
    with pytest.raises(gs.OutputExistsError):
        gs.cat(tmp_path / "m", "w", output=path)
    gs.cat(tmp_path / "m", "w[1:]", output=path, force=True)
    assert np.load(path).tolist() == [2]
