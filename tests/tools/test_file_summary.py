"""`inspect` in the library: what a file is and holds, or what a model does."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.tools.inspect import Inspection
from tests import notation
from tests.models import floats

NET = "x = Placeholder {dtype: f32}; w = Const {f32 [2]}; y = Mul(x, w)"


def test_a_graph(tmp_path: Path):
    gs.save(notation.model(NET), tmp_path / "x.pb")
    found = gs.inspect(tmp_path / "x.pb")
    assert (found.kind, found.nbytes, found.checkpoint) == ("graph_def", (tmp_path / "x.pb").stat().st_size, None)
    assert found.nodes == 3
    assert [each.name for each in found.outputs] == ["y"]
    answer = found.to_json()
    assert (answer["kind"], answer["nodes"], answer["checkpoint"]) == ("graph_def", 3, None)


def test_a_checkpoint_without_a_graph(tmp_path: Path):
    gs.save_checkpoint({"w": floats(1, 2)}, tmp_path / "m")
    found = gs.inspect(tmp_path / "m")
    assert found.model is None
    assert found.checkpoint is not None
    assert found.checkpoint.tensors == 1
    with pytest.raises(AttributeError, match="has no graph"):
        _ = found.nodes
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = found.nothing


def test_a_model():
    found = gs.inspect(notation.model(NET))
    assert isinstance(found, Inspection)
    assert found.nodes == 3
