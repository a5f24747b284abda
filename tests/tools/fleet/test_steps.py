"""Steps for workers: checked here, the same there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import UnsupportedError
from graphsurgeon.tools.fleet.steps import shared_steps
from graphsurgeon.tools.recipe.pipeline import Pipeline
from tests.models import floats


def test_parameters_are_filled_in():
    found = shared_steps([{"prune": {"outputs": "${out}"}}], {"out": "prob"})
    assert (found.steps, found.directory) == ([{"prune": {"outputs": "prob"}}], os.getcwd())


def test_a_worker_makes_the_same_of_them():
    """Also of what only looks like a parameter."""
    found = shared_steps([{"rename": {"add_scope": "$${x}/${y}"}}], {"y": "${z}"})
    assert Pipeline(found.steps).recipe == [{"rename": {"add_scope": "${x}/${z}"}}]


def test_the_digest_is_of_steps_and_of_what_they_name(tmp_path: Path):
    gs.save_checkpoint({"w": floats(1)}, tmp_path / "other")
    (tmp_path / "r.yaml").write_text("- average: {others: [other]}\n")
    before = shared_steps(tmp_path / "r.yaml")
    assert before.directory == str(tmp_path)
    assert shared_steps(tmp_path / "r.yaml") == before
    gs.save_checkpoint({"w": floats(2)}, tmp_path / "other", force=True)
    after = shared_steps(tmp_path / "r.yaml")
    assert after.digest != before.digest
    assert shared_steps(["sort"]).digest != shared_steps(["unfreeze"]).digest


def test_wrong_recipes_are_told_at_once(tmp_path: Path):
    with pytest.raises(UnsupportedError, match="no step 'sorted'"):
        shared_steps(["sorted"])
    with pytest.raises(gs.NotFoundError):
        shared_steps([{"average": {"others": [str(tmp_path / "none")]}}])
