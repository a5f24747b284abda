"""Attrs, devices and what is trained, edited here: TensorFlow reads them as it would have written them."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.ir.device_names import device_name
from proto_utils.errors import UnsupportedError
from tests.tf.judge import TensorFlow

KINDS = ("ref", "resource")
DEVICES = [
    "", "/cpu:0", "/gpu:1", "/GPU:1", "/device:GPU:0", "/gpu", "GPU:0", "cpu", "/job:worker/task:1", "/device:gpu:0",
    "/job:ps/replica:0/task:3/device:CPU:0", "/device:XLA_CPU:0", "/task:1/job:x", "/job:a/cpu:0", "/foo:0",
]  # fmt: skip


def ours(text: str) -> str | None:
    try:
        return device_name(text)
    except UnsupportedError:
        return None


def test_names_of_devices(tf: TensorFlow):
    assert [ours(text) for text in DEVICES] == tf.call("graph_edits:devices", texts=DEVICES)


@pytest.mark.parametrize("kind", KINDS)
def test_an_optimizer_trains_what_is_said(tf: TensorFlow, tmp_path: Path, kind: str):
    made = tf.call("graph_edits:make", directory=str(tmp_path), resource=kind == "resource")
    model = gs.load(made["prefix"] + ".meta")
    gs.set_trainable(model, trainable=("last", "branch"), not_trainable=(".*",))
    gs.set_device(model, nodes=("first.*",), device="/cpu:0")
    gs.save(model, tmp_path / "edited.ckpt")
    found = tf.call("graph_edits:trained", prefix=str(tmp_path / "edited.ckpt"))
    assert {*found["changed"]} == {*found["listed"]} == {"last", "branch"}
    assert tf.call("graph_edits:run", prefix=str(tmp_path / "edited.ckpt"), fetches=["prob:0"])[0] == made["values"][0]


def test_attrs_are_those_of_a_graph_that_was_made_with_them(tf: TensorFlow, tmp_path: Path):
    tf.call("graph_edits:save_conv", path=str(tmp_path / "conv.pb"), padding="SAME", strides=1)
    model = gs.load(tmp_path / "conv.pb")
    gs.set_attr(model, nodes=("conv",), attr=("padding=VALID", "strides=1,2,2,1"))
    gs.save(model, tmp_path / "edited.pb")
    found = tf.call("graph_edits:compute", path=str(tmp_path / "edited.pb"))
    assert found["value"] == tf.call("graph_edits:conv", padding="VALID", strides=2)
    assert found["shape"] == [1, 3, 3, 4]
