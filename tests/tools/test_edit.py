"""`edit` in the library: a recipe of edits, in memory or from path to path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from tests import notation
from tests.models import floats

RECIPE: list[Mapping[str, Any]] = [{"rename": {"add_scope": "my"}}, {"scale": {"select": "my/w", "factor": 2.0}}]


def test_tensors_in_memory():
    tensors: dict[str, gs.Tensor] = {"w": floats(1), "b": floats(3)}
    report = gs.edit(tensors, RECIPE)
    assert {name: tensor.numpy().tolist() for name, tensor in tensors.items()} == {"my/w": [2], "my/b": [3]}
    assert [row.action for row in report.changes] == ["renamed", "renamed"]


def test_constants_of_a_frozen_graph():
    model = notation.model("x = Placeholder {dtype: f32}; w = Const {f32 [2]}; y = Mul(x, w)")
    before = model.graph["w"].tensor.numpy()
    gs.edit(model, [{"fill": {"select": "w", "value": 7}}])
    assert model.graph["w"].tensor.numpy().tolist() == [7, 7] != before.tolist()


def test_a_checkpoint(tmp_path: Path):
    gs.save_checkpoint({"w": floats(1), "b": floats(3)}, tmp_path / "m")
    report = gs.edit(tmp_path / "m", RECIPE, tmp_path / "n")
    assert {name: each.numpy().tolist() for name, each in gs.load_checkpoint(tmp_path / "n").items()} == {
        "my/b": [3], "my/w": [2],
    }  # fmt: skip
    assert report.to_json()["outputs"] == report.outputs
    with pytest.raises(gs.OutputExistsError):
        gs.edit(tmp_path / "m", RECIPE, tmp_path / "n")
    gs.edit(tmp_path / "m", RECIPE, tmp_path / "m", force=True)
    assert set(gs.load_checkpoint(tmp_path / "m")) == {"my/b", "my/w"}


def test_where_to_write_is_for_paths(tmp_path: Path):
    with pytest.raises(TypeError, match="in place"):
        gs.edit({"w": floats(1)}, RECIPE, tmp_path / "x")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="needs output"):
        gs.edit(tmp_path / "x", RECIPE)  # type: ignore[call-overload]
