"""Pipelines from the command line."""

from __future__ import annotations

import pytest

import graphsurgeon as gs
from tests.passes.harness import model
from tests.rewrites.specializing.test_branches import COND

RECIPE = '- set-inputs: {set: {p: "${training}"}}\n- prune: {outputs: m}\n'


@pytest.fixture
def files(tmp_path):
    gs.save(model(COND), tmp_path / "x.pb")
    (tmp_path / "r.yaml").write_text(RECIPE)
    return tmp_path


def test_a_run(verb, files):
    given = ("--recipe", files / "r.yaml", "--set", "training=false", "-o", files / "y.pb")
    done = verb("run", files / "x.pb", *given, "--record", "--json")
    assert done.code == 0
    assert [each["step"] for each in done.answer["steps"]] == ["set-inputs", "prune"]
    assert [node.name for node in gs.load(files / "y.pb").graph] == ["x", "a", "m"]
    told = verb("inspect", files / "y.pb")
    assert '1 {"set-inputs": {"set": {"p": false}}}' in told.out
    assert verb("inspect", files / "y.pb", "--json").answer["records"] == [done.answer["record"]]


def test_what_it_says(verb, files):
    done = verb("run", files / "x.pb", "--recipe", files / "r.yaml", "--set", "training=false", "--stop-after", 1,
                "-o", files / "y.pb", "--explain")  # fmt: skip
    assert "1 set-inputs: removed" in done.out
    assert "left out: 1 step" in done.out


def test_it_is_checked_before_anything_is_read(verb, files):
    done = verb("run", files / "gone.pb", "--recipe", files / "r.yaml", "-o", files / "y.pb")
    assert done.code == 3
    assert "line 1: set-inputs: ${training} has no value" in done.err
    assert "--set training=..." in done.err


def test_it_prints_itself(verb, files):
    done = verb("run", "SRC", "--recipe", files / "r.yaml", "--set", "training=true", "--print")
    assert (done.code, done.out.splitlines()[1]) == (0, '  {"set-inputs": {"set": {"p": true}}},')


def test_a_checkpoint_with_its_graph(verb, files):
    (files / "r.yaml").write_text("- unfreeze\n- scale: {factor: 2, select: w}\n")
    gs.save(model("x = Placeholder {dtype: f32}; w = Const {f32 [2,3]}; y = MatMul(x, w)"), files / "w.pb")
    done = verb("run", files / "w.pb", "--recipe", files / "r.yaml", "-o", files / "m.ckpt")
    assert done.code == 0
    assert gs.load_checkpoint(files / "m.ckpt")["w"].numpy().tolist() == [[0, 2, 4], [6, 8, 10]]
