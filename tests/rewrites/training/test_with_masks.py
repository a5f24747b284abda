"""Masks in contrib's layout, added to graphs and checkpoints."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.passes.sparsify import sparsify
from graphsurgeon.passes.strip_masks import strip_masks
from graphsurgeon.rewrites.training.prunable import prunable
from graphsurgeon.rewrites.training.with_masks import MaskAdder
from graphsurgeon.tensors.pruned import ByMagnitude
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from tests.passes.harness import model

WEIGHTS = np.arange(6, dtype=np.float32).reshape(2, 3)
GRAPH = """
    x = Placeholder {dtype: f32}
    c/w = VariableV2 {dtype: f32, shape: shape[2,3]}
    c/w/read = Identity(c/w)
    y = MatMul(x, c/w/read)
"""


def test_variables():
    of = model(GRAPH)
    of.variables, of.meta = {"c/w": as_tensor(WEIGHTS)}, schema.MetaGraphDef()
    sparsify(of, sparsity=0.5, masks=True)
    assert of.graph["y"].inputs == ("x", "c/w/masked_weight")
    assert of.graph["c/w/masked_weight"].inputs == ("c/mask/read", "c/w/read")
    assert of.variables["c/mask"].numpy().tolist() == [[0, 0, 0], [1, 1, 1]]
    assert of.variables["c/threshold"].numpy() == 3
    assert of.variables["c/w"].numpy().tolist() == WEIGHTS.tolist()
    assert of.graph["c/mask/Initializer/zeros"].tensor.numpy().tolist() == [[1, 1, 1], [1, 1, 1]]
    assert of.meta is not None
    assert of.meta.collection_def["masks"].node_list.value == ["c/mask:0"]
    assert of.meta.saver_def.restore_op_name
    strip_masks(of)
    assert of.variables.keys() == {"c/w"}
    assert of.variables["c/w"].numpy().tolist() == [[0, 0, 0], [3, 4, 5]]
    assert "masks" not in of.meta.collection_def


@pytest.mark.parametrize("name", ["f16", "bf16", "f64"])
def test_variables_of_other_floats(name):
    of = model(GRAPH.replace("f32", name))
    dtype = of.graph["c/w"].attrs["dtype"].numpy()
    of.variables, of.meta = {"c/w": as_tensor(WEIGHTS.astype(dtype))}, schema.MetaGraphDef()
    sparsify(of, sparsity=0.5, masks=True)
    first = of.graph["c/mask/Initializer/zeros"].tensor.numpy()
    assert (first.dtype, first.tolist()) == (dtype, [[1, 1, 1], [1, 1, 1]])
    assert of.variables["c/mask"].numpy().tolist() == [[0, 0, 0], [1, 1, 1]]


def test_constants_and_keys():
    of = model("""
        x = Placeholder {dtype: f32}
        w = Const {f32 [2,3]}
        w/read = Identity(w)
        y = MatMul(x, w/read)
    """)
    sparsify(of, sparsity=0.5, masks=True)
    assert of.graph["w/masked_weight"].inputs == ("w_mask/read", "w/read")
    tensors = {"c/w": WEIGHTS}
    sparsify(tensors, sparsity=0.5, masks=True)
    assert tensors.keys() == {"c/w", "c/mask", "c/threshold"}
    strip_masks(tensors)
    assert np.asarray(tensors["c/w"]).tolist() == [[0, 0, 0], [3, 4, 5]]


def test_what_has_a_mask_gets_no_other():
    of = model(GRAPH)
    of.variables = {"c/w": as_tensor(WEIGHTS)}
    sparsify(of, sparsity=0.5, masks=True)
    adder = MaskAdder(of, "sparsify")
    (weight,) = (each for each in prunable(of) if each.name == "c/w")
    with pytest.raises(PassError, match="has a mask"):
        adder.add(weight, ByMagnitude(0), 0.0)
