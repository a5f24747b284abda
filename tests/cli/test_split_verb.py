"""The verb that writes two models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import graphsurgeon as gs
from tests.cli.conftest import Verb
from tests.passes.harness import model
from tests.passes.prune.models import trained

TEXT = "\nx = Placeholder {dtype: f32}\na = Mul(x, w/read)\ny = Mul(a, v/read)"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    gs.save(trained(["w", "v"], TEXT), tmp_path / "src.ckpt")
    return tmp_path / "src.ckpt"


def test_two_checkpoints_that_share_their_bytes(verb: Verb, source: Path, tmp_path: Path):
    done = verb("split", source, "--at", "a:0", "--front", tmp_path / "f.ckpt", "--back", tmp_path / "b.ckpt", "--json")
    assert done.code == 0
    assert done.answer["front"][0] == f"{tmp_path}/f.ckpt.data-00000-of-00001"
    assert [row["num_variables"] for row in done.answer["halves"]] == [1, 1]
    assert list(gs.load(tmp_path / "f.ckpt").variables) == ["w"]
    assert list(gs.load(tmp_path / "b.ckpt").variables) == ["v"]
    assert (tmp_path / "f.ckpt.data-00000-of-00001").samefile(tmp_path / "src.ckpt.data-00000-of-00001")


def test_nothing_is_written_when_one_of_them_exists(verb: Verb, source: Path, tmp_path: Path):
    (tmp_path / "b.ckpt.index").write_text("mine")
    done = verb("split", source, "--at", "a", "--front", tmp_path / "f.ckpt", "--back", tmp_path / "b.ckpt")
    assert done.code == 6
    assert not (tmp_path / "f.ckpt.index").exists()


@pytest.mark.parametrize("half", ["front", "back"])
def test_a_half_may_replace_the_source(verb: Verb, source: Path, tmp_path: Path, half: str):
    other = "back" if half == "front" else "front"
    done = verb("split", source, "--at", "a", f"--{half}", source, f"--{other}", tmp_path / "o.ckpt", "--force")
    assert done.code == 0
    found = {half: gs.load(source), other: gs.load(tmp_path / "o.ckpt")}
    values = [found["front"].variables["w"], found["back"].variables["v"]]
    assert [value.numpy().tolist() for value in values] == [[0, 1]] * 2


def test_usage(verb: Verb, source: Path, tmp_path: Path):
    assert verb("split", source, "--at", "a", "--front", tmp_path / "f").code == 2
    assert verb("split", source, "--at", "a", "--front", tmp_path / "f", "--back", tmp_path / "f").code == 2
    done = verb("split", source, "--at", "a", "--dry-run", "--explain")
    assert (done.code, "halves" in done.out) == (0, True)
    front = tmp_path / "f.ckpt"
    done = verb("split", source, "--at", "a", "--front", front, "--dry-run", "--json")
    listed = json.loads(done.out)["would_write"]
    assert len(listed) == len(set(listed)) > 1


def test_graphs_and_saved_models(verb: Verb, tmp_path: Path):
    gs.save(model("x = Placeholder {dtype: f32}; a = Relu(x); y = Elu(a)"), tmp_path / "src.pb")
    done = verb("split", tmp_path / "src.pb", "--at", "a", "--front", tmp_path / "f.pb", "--back", tmp_path / "b.pb")
    assert done.code == 0
    assert [node.name for node in gs.load(tmp_path / "b.pb").graph] == ["a", "y"]
    places = ["--front", tmp_path / "F", "--back", tmp_path / "B", "--to", "saved_model", "--json"]
    done = verb("split", tmp_path / "src.pb", "--at", "a", *places)
    assert json.loads(done.out)["back"] == [f"{tmp_path}/B/saved_model.pb"]


def test_nothing_is_written_when_the_other_half_cannot_be(verb: Verb, source: Path, tmp_path: Path):
    """A GraphDef holds no values of variables."""
    places = ["--front", tmp_path / "f.pb", "--back", tmp_path / "b.pb"]
    assert verb("split", source, "--at", "y", *places, "--outputs", "y").code == 4
    assert verb("split", source, "--at", "a", *places, "--to", "graph_def").code == 4
    assert not (tmp_path / "f.pb").exists()
