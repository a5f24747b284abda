"""`freeze_graph`: TensorFlow's flags, ours exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs


@pytest.fixture
def flags(fixtures: Path, tmp_path: Path) -> list[str]:
    prefix = fixtures / "mobile_cnn.ckpt"
    return [
        f"--input_meta_graph={prefix}.meta",
        f"--input_checkpoint={prefix}",
        f"--output_graph={tmp_path / 'out.pb'}",
        "--output_node_names=Predictions",
    ]


@pytest.mark.parametrize("more", [[], ["--input_binary"], ["--input_binary=true"], ["--clear_devices=False"]])
def test_freezes(verb, flags, tmp_path, fixtures, more):
    done = verb("freeze_graph", *flags, *more)
    assert (done.code, done.out) == (0, f"wrote {tmp_path}/out.pb (73.6 kB)\n")
    ours, theirs = gs.load(tmp_path / "out.pb"), gs.load(fixtures / "mobile_cnn.pb")
    assert [node.name for node in ours.graph] == [node.name for node in theirs.graph]
    assert {node.op for node in ours.graph} == {node.op for node in theirs.graph}


def test_json(verb, flags, tmp_path):
    answer = verb("freeze_graph", *flags, "--json").answer
    assert answer == {"schema": 1, "verb": "freeze_graph", "outputs": [str(tmp_path / "out.pb")], "nodes": 101}


@pytest.mark.parametrize(
    ("flag", "code", "message"),
    [
        ("--output_node_names=", 2, "You need to supply the name of a node to --output_node_names."),
        ("--output_node_names=nothing", 2, "nothing is not in graph"),
        ("--input_checkpoint=nowhere", 2, "Input checkpoint 'nowhere' doesn't exist!"),
        ("--input_meta_graph=nowhere", 6, "Input meta graph file 'nowhere' does not exist!"),
        ("--checkpoint_version=3", 2, "Invalid checkpoint version (must be '1' or '2'): 3"),
        ("--output_node_names=save/restore_all", 4, "changes variable"),
    ],
)
def test_errors(verb, flags, tmp_path, flag, code, message):
    done = verb("freeze_graph", *flags, flag)
    assert done.code == code
    assert message in done.err
    assert not (tmp_path / "out.pb").exists()


def test_lists_of_variables(verb, flags, tmp_path):
    name = "MobileNet/Conv/weights"
    for flag, expected in [("whitelist", {name}), ("denylist", None), ("blacklist", None)]:
        assert verb("freeze_graph", *flags, f"--variable_names_{flag}= {name} ").code == 0
        graph = gs.load(tmp_path / "out.pb").graph
        if expected:
            assert {node.name for node in graph if node.op == "Const" and node.name.endswith("weights")} == expected
        else:
            assert [node.name for node in graph if node.op == "VariableV2"] == [name]
