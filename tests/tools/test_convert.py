"""`convert` in the library: from path to path, with what the command line says."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from tests import notation
from tests.models import floats

NET = "x = Placeholder {dtype: f32}; w = Const {f32 [2]}; y = Mul(x, w)"


def test_a_graph_to_text_and_back(tmp_path: Path):
    gs.save(notation.model(NET), tmp_path / "x.pb")
    report = gs.convert(tmp_path / "x.pb", tmp_path / "x.pbtxt")
    assert report.to_json() == {
        "kind": "graph_def", "to": "graph_def_text", "outputs": [str(tmp_path / "x.pbtxt")], "notes": [],
    }  # fmt: skip
    gs.convert(tmp_path / "x.pbtxt", tmp_path / "y.pb")
    assert (tmp_path / "x.pb").read_bytes() == (tmp_path / "y.pb").read_bytes()
    with pytest.raises(gs.OutputExistsError):
        gs.convert(tmp_path / "x.pbtxt", tmp_path / "y.pb")
    gs.convert(tmp_path / "x.pbtxt", tmp_path / "y.pb", force=True)


def test_a_saved_model_tells_its_signature(tmp_path: Path):
    gs.save(notation.model(NET), tmp_path / "x.pb")
    report = gs.convert(tmp_path / "x.pb", tmp_path / "served", to="saved_model", outputs="result=y")
    assert report.serving is not None
    assert report.to_json()["serving"]["signature"]["outputs"][0]["name"] == "result"
    assert gs.inspect(tmp_path / "served").kind == "saved_model"


def test_what_cannot_be(tmp_path: Path):
    gs.save_checkpoint({"w": floats(1)}, tmp_path / "m")
    gs.save(notation.model(NET), tmp_path / "x.pb")
    with pytest.raises(gs.UnsupportedError, match="without a graph"):
        gs.convert(tmp_path / "m", tmp_path / "y.pb", to="graph_def")
    with pytest.raises(gs.UnsupportedError, match="without values"):
        gs.convert(tmp_path / "x.pb", tmp_path / "y", to="checkpoint")
    with pytest.raises(gs.PassError, match="signature of a SavedModel"):
        gs.convert(tmp_path / "x.pb", tmp_path / "y.pb", outputs=["y"])
