"""The command as a user runs it, on the committed fixtures; TensorFlow is handed nothing but what it wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tf.judge import TensorFlow
from tests.tf.thawing import assert_runs_equal, assert_same_checkpoint, assert_same_variables, assert_trains

OUTPUTS = {
    "mobile_cnn": ["Predictions:0"],
    "resource_cnn": ["output:0"],
    "lstm_loop": ["lstm_output:0", "gru_output:0"],
    "lstm_calls": ["lstm_output:0", "gru_output:0"],
    "cond": ["output:0"],
    "dtypes": [f"output_{number}:0" for number in range(7)],
}
TF1_MADE = ("mobile_cnn", "lstm_loop", "cond")
KEYS = {"schema", "verb", "source", "outputs", "variables", "kept", "seconds"}


def unfreeze(root: Path, *arguments: object) -> Any:
    """Run the command with ``--json``; what it printed."""
    command = [sys.executable, "-m", "graphsurgeon", "unfreeze", *map(str, arguments), "--json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", OUTPUTS)
def test_fixture_becomes_the_checkpoint_it_was_frozen_from(
    tf2: TensorFlow, root: Path, fixtures: Path, tmp_path: Path, name: str
):
    prefix = tmp_path / "out" / "model.ckpt"
    prefix.parent.mkdir()
    kind = "resource" if name in ("resource_cnn", "dtypes", "lstm_calls") else "ref"
    answer = unfreeze(root, fixtures / f"{name}.pb", "-o", prefix, "--variables", kind)
    assert answer.keys() >= KEYS
    written = {prefix.name + suffix for suffix in (".meta", ".index", ".data-00000-of-00001")} | {"checkpoint"}
    assert {Path(path).name for path in answer["outputs"]} == written == {path.name for path in prefix.parent.iterdir()}
    assert_same_checkpoint(prefix, fixtures / f"{name}.ckpt")
    original = tf2.call("judging:variables", prefix=str(fixtures / f"{name}.ckpt"))["variables"]
    assert_same_variables(tf2, prefix, original, kind)
    assert_runs_equal(tf2, fixtures / f"{name}.pb", prefix, OUTPUTS[name])
    assert {row["name"]: row["trainable"] for row in answer["variables"]} == {
        name: facts["trainable"] for name, facts in original.items()
    }


@pytest.mark.parametrize("name", TF1_MADE)
def test_tensorflow_1_takes_it_too(tf1: TensorFlow, root: Path, fixtures: Path, tmp_path: Path, name: str):
    prefix = tmp_path / "model.ckpt"
    unfreeze(root, fixtures / f"{name}.pb", "-o", prefix)
    assert_runs_equal(tf1, fixtures / f"{name}.pb", prefix, OUTPUTS[name])
    if name != "lstm_loop":
        assert_trains(tf1, prefix, OUTPUTS[name])


def test_latest_checkpoint_is_found_and_the_directory_can_move(
    tf: TensorFlow, root: Path, fixtures: Path, tmp_path: Path
):
    (tmp_path / "first").mkdir()
    unfreeze(root, fixtures / "cond.pb", "-o", tmp_path / "first" / "model.ckpt")
    shutil.move(tmp_path / "first", tmp_path / "second")
    found = tf.call("judging:latest", directory=str(tmp_path / "second"))
    assert found == str(tmp_path / "second" / "model.ckpt")
    assert_runs_equal(tf, fixtures / "cond.pb", Path(found), OUTPUTS["cond"])


def test_text_twin_gives_the_same_files(root: Path, fixtures: Path, tmp_path: Path):
    for suffix in (".pb", ".pbtxt"):
        unfreeze(root, (fixtures / "cond").with_suffix(suffix), "-o", tmp_path / suffix / "model.ckpt")
    for name in ("model.ckpt.index", "model.ckpt.data-00000-of-00001"):
        assert (tmp_path / ".pb" / name).read_bytes() == (tmp_path / ".pbtxt" / name).read_bytes()
