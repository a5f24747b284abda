"""TensorFlow 1.15 imports what is downgraded, and takes a file exactly where `inspect` says that it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.meta_graph.oldest import oldest_tensorflow
from tests.tf.judge import JudgeError, TensorFlow
from tests.tf.test_op_defs import NETS


def assert_told(tf1: TensorFlow, path: Path, wanted: Any) -> str:
    """What `inspect` says of the oldest TensorFlow holds for 1.15; returns that version."""
    version = oldest_tensorflow(gs.load(path)).version
    if version == "1.15":
        np.testing.assert_allclose(tf1.call("op_lists:run", path=str(path)), wanted, rtol=1e-4, atol=1e-5)
    else:
        with pytest.raises(JudgeError, match=r"NodeDef mentions attr|not in Op"):
            tf1.call("op_lists:run", path=str(path))
    return version


@pytest.mark.parametrize("net", [*NETS, "called"])
def test_what_tensorflow_2_froze(tf1: TensorFlow, tf2: TensorFlow, tmp_path: Path, net: str):
    frozen, meta, down = (tmp_path / name for name in ("frozen.pb", "converted.meta", "down.pb"))
    wanted = tf2.call("op_lists:freeze", net=net, path=str(frozen))
    assert_told(tf1, frozen, wanted)
    model = gs.load(frozen)
    gs.save(model, meta, to="meta_graph", drop_values=True)
    assert (assert_told(tf1, meta, wanted) == "1.15") == (net != "called")
    gs.downgrade(model, to="1.15")
    gs.save(model, down)
    assert assert_told(tf1, down, wanted) == "1.15"
    np.testing.assert_allclose(tf2.call("op_lists:run", path=str(down)), wanted, rtol=1e-6, atol=1e-6)


def test_saved_models_of_tensorflow_2(tf1: TensorFlow, tf2: TensorFlow, tmp_path: Path):
    """Variables have names for people, and saving does what only a newer one can."""
    saved, down = tmp_path / "saved", tmp_path / "down"
    tf2.call("op_lists:save_module", path=str(saved))
    assert oldest_tensorflow(gs.load(saved)).version == "2.15"
    with pytest.raises(JudgeError, match="NodeDef mentions attr 'debug_name'"):
        tf1.call("op_lists:serve", path=str(saved))
    model = gs.load(saved)
    gs.downgrade(model)
    gs.save(model, down, to="saved_model")
    assert oldest_tensorflow(gs.load(down)).version == "1.15"
    assert tf1.call("op_lists:serve", path=str(down)) == tf2.call("op_lists:serve", path=str(saved)) == [[4.0] * 5] * 3
    assert tf2.call("op_lists:serve", path=str(down)) == [[4.0] * 5] * 3
