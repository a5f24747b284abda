"""`optimize_for_inference`: TensorFlow's flags, our exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs


@pytest.fixture
def flags(fixtures: Path, tmp_path: Path) -> list[str]:
    return [
        f"--input={fixtures / 'mobile_cnn.pb'}",
        f"--output={tmp_path / 'out.pb'}",
        "--input_names=input",
        "--output_names=Predictions",
    ]


@pytest.mark.parametrize(
    ("more", "is_text"), [([], False), (["--frozen_graph"], False), (["--frozen_graph=false"], True)]
)
def test_batch_norms_are_folded(verb, flags, tmp_path, more, is_text):
    done = verb("optimize_for_inference", *flags, *more, "--json")
    assert (done.code, done.answer["outputs"], done.answer["notes"]) == (0, [str(tmp_path / "out.pb")], [])
    model = gs.load(tmp_path / "out.pb")
    assert done.answer["nodes"] == len(model.graph) < 101
    assert not {"Identity", "FusedBatchNormV3"} & {node.op for node in model.graph}
    assert (tmp_path / "out.pb").read_bytes().startswith(b"node {") is is_text


def test_types_of_inputs(verb, flags):
    assert verb("optimize_for_inference", *flags, "--placeholder_type_enum=1,1").code == 2
    done = verb("optimize_for_inference", *flags, "--placeholder_type_enum=3")
    assert (done.code, "takes float32" in done.err) == (4, True)
    assert verb("optimize_for_inference", *flags, "--placeholder_type_enum=float").code == 2


@pytest.mark.parametrize(
    ("flag", "code", "message"),
    [
        ("--input=", 2, "--input is not given"),
        ("--output_names=", 2, "--output_names is not given"),
        ("--output_names=Prediction", 5, "no node 'Prediction'"),
        ("--input_names=inputs", 5, "no node 'inputs'"),
    ],
)
def test_errors(verb, flags, tmp_path, flag, code, message):
    done = verb("optimize_for_inference", *flags, flag)
    assert (done.code, message in done.err) == (code, True)
    assert not (tmp_path / "out.pb").exists()
