"""Graphs that passed through optimizers: the marks of freezing are gone or moved; roles tell the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow
from tests.tf.thawing import (
    assert_runs_equal,
    assert_same_checkpoint,
    assert_same_variables,
    assert_sound,
    assert_trains,
    thaw,
)

NETS = ("mobile", "unfused", "transposed", "text", "loop")
INPUTS = {"text": ["words"]}
FOLD = ["fold_constants(ignore_errors=true)", "fold_batch_norms", "fold_old_batch_norms"]


class Transformed:
    """A net frozen by TensorFlow and put through one of its tools, which may keep ``inputs`` and ``outputs``."""

    def __init__(self, tf: TensorFlow, directory: Path, net: str, tool: str, **options: Any) -> None:
        self.made = tf.call("making:make", net=net, directory=str(directory))
        outputs = [name.removesuffix(":0") for name in self.made["outputs"]]
        if tool != "grappler":
            options["inputs"] = INPUTS.get(net, ["input"])
        target = str(directory / "transformed.pb")
        self.pb = tf.call(f"transforming:{tool}", pb=self.made["pb"], target=target, outputs=outputs, **options)
        self.outputs = self.made["outputs"]


@pytest.mark.parametrize("net", NETS)
def test_without_the_reads_roles_tell_all(tf: TensorFlow, tmp_path: Path, net: str):
    """Every Identity is gone, and with them every mark; names, values and trainable flags are still those trained."""
    one = Transformed(tf, tmp_path, net, "transform", transforms=["remove_nodes(op=Identity)"])
    prefix = tmp_path / "thawed.ckpt"
    thaw(one.pb, prefix)
    assert_same_variables(tf, prefix, one.made["variables"], "ref")
    assert_runs_equal(tf, one.pb, prefix, one.outputs)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("transforms", [["quantize_weights(minimum_size=20)"], ["round_weights(num_steps=16)"], FOLD])
def test_graph_transform_tool(tf: TensorFlow, tmp_path: Path, net: str, transforms: list[str]):
    one = Transformed(tf, tmp_path, net, "transform", transforms=transforms)
    report, original = thaw(one.pb, tmp_path / "thawed.ckpt"), one.pb
    if net == "text" and transforms is FOLD:  # left colocated with a variable that the tool removed, and that is back
        assert "unknown node" in tf.call("judging:accepts", path=one.pb)["refused"]
        original = one.made["pb"]
    assert_runs_equal(tf, original, tmp_path / "thawed.ckpt", one.outputs)
    assert_sound(tf, tmp_path / "thawed.ckpt", [row["name"] for row in report["variables"]])


def test_folded_reads_are_the_variables_again(tf: TensorFlow, tmp_path: Path):
    """``X/read/_4__cf__4`` was `X`: the checkpoint is the one that was trained, byte for byte."""
    one = Transformed(tf, tmp_path, "mobile", "transform", transforms=["fold_constants(ignore_errors=true)"])
    assert "/read/_0__cf__" in Path(one.pb).read_bytes().decode("latin-1")
    prefix = tmp_path / "thawed.ckpt"
    thaw(one.pb, prefix)
    assert_same_variables(tf, prefix, one.made["variables"], "ref")
    assert_same_checkpoint(prefix, one.made["prefix"])
    assert_runs_equal(tf, one.pb, prefix, one.outputs)
    refrozen = gs.load(str(prefix))
    gs.freeze(refrozen, outputs=tuple(one.outputs))
    assert gs.diff(gs.load(one.pb), refrozen).is_equal


@pytest.mark.parametrize("net", [net for net in NETS if net != "text"])
def test_optimize_for_inference(tf: TensorFlow, tmp_path: Path, net: str):
    one = Transformed(tf, tmp_path, net, "for_inference")
    thaw(one.pb, tmp_path / "thawed.ckpt")
    assert_runs_equal(tf, one.pb, tmp_path / "thawed.ckpt", one.outputs)
    if net != "loop":
        assert_trains(tf, tmp_path / "thawed.ckpt", one.outputs)


@pytest.mark.parametrize("net", [net for net in NETS if net != "loop"])
def test_grappler(tf: TensorFlow, tmp_path: Path, net: str):
    """Batch norms are folded into constants of other names and reads into weights."""
    one = Transformed(tf, tmp_path, net, "grappler")
    thaw(one.pb, tmp_path / "thawed.ckpt")
    assert_runs_equal(tf, one.pb, tmp_path / "thawed.ckpt", one.outputs)
    assert_trains(tf, tmp_path / "thawed.ckpt", one.outputs)
