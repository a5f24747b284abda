"""Fully connected layers as convolutions give the same at the old size, and at every place of a larger image."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize(
    ("net", "layers"),
    [("vgg", ["MatMul", "MatMul_1", "MatMul_2"]), ("flat", ["MatMul", "BiasAdd_2"]), ("turned", ["fc/MatMul"])],
)
def test_of_checkpoints(tf: TensorFlow, tmp_path: Path, net: str, layers: list[str], resource: bool):
    before, after = (str(tmp_path / f"{name}.ckpt") for name in ("before", "after"))
    tf.call("shaping:make", net=net, prefix=before, shape=[1, 8, 8, 3], resource=resource)
    model = gs.load(before + ".meta")
    report = gs.dense_to_conv(model, nodes=tuple(layers))
    gs.set_shape(model, shape={"x": [None, None, None, 3]})
    saved = gs.save(model, after, links="hard")
    wanted = np.array(tf.call("shaping:run", prefix=before, shape=[1, 8, 8, 3])["value"])
    found = np.array(tf.call("shaping:run", prefix=after, shape=[1, 8, 8, 3])["value"])
    assert found.shape == (1, 1, 1, wanted.shape[1])
    np.testing.assert_allclose(found[:, 0, 0], wanted, atol=1e-5)
    large = np.array(tf.call("shaping:run", prefix=after, shape=[2, 16, 12, 3])["value"])
    assert large.shape == (2, 5, 3, wanted.shape[1])
    if net != "turned":
        assert [row.how for row in report.layers] == ["reshaped"] * len(layers)
        assert report.values
        assert [path for path in saved if os.stat(path).st_nlink > 1]


def test_of_frozen_graphs(tf: TensorFlow, tmp_path: Path):
    before, after = str(tmp_path / "before.ckpt"), tmp_path / "after.pb"
    tf.call("shaping:make", net="vgg", prefix=before, shape=[1, 8, 8, 3])
    wanted = np.array(tf.call("shaping:run", prefix=before, shape=[1, 8, 8, 3])["value"])
    model = gs.load(before + ".meta")
    gs.freeze(model, outputs=("output",))
    gs.dense_to_conv(model, nodes=("MatMul", "MatMul_1", "MatMul_2"), reduce="mean")
    gs.set_shape(model, shape={"x": [2, 12, 12, 3]})
    gs.save(model, after)
    assert tf.call("shaping:frozen", path=str(after), shape=[2, 12, 12, 3])[1] == [2, 3]
    gs.set_shape(model, shape={"x": [1, 8, 8, 3]})
    gs.save(model, after, force=True)
    found, _ = tf.call("shaping:frozen", path=str(after), shape=[1, 8, 8, 3])
    np.testing.assert_allclose(found, wanted, atol=1e-5)
