"""Tables and variables that stayed: TensorFlow's own initializers find them by their collections."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow
from tests.tf.thawing import thaw


@pytest.mark.parametrize("kind", ["ref", "resource"])
def test_state_and_tables_are_initialized_by_their_collections(tf: TensorFlow, tmp_path: Path, kind: str):
    wanted = tf.call("stateful_nets:make", path=str(tmp_path / "frozen.pb"), resource=kind == "resource")
    if tf.is_v1 and kind == "resource":  # TensorFlow refuses it too: reads of the one that stays are Identities
        with pytest.raises(gs.GraphError, match="is resource, but Identity takes float32"):
            thaw(tmp_path / "frozen.pb", tmp_path / "whole.ckpt")
        return
    thaw(tmp_path / "frozen.pb", tmp_path / "whole.ckpt")
    found = tf.call("stateful_nets:run", prefix=str(tmp_path / "whole.ckpt"))
    trained = ["embedding", "kernel"]
    assert found == {"scores": wanted, "listed": [trained, trained, ["state"]], "missing": []}
