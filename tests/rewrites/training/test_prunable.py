"""What may be pruned, and what ops or names say that it is."""

from __future__ import annotations

import numpy as np

from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.training.prunable import PRUNED_ROLES, prunable
from graphsurgeon.tensors.values import as_tensor
from tests import notation
from tests.passes.harness import model

ONES = as_tensor(np.ones((2, 3), np.float32))
VECTOR = as_tensor(np.ones(3, np.float32))


def _kernels(of):
    return [each.name for each in prunable(of) if each.role in PRUNED_ROLES]


def test_of_a_graph_ops_tell():
    text = """
        x = Placeholder {dtype: f32}
        w = VariableV2 {dtype: f32, shape: shape[2,3]}
        w/read = Identity(w)
        b = VariableV2 {dtype: f32, shape: shape[3]}
        b/read = Identity(b)
        m = VariableV2 {dtype: f32, shape: shape[2,3]}
        y = MatMul(x, w/read)
        out = BiasAdd(y, b/read)
    """
    of = model(text)
    of.variables = {"w": ONES, "b": VECTOR, "m": ONES, "other": ONES}
    assert _kernels(of) == ["w"]
    assert {each.name for each in prunable(of)} == {"w", "b", "m", "other"}


def test_of_a_frozen_graph():
    of = model("""
        x = Placeholder {dtype: f32}
        w = Const {f32 [2,3]}
        b = Const {f32 [3]}
        y = MatMul(x, w)
        out = BiasAdd(y, b)
    """)
    assert _kernels(of) == ["w"]


def test_of_a_checkpoint_names_and_ranks_tell():
    of = Model()
    no_kernels = ["fc/bias", "bn/gamma", "c/mask", "word_embeddings", "dw/depthwise_weights", "fc/kernel/Adam"]
    of.variables = {"fc/kernel": ONES, "v": VECTOR, "fc/kernel/Adam_1": ONES, **dict.fromkeys(no_kernels, ONES)}
    assert _kernels(of) == ["fc/kernel"]


def test_of_what_functions_are_given_names_and_ranks_tell():
    text = """
        x = Placeholder {dtype: f32}
        w = VarHandleOp {dtype: f32, shape: shape[2,3], shared_name: "w"}
        other = VarHandleOp {dtype: f32, shape: shape[2,3], shared_name: "other"}
        y = StatefulPartitionedCall(x, w) {f: fn:f, Tin: [f32, resource], Tout: [f32]}
    """
    of = notation.model(text, notation.function("f", "x w", "x", ""))
    of.variables = {"w": ONES, "other": ONES}
    assert _kernels(of) == ["w"]
