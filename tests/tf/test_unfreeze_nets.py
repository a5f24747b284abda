"""Trained by TensorFlow, frozen by TensorFlow, unfrozen here: TensorFlow finds the checkpoint it started from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tf.judge import TensorFlow
from tests.tf.thawing import (
    assert_runs_equal,
    assert_same_checkpoint,
    assert_same_variables,
    assert_sound,
    assert_trains,
    thaw,
)

NETS = ("mobile", "unfused", "transposed", "text", "loop", "branches", "dtypes", "awkward")
KINDS = ("ref", "resource")


def check(tf: TensorFlow, made: dict[str, Any], prefix: Path, kind: str) -> None:
    """All that must hold of a net's checkpoint, its training aside."""
    thaw(made["pb"], prefix, variables=kind)
    assert_runs_equal(tf, made["pb"], prefix, made["outputs"])
    assert_same_variables(tf, prefix, made["variables"], kind)
    assert_same_checkpoint(prefix, made["prefix"])
    assert_sound(tf, prefix, made["variables"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("original", KINDS)
@pytest.mark.parametrize("net", NETS)
def test_comes_back_as_it_was_trained(tf: TensorFlow, tmp_path: Path, net: str, original: str, kind: str):
    made = tf.call("making:make", net=net, directory=str(tmp_path), resource=original == "resource")
    prefix = tmp_path / "thawed.ckpt"
    check(tf, made, prefix, kind)
    if net != "loop":  # TensorFlow cannot differentiate an imported v1 loop
        optimizer = "descent" if net == "dtypes" else "adam"  # Adam's epsilon is zero in float16
        assert_trains(tf, prefix, made["outputs"], optimizer=optimizer)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("net", ["loop", "branches"])
def test_functional_control_flow(tf: TensorFlow, tmp_path: Path, net: str, kind: str):
    """While and If of TF 2; TensorFlow 1.15 can freeze those only when they capture ref variables."""
    made = tf.call("making:make", net=net, directory=str(tmp_path), resource=not tf.is_v1, control_flow_v2=True)
    prefix = tmp_path / "thawed.ckpt"
    check(tf, made, prefix, kind)
    assert_trains(tf, prefix, made["outputs"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("net", NETS)
def test_frozen_by_the_old_and_restored_by_the_new(
    tf1: TensorFlow, tf2: TensorFlow, tmp_path: Path, net: str, kind: str
):
    made = tf1.call("making:make", net=net, directory=str(tmp_path))
    prefix = tmp_path / "thawed.ckpt"
    check(tf2, made, prefix, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("original", KINDS)
@pytest.mark.parametrize(
    "net", ["slim_resnet", "slim_resnet_v2", "slim_inception", "slim_vgg", "layers", "keras", "rnn_cells", "unrolled"]
)
def test_layer_libraries_of_tensorflow_1(tf1: TensorFlow, tmp_path: Path, net: str, original: str, kind: str):
    made = tf1.call("making:make", net=net, directory=str(tmp_path), resource=original == "resource")
    prefix = tmp_path / "thawed.ckpt"
    check(tf1, made, prefix, kind)
    if net != "rnn_cells":
        assert_trains(tf1, prefix, made["outputs"])


@pytest.mark.parametrize("kind", KINDS)
def test_partitioned_variables_come_back_as_their_parts(tf: TensorFlow, tmp_path: Path, kind: str):
    made = tf.call("making:make", net="text", directory=str(tmp_path), partitions=2, resource=kind == "resource")
    prefix = tmp_path / "thawed.ckpt"
    thaw(made["pb"], prefix, variables=kind)
    assert_runs_equal(tf, made["pb"], prefix, made["outputs"])
    assert_same_variables(tf, prefix, made["variables"], kind)
    assert_trains(tf, prefix, made["outputs"])


@pytest.mark.parametrize("kind", KINDS)
def test_what_training_added_stays_behind(tf: TensorFlow, tmp_path: Path, kind: str):
    """An optimizer's slots and the global step are not in a frozen graph; all the rest equals the checkpoint's."""
    made = tf.call("making:make", net="unfused", directory=str(tmp_path), trained=True, resource=kind == "resource")
    added = {name for name in made["variables"] if "Adam" in name or name.endswith(("_power", "_step"))}
    assert {"global_step", "conv/kernel/Adam", "beta1_power"} <= added
    prefix = tmp_path / "thawed.ckpt"
    thaw(made["pb"], prefix, variables=kind)
    left = {name: facts for name, facts in made["variables"].items() if name not in added}
    assert_same_variables(tf, prefix, left, kind)


@pytest.mark.parametrize("net", ["mobile", "text", "branches"])
def test_runs_with_grappler_on(tf: TensorFlow, tmp_path: Path, net: str):
    """Grappler may fold other things in either graph, so bits may differ; values may not."""
    made = tf.call("making:make", net=net, directory=str(tmp_path))
    prefix = tmp_path / "thawed.ckpt"
    thaw(made["pb"], prefix)
    assert tf.call("judging:distance", pb=made["pb"], prefix=str(prefix), outputs=made["outputs"]) < 1e-5


@pytest.mark.parametrize(
    ("net", "kind"), [(net, "ref") for net in NETS] + [(net, "resource") for net in ("mobile", "unfused", "transposed")]
)
def test_tensorflow_freezes_it_to_the_graph_it_came_from(tf: TensorFlow, tmp_path: Path, net: str, kind: str):
    """Node for node. Handles that went through gathers, loops and branches come back as reads before those."""
    made = tf.call("making:make", net=net, directory=str(tmp_path), resource=kind == "resource")
    prefix = tmp_path / "thawed.ckpt"
    thaw(made["pb"], prefix, variables=kind)
    missing, extra, changed = tf.call("judging:refreeze", prefix=str(prefix), outputs=made["outputs"], pb=made["pb"])
    assert (missing, extra, changed) == ([], [], [])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("net", ["mobile", "loop", "branches", "awkward"])
def test_imported_under_a_scope_and_saved_again(tf: TensorFlow, tmp_path: Path, net: str, kind: str):
    made = tf.call("making:make", net=net, directory=str(tmp_path))
    prefix = tmp_path / "thawed.ckpt"
    thaw(made["pb"], prefix, variables=kind)
    assert tf.call("judging:scoped", prefix=str(prefix), outputs=made["outputs"], pb=made["pb"]) == []
