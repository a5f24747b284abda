"""Values that depend on constants and variables alone."""

from __future__ import annotations

import numpy as np

from graphsurgeon.evaluator import evaluate
from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.folding.known_tensors import KnownTensors
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.checkpoint_keys import VariableValues
from tests import notation


def test_backward_from_who_asks():
    of = notation.model("a = Const {f32 [3]}; b = Neg(a); x = Placeholder {dtype: f32}; c = Add(b, x)")
    known = KnownTensors(Index(of.graph), evaluate, None)
    found = known.value("b")
    assert found is not None
    assert found.numpy().tolist() == [0, -1, -2]
    assert known.value("c") is None
    known.set(of.graph["a"], as_tensor(np.ones(3, np.float32)))
    again = known.value("b")
    assert again is not None
    assert again.numpy().tolist() == [-1, -1, -1]


def test_random_numbers_are_not_known():
    of = notation.model("s = Const {i32 [1] 2}; r = RandomUniform(s) {dtype: f32}; y = Neg(r)")
    assert KnownTensors(Index(of.graph), evaluate, None).value("y") is None


def test_variables():
    of = notation.model("""
        v = VariableV2 {dtype: f32, shape: shape[2]}
        r = Identity(v)
        h = VarHandleOp {dtype: f32, shape: shape[2]}
        q = ReadVariableOp(h) {dtype: f32}
        y = Add(r, q)
    """)
    of.variables = {name: as_tensor(np.ones(2, np.float32)) for name in ("v", "h")}
    index = Index(of.graph)
    found = KnownTensors(index, evaluate, VariableValues(of, index)).value("y")
    assert found is not None
    assert found.numpy().tolist() == [2, 2]
    assert KnownTensors(index, evaluate, None).value("y") is None
