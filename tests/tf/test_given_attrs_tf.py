"""Values of attrs that Python has in many kinds: TensorFlow loads the nodes and has the values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

import graphsurgeon as gs
from tests.tf.judge import TensorFlow


def made() -> tuple[gs.Model, list[tuple[str, str, Any]]]:
    """Return a graph whose attrs are given in many ways, and what each is to be."""
    model = gs.Model()
    graph = model.graph
    x = graph.add("Placeholder", name="x", dtype=np.float32, shape=(None, np.int64(8), 8, 3))
    y = graph.add("Placeholder", name="y", dtype=float, shape=np.array([2, 3]))
    z = graph.add("Placeholder", name="z", dtype=ml_dtypes.bfloat16, shape=None)
    kernel = graph.add("Const", name="kernel", value=np.ones((1, 1, 3, 2), np.float32))
    graph.add("Conv2D", [x, kernel], name="conv", strides=np.array([1, 1, 1, 1]), padding=np.str_("SAME"))
    graph.add("LeakyRelu", [y], name="leaky", alpha=np.float16(0.5))
    graph.add("Cast", [z], name="cast", DstT="half")
    graph.add("Const", name="value", dtype="float32", value=[[1, 2], [3, 4]])
    # And by hand, after the node was made.
    graph["conv"].attrs["strides"] = (1, np.array(2), np.int32(2), 1)
    graph["conv"].attrs["padding"] = "VALID"
    graph["leaky"].attrs["alpha"] = np.array(0.25)
    graph["x"].attrs["shape"] = [None, 8, 8, 3]
    graph["value"].attrs["value"] = [[5, 6.5]]
    return model, [
        ("x", "dtype", "float32"), ("x", "shape", [None, 8, 8, 3]), ("y", "dtype", "float32"), ("y", "shape", [2, 3]),
        ("z", "dtype", "bfloat16"), ("conv", "strides", [1, 2, 2, 1]), ("conv", "padding", "VALID"),
        ("leaky", "alpha", 0.25), ("cast", "DstT", "float16"), ("value", "value", [[5.0, 6.5]]),
        ("value", "dtype", "float32"),
    ]  # fmt: skip


def test_tensorflow_has_the_values(tf: TensorFlow, tmp_path: Path):
    model, wanted = made()
    assert not gs.verify(model)
    gs.save(model, tmp_path / "x.pb")
    asked = [(node, attr) for node, attr, _ in wanted]
    assert tf.call("attr_values:held", path=str(tmp_path / "x.pb"), asked=asked) == [value for _, _, value in wanted]
