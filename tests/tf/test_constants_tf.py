"""Frozen graphs whose constants were edited, run by TensorFlow."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow


@pytest.mark.parametrize("name", ["mobile_cnn", "lstm_loop"])
def test_a_graph_of_half_the_size_computes_about_the_same(tf: TensorFlow, fixtures: Path, tmp_path: Path, name: str):
    model = gs.load(fixtures / f"{name}.pb")
    gs.cast(model, dtype="float16")
    gs.save(model, tmp_path / "half.pb")
    apart, largest = tf.call("casting:distance", pb=str(fixtures / f"{name}.pb"), other=str(tmp_path / "half.pb"))
    assert 0 < apart < 0.02 * largest
