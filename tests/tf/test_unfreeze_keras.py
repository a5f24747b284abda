"""Keras 3 models that TF 2 froze: every weight found, told by its value, with the right trainable flag; bits equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tf.judge import JudgeError, TensorFlow
from tests.tf.thawing import assert_runs_equal, assert_sound, assert_trains, thaw

IMAGE_MODELS = (
    "mobilenet", "mobilenet_v2", "mobilenet_v3", "efficientnet", "densenet", "resnet", "convnext", "convolutions",
)  # fmt: skip
OTHER_MODELS = ("dense", "attention", "shared", "half", "mixed")
RECURRENT_MODELS = ("lstm", "gru")


def by_value(items: list[dict[str, Any]]) -> list[tuple[str, bool]]:
    """What identifies weights whose names freezing replaced: dtype, shape and value, with the trainable flag."""
    return sorted((str(item["bits"]), bool(item["trainable"])) for item in items)


def check(tf2: TensorFlow, made: dict[str, Any], prefix: Path, kind: str) -> dict[str, Any]:
    """All that must hold of a Keras model, its training aside; the report."""
    report = thaw(made["pb"], prefix, variables=kind)
    found = tf2.call("judging:variables", prefix=str(prefix))["variables"]
    names = {str(weight["bits"]): weight["name"] for weight in made["weights"]}
    found_names = sorted(names.get(str(facts["bits"]), f"not a weight: {name}") for name, facts in found.items())
    assert found_names == sorted(names.values())
    flags = {names[str(facts["bits"])]: facts["trainable"] for facts in found.values()}
    assert flags == {weight["name"]: weight["trainable"] for weight in made["weights"]}
    assert by_value(list(found.values())) == by_value(made["weights"])
    assert_runs_equal(tf2, made["pb"], prefix, made["outputs"])
    assert_sound(tf2, prefix, found)
    return report


@pytest.mark.parametrize("kind", ["ref", "resource"])
@pytest.mark.parametrize("model", IMAGE_MODELS + OTHER_MODELS)
def test_every_weight_is_found(tf2: TensorFlow, tmp_path: Path, model: str, kind: str):
    made = tf2.call("keras_models:make", model=model, directory=str(tmp_path))
    check(tf2, made, tmp_path / "thawed.ckpt", kind)
    optimizer = "descent" if model in ("half", "mixed") else "adam"
    steps = 0 if model == "convnext" else 3  # its grouped convolutions have no gradient kernel on the CPU
    assert_trains(tf2, tmp_path / "thawed.ckpt", made["outputs"], optimizer=optimizer, steps=steps)


@pytest.mark.parametrize("kind", ["ref", "resource"])
@pytest.mark.parametrize("lower", [True, False], ids=["v1_loops", "functional_loops"])
@pytest.mark.parametrize("model", RECURRENT_MODELS)
def test_recurrent_weights_are_found(tf2: TensorFlow, tmp_path: Path, model: str, lower: bool, kind: str):
    made = tf2.call("keras_models:make", model=model, directory=str(tmp_path), lower=lower)
    check(tf2, made, tmp_path / "thawed.ckpt", kind)
    if not lower:  # TensorFlow cannot differentiate an imported v1 loop
        assert_trains(tf2, tmp_path / "thawed.ckpt", made["outputs"])


def test_dead_custom_gradients_are_dropped_and_reported(tf2: TensorFlow, tmp_path: Path):
    """silu is an IdentityN whose gradient function existed only in the process that built the model."""
    made = tf2.call("keras_models:make", model="dense", directory=str(tmp_path))
    with TensorFlow(tf2.python, tmp_path) as elsewhere, pytest.raises(JudgeError, match="No gradient defined"):
        elsewhere.call("training:gradients", pb=made["pb"], outputs=made["outputs"])
    report = check(tf2, made, tmp_path / "thawed.ckpt", "ref")
    assert any("_gradient_op_type" in note for note in report["notes"])
