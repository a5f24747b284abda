"""Graphs that freezing broke ("was passed float ... incompatible with expected float_ref") are whole again."""

from __future__ import annotations

from pathlib import Path

from tests.tf.judge import TensorFlow
from tests.tf.thawing import thaw


def test_an_op_that_changes_a_variable_has_one_again(tf: TensorFlow, tmp_path: Path):
    refusal = tf.call("half_frozen:make", path=str(tmp_path / "broken.pb"))
    assert "incompatible with expected float_ref" in refusal
    thaw(tmp_path / "broken.pb", tmp_path / "whole.ckpt")
    assert tf.call("half_frozen:run", prefix=str(tmp_path / "whole.ckpt")) == [[22.0, 44.0], [42.0, 84.0]]
