"""What the program trained is trainable again, and nothing else; and who says otherwise is heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tf.judge import TensorFlow
from tests.tf.thawing import assert_runs_equal, assert_same_variables, thaw

KINDS = ("ref", "resource")


@pytest.mark.parametrize("kind", KINDS)
def test_normalizers_of_the_inputs_are_not_trained(tf: TensorFlow, tmp_path: Path, kind: str):
    made = tf.call("making:make", net="normalized", directory=str(tmp_path), resource=kind == "resource")
    prefix = tmp_path / "thawed.ckpt"
    thaw(made["pb"], prefix, variables=kind)
    assert_same_variables(tf, prefix, made["variables"], kind)
    assert_runs_equal(tf, made["pb"], prefix, made["outputs"])


@pytest.mark.parametrize("kind", KINDS)
def test_masks_of_model_pruning_are_not_trained(tf1: TensorFlow, tmp_path: Path, kind: str):
    made = tf1.call("making:make", net="pruned", directory=str(tmp_path), resource=kind == "resource")
    prefix = tmp_path / "thawed.ckpt"
    report = thaw(made["pb"], prefix, variables=kind)
    masks = {row["name"] for row in report["variables"] if row["role"] == "mask"}
    assert masks == {name for name in made["variables"] if name.endswith("mask")}
    frozen = {name: facts for name, facts in made["variables"].items() if "threshold" not in name}
    assert_same_variables(tf1, prefix, frozen, kind)
    assert_runs_equal(tf1, made["pb"], prefix, made["outputs"])


@pytest.mark.parametrize("kind", KINDS)
def test_who_says_what_is_trained_is_heard(tf: TensorFlow, tmp_path: Path, kind: str):
    made = tf.call("making:make", net="normalized", directory=str(tmp_path))
    prefix = tmp_path / "thawed.ckpt"
    thaw(made["pb"], prefix, variables=kind, trainable=("last/.*", "t_avg"), not_trainable=(".*",))
    found = tf.call("judging:variables", prefix=str(prefix))["variables"]
    trained = {"last/kernel", "last/bias", "t_avg"}
    assert {name for name, facts in found.items() if facts["trainable"]} == trained
    assert {name for name, facts in found.items() if facts["trainable_attribute"]} == trained
