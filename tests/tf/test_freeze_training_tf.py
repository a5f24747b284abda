"""Freezing training graphs: the results alone compute what they did, and what freezing says of the rest is so."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from tests.tf.judge import TensorFlow


@pytest.mark.parametrize("kind", ["reference", "resource"])
@pytest.mark.parametrize("net", ["batch_norm", "plain_norm"])
def test_training_outputs_and_batch_norm_in_training_mode(tf1: TensorFlow, tmp_path: Path, kind: str, net: str):
    made = tf1.call("frozen_training:checkpoint", directory=str(tmp_path), kind=kind, net=net)
    for asked in ("prob,train", "train"):
        with pytest.raises(PassError, match=r"changes variable|needs the variable") as caught:
            gs.freeze(gs.load(made["prefix"] + ".meta"), outputs=(asked,))
        assert 'outputs="prob' in str(caught.value.hint)
    model = gs.load(made["prefix"] + ".meta")
    report = gs.freeze(model, outputs=("prob",))
    assert "moving averages that go: bn/moving_mean, bn/moving_variance" in report.notes[0]
    gs.save(model, tmp_path / "frozen.pb")
    bits = tf1.call("frozen_training:run", pbs=[str(tmp_path / "frozen.pb")], names=[["prob"]])
    assert bits == [[made["prob"]]]


@pytest.mark.parametrize("kind", ["reference", "resource"])
def test_quantization_aware_training(tf1: TensorFlow, tmp_path: Path, kind: str):
    """Its outputs read what updates of ranges give: refused with a true reason, or as the first run computes them."""
    made = tf1.call("frozen_training:checkpoint", directory=str(tmp_path), kind=kind, net="quantized")
    with pytest.raises(PassError, match=r"its result is needed|AssignM\w+ changed it") as caught:
        gs.freeze(gs.load(made["prefix"] + ".meta"), outputs=("prob",))
    assert 'updates="compute"' in str(caught.value.hint)
    model = gs.load(made["prefix"] + ".meta")
    gs.freeze(model, outputs=("prob",), updates="compute")
    gs.save(model, tmp_path / "frozen.pb")
    bits = tf1.call("frozen_training:run", pbs=[str(tmp_path / "frozen.pb")], names=[["prob"]])
    assert bits == [[made["prob"]]]
