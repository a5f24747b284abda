"""Weights under masks: found by collections and names, in graphs and checkpoints."""

from __future__ import annotations

import numpy as np

from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.training.masked import (
    find_masked,
    is_of_pruning,
    keys_of_tfmot,
    listed_nodes,
    masks_of_functions,
    paired_keys,
    source_of,
)
from graphsurgeon.tensors.values import as_tensor
from tests import notation
from tests.passes.harness import model

TEXT = """
    x = Placeholder {dtype: f32}
    c/weights = Const {f32 [2,3]}
    c/weights/read = Identity(c/weights)
    c/mask = Const {f32 [2,3] 1}
    c/mask/read = Identity(c/mask)
    c/weights/masked_weight = Mul(c/mask/read, c/weights/read)
    y = MatMul(x, c/weights/masked_weight)
    scaled = Mul(y, c/weights)
"""
ONES = as_tensor(np.ones((2, 3), np.float32))
NUMBER = as_tensor(np.float32(0))


def test_by_names():
    of = model(TEXT)
    (found,) = find_masked(of, Index(of.graph))
    assert (found.product.name, found.mask.name, found.weight.name) == (
        "c/weights/masked_weight", "c/mask", "c/weights",
    )  # fmt: skip
    assert found.position == 1


def test_by_the_name_of_the_product_and_by_nothing():
    of = model(TEXT.replace("c/mask", "c/v"))
    assert [each.mask.name for each in find_masked(of, Index(of.graph))] == ["c/v"]
    of = model(TEXT.replace("c/mask", "c/v").replace("masked_weight", "mul"))
    assert list(find_masked(of, Index(of.graph))) == []
    assert listed_nodes(of, "masks") == ()


def test_sources_through_reads():
    of = model(TEXT)
    index = Index(of.graph)
    assert source_of(index, "c/mask/read") is of.graph["c/mask"]
    assert source_of(index, "y") is None


def test_thresholds_and_steps():
    assert is_of_pruning("c/threshold", ["c/mask"], ())
    assert is_of_pruning("c/kernel_threshold", ["c/kernel_mask"], ())
    assert not is_of_pruning("d/threshold", ["c/mask"], ())
    assert is_of_pruning("model_pruning/last_mask_update_step", [], ())
    assert is_of_pruning("prune_low_magnitude_dense/mask", [], (2, 3))
    assert not is_of_pruning("c/threshold", ["c/mask"], (3,))


def test_checkpoints():
    tensors = {"c/mask": ONES, "c/threshold": NUMBER, "c/weights": ONES, "attention/mask": ONES, "attention/w": ONES}
    assert paired_keys(tensors) == {"c/mask": ["c/weights"]}
    assert paired_keys({"l/kernel_mask": ONES, "l/kernel": ONES, "l/other": ONES}) == {"l/kernel_mask": ["l/kernel"]}
    of_layer = {f"layer/{name}/.ATTRIBUTES/VARIABLE_VALUE": ONES for name in ("mask", "pruning_step", "layer/kernel")}
    assert keys_of_tfmot(of_layer | {"other/mask": ONES}) == list(of_layer)[:2]


def test_masks_of_functions():
    body = notation.function(
        "f",
        "a",
        "p:z:0",
        "m/mask = Const {f32 [2,3]}; w = Const {f32 [2,3]}; p = Mul(m/mask:output:0, w:output:0) {T: f32}",
    )
    of = notation.model(
        """
        c/mask = Const {f32 [2,3]}
        c/mask/read = Identity(c/mask)
        y = f(c/mask/read)
        other/mask = Const {f32 [2,3]}
        z = Neg(other/mask)
        """,
        body,
    )
    found = masks_of_functions(of, Index(of.graph))
    assert found == {
        "c/mask": "'y' (f) gives it to a function",
        "f/m/mask": "'p' multiplies by it in a function",
    }
