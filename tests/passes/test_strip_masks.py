"""strip_masks: masks go into the weights that they are of."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.passes.strip_masks import StrippedMaskRow, strip_masks
from graphsurgeon.tensors.values import as_tensor
from tests.passes.harness import model

FROZEN = """
    x = Placeholder {dtype: f32}
    c/weights = Const {f32 [2,3]}
    c/weights/read = Identity(c/weights)
    c/mask = Const {f32 [2,3] 0}
    c/mask/read = Identity(c/mask)
    c/weights/masked_weight = Mul(c/mask/read, c/weights/read)
    y = MatMul(x, c/weights/masked_weight)
"""
WEIGHTS = np.arange(6, dtype=np.float32).reshape(2, 3)
MASK = np.array([[0, 1, 0], [1, 1, 0]], np.float32)


def test_frozen_graphs():
    of = model(FROZEN)
    of.graph["c/mask"].attrs["value"] = as_tensor(MASK)
    report = strip_masks(of)
    assert report.stripped == [StrippedMaskRow("c/weights", "c/mask")]
    assert [node.name for node in of.graph] == [
        "x", "c/weights", "c/weights/read", "c/weights/masked_weight", "y",
    ]  # fmt: skip
    assert of.graph["c/weights"].tensor.numpy().tolist() == (WEIGHTS * MASK).tolist()
    assert set(report.removed) == {"c/mask", "c/mask/read"}


def test_checkpoints_alone():
    tensors = {
        "c/weights": -WEIGHTS, "c/mask": MASK, "c/threshold": np.float32(1), "c/biases": np.ones(3, np.float32),
        "model_pruning/last_mask_update_step": np.int32(7),
    }  # fmt: skip
    report = strip_masks(tensors)
    assert tensors.keys() == {"c/weights", "c/biases"}
    np.testing.assert_array_equal(np.asarray(tensors["c/weights"]), -WEIGHTS * MASK)
    assert set(report.values) == {"c/mask", "c/threshold", "model_pruning/last_mask_update_step"}


def test_what_is_refused():
    with pytest.raises(PassError, match="no mask"):
        strip_masks({"w": WEIGHTS})
    with pytest.raises(PassError, match="several weights"):
        strip_masks({"c/a": WEIGHTS, "c/b": WEIGHTS, "c/mask": MASK, "c/threshold": np.float32(0)})
    of = model(FROZEN)
    of.graph["c/mask"].attrs["value"] = as_tensor(WEIGHTS)
    with pytest.raises(PassError, match="not zeros and ones"):
        strip_masks(of)
    assert "Mul" in of.graph.ops
