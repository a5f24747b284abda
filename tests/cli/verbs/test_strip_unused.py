"""`strip_unused`: TensorFlow's flags, our exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs


@pytest.fixture
def flags(fixtures: Path, tmp_path: Path) -> list[str]:
    return [
        f"--input_graph={fixtures / 'mobile_cnn.pb'}",
        f"--output_graph={tmp_path / 'out.pb'}",
        "--input_node_names=Relu6",
        "--output_node_names=Predictions",
    ]


@pytest.mark.parametrize(
    ("more", "is_text"),
    [([], False), (["--input_binary"], False), (["--input_binary=true", "--output_binary=false"], True)],
)
def test_what_lies_between_stays(verb, flags, tmp_path, more, is_text):
    done = verb("strip_unused", *flags, *more)
    assert (done.code, done.out.startswith(f"wrote {tmp_path}/out.pb")) == (0, True)
    model = gs.load(tmp_path / "out.pb")
    assert "input" not in model.graph
    assert (model.graph["Relu6"].op, model.graph["Relu6"].attrs["dtype"].name) == ("Placeholder", "float32")
    assert (tmp_path / "out.pb").read_bytes().startswith(b"node {") is is_text


@pytest.mark.parametrize(
    ("flag", "code", "message"),
    [
        ("--output_graph=", 2, "--output_graph is not given"),
        ("--input_node_names=Relu7", 5, "no node 'Relu7'"),
        ("--placeholder_type_enum=3", 4, "takes float32"),
    ],
)
def test_errors(verb, flags, tmp_path, flag, code, message):
    done = verb("strip_unused", *flags, flag)
    assert (done.code, message in done.err) == (code, True)
    assert not (tmp_path / "out.pb").exists()
