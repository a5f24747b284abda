"""Parameters are those that Keras counts, multiply-adds those that papers and libraries publish."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow

#: Multiply-adds in millions: of the papers, where they say more than one digit; of InceptionV3, DenseNet and VGG those
#: that torchvision publishes of its own.
PUBLISHED = {
    "VGG16": 15_470,
    "ResNet50": 3_860,
    "MobileNet": 569,
    "MobileNetV2": 300,
    "MobileNetV3Small": 56,
    "InceptionV3": 5_710,
    "DenseNet121": 2_830,
    "EfficientNetB0": 390,
    "Xception": 8_400,
    "ConvNeXtTiny": 4_500,
}
#: Exact ones that are well known.
EXACT = {"VGG16": 15_470_264_320, "MobileNet": 568_740_352, "MobileNetV2": 300_774_272}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures(tf2: TensorFlow, tmp_path: Path, name: str):
    parameters, trained, by_layer = tf2.call("architectures:save", name=name, path=str(tmp_path / "saved"))
    shape = {"serving_default_x": (1, 224, 224, 3)} if name == "MobileNetV3Small" else {}
    model = gs.load(tmp_path / "saved")
    found = gs.summary(model, shape=shape)
    # The mean and variance of a layer that normalizes images are constants here, and their count is not read.
    assert found.parameters == parameters - 7 * (name == "EfficientNetB0")
    assert found.trainable == trained
    assert found.multiply_adds == pytest.approx(PUBLISHED[name] * 1e6, rel=0.015)
    assert found.multiply_adds == EXACT.get(name, found.multiply_adds)
    assert sum(row.parameters or 0 for row in found.layers) == found.parameters
    rows = gs.summary(model, shape=shape, depth=2).layers
    assert sorted(row.parameters for row in rows if row.parameters) == sorted(by_layer)
    assert not [note for note in found.notes if "not known" in note or "together" in note]


@pytest.mark.parametrize("steps", [1, 28])
def test_loops_and_attention(tf2: TensorFlow, tmp_path: Path, steps: int):
    """All three forms of one net: a SavedModel, and frozen with functions and with frames."""
    parameters, trained = tf2.call("architectures:recurrent", path=str(tmp_path), steps=steps)
    lstm, gru = steps * (16 + 32) * 4 * 32, 2 * steps * (32 + 8) * 3 * 8
    projections, products, head = 4 * steps * 16 * 16, 2 * 2 * steps * steps * 8, steps * 16 * 4
    for name in ("saved", "calls.pb", "lowered.pb"):
        found = gs.summary(tmp_path / name)
        assert (found.parameters, found.trainable) == (parameters, trained)
        assert found.multiply_adds == lstm + gru + projections + products + head, name
        assert found.per_example
