"""SavedModels from the command line: `--to saved_model`, its signature, and what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from proto_utils import schema
from tests.models import saved_model


def signature(directory: Path) -> schema.SignatureDef:
    meta = gs.load(directory).meta
    assert meta is not None
    return meta.signature_def["serving_default"]


def test_a_frozen_graph_becomes_trainable_by_one_command(verb, fixtures, tmp_path):
    out = tmp_path / "out"
    arguments = (
        "unfreeze",
        fixtures / "mobile_cnn.pb",
        "-o",
        f"{out}/",
        "--to",
        "saved_model",
        "--variables",
        "resource",
    )
    answer = verb(*arguments, "--json").answer
    names = ["saved_model.pb", "variables/variables.data-00000-of-00001", "variables/variables.index"]
    assert [Path(path) for path in answer["outputs"]] == [out / name for name in names]
    assert answer["serving"]["signature"]["inputs"][0]["tensor"] == "input:0"
    assert answer["serving"]["notes"] == []
    assert signature(out).outputs["Predictions"].name == "Predictions:0"


def test_what_is_said(verb, fixtures, tmp_path):
    done = verb("unfreeze", fixtures / "cond.pb", "-o", tmp_path / "out", "--to", "saved_model")
    lines = done.out.splitlines()
    assert "serving_default input 'flag': flag:0 bool ? (must be fed, and an output needs it)" in lines
    assert any(line.startswith("note: its variables are references") for line in lines)


def test_given_signature(verb, fixtures, tmp_path):
    given = ("--inputs", "pixels=input", "--outputs", "scores=Predictions:0")
    verb("unfreeze", fixtures / "mobile_cnn.pb", "-o", tmp_path / "out", "--to", "saved_model", *given)
    assert list(signature(tmp_path / "out").inputs) == ["pixels"]
    assert list(signature(tmp_path / "out").outputs) == ["scores"]


def test_a_pass_with_outputs_of_its_own_serves_those(verb, fixtures, tmp_path):
    arguments = ("-o", tmp_path / "out", "--to", "saved_model", "--outputs", "Predictions")
    assert verb("freeze", fixtures / "mobile_cnn.ckpt", *arguments).code == 0
    assert list(signature(tmp_path / "out").outputs) == ["Predictions"]
    assert not (tmp_path / "out" / "variables").exists()


def test_signatures_that_a_pass_left_stay(verb, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(saved_model().SerializeToString())
    arguments = ("-o", tmp_path / "out", "--to", "saved_model", "--outputs", "out")
    assert verb("prune", tmp_path, *arguments).code == 0
    assert list(signature(tmp_path / "out").outputs) == ["fetch"]


@pytest.mark.parametrize("to", [(), ("--to", "checkpoint")])
def test_a_signature_is_for_saved_models(verb, fixtures, tmp_path, to):
    done = verb("unfreeze", fixtures / "cond.pb", "-o", tmp_path / "m", *to, "--outputs", "output")
    assert done.code == 2
    assert "--to saved_model" in done.err
    assert list(tmp_path.iterdir()) == []


def test_wrong_output_changes_nothing(verb, fixtures, tmp_path):
    arguments = ("--to", "saved_model", "--outputs", "Prediction", "--json")
    done = verb("unfreeze", fixtures / "mobile_cnn.pb", "-o", tmp_path / "out", *arguments)
    assert (done.code, done.error["type"], done.error["near"][0]) == (5, "NotFoundError", "Predictions")
    assert list(tmp_path.iterdir()) == []


def test_dry_run_finds_what_would_go_wrong(verb, fixtures, tmp_path):
    arguments = ("unfreeze", fixtures / "mobile_cnn.pb", "-o", tmp_path / "out", "--to", "saved_model", "--dry-run")
    assert verb(*arguments, "--outputs", "nothing").code == 5
    assert verb(*arguments).code == 0
    assert list(tmp_path.iterdir()) == []
