"""`ls` in the library: rows of tensors and nodes, narrowed."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from tests import notation
from tests.models import floats

NET = "x = Placeholder {dtype: f32}; w = Const {f32 [2]}; y = Mul(x, w)"


def test_tensors_are_listed_as_often_as_one_likes(tmp_path: Path):
    gs.save_checkpoint({"a": floats(1), "b/w": floats(1, 2)}, tmp_path / "m")
    found = gs.ls(tmp_path / "m")
    assert len(found) == 2
    assert not found.is_graph
    assert list(found) == list(found) == found.to_json()["rows"]
    assert list(found)[1] == {"name": "b/w", "dtype": "float32", "shape": [2], "nbytes": 8}
    assert [row["name"] for row in gs.ls(tmp_path / "m", "b/.*")] == ["b/w"]
    assert [row["name"] for row in gs.ls(tmp_path / "m", names="full")] == ["a", "b/w"]
    with pytest.raises(gs.NotFoundError):
        gs.ls(tmp_path / "m", ["nothing"])


@pytest.mark.parametrize("is_file", [True, False])
def test_nodes_of_a_file_or_a_model(tmp_path: Path, is_file: bool):
    model = notation.model(NET)
    gs.save(model, tmp_path / "x.pb")
    source = tmp_path / "x.pb" if is_file else model
    assert [row["name"] for row in gs.ls(source)] == ["x", "w", "y"]
    assert [row["name"] for row in gs.ls(source, constants=True)] == ["w"]
    assert [row["name"] for row in gs.ls(source, op=["Mul", "Const"])] == ["w", "y"]
    (row,) = gs.ls(source, inputs=True)
    assert row["reason"]
    assert repr(gs.ls(source)) == "Listing(3 nodes)"
    with pytest.raises(gs.NotFoundError):
        gs.ls(source, op="MatMul")
    with pytest.raises(gs.PassError, match="`names` is about the tensors of a checkpoint"):
        gs.ls(source, names="path")
