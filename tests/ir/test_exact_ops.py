"""Which ops are computed ahead, how exactly, and of which values."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.ir import ops
from graphsurgeon.ir.exact_ops import MOVING_OPS, exactness, is_peculiar, value_refusal
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor, as_tensor


@pytest.mark.parametrize(
    ("op", "dtype", "wanted"),
    [
        ("Reshape", dtypes.STRING, "exact"),
        ("Reshape", dtypes.FLOAT8_E5M2, "exact"),
        ("Add", dtypes.FLOAT, "exact"),
        ("Add", dtypes.FLOAT8_E5M2, None),
        ("Sum", dtypes.INT32, "exact"),
        ("Sum", dtypes.FLOAT, "approximate"),
        ("Mul", dtypes.COMPLEX64, "approximate"),
        ("Exp", dtypes.FLOAT, "approximate"),
        ("Round", dtypes.INT32, None),
        ("FloorDiv", dtypes.BFLOAT16, None),
        ("Conv3DBackpropInput", dtypes.FLOAT, None),
    ],
)
def test_classes(op, dtype, wanted):
    assert exactness(op, [dtype]) == wanted


@pytest.mark.parametrize(
    ("op", "values", "reason"),
    [
        ("Transpose", [1e-45, np.nan, -0.0], ""),
        ("Add", [0, -0.0, 1e-30, np.nan, np.inf], ""),
        ("Add", [1e-45], "denormal"),
        ("Maximum", [1.0, np.nan], "the NaN in it"),
        ("Neg", [-0.0], "the -0 in it"),
        ("Add", [1, 2], ""),
    ],
)
def test_values(op: str, values: list[Any], reason: str):
    tensor = as_tensor(np.array(values, np.float32 if any(isinstance(each, float) for each in values) else np.int32))
    found = value_refusal(Node.new("n", op), [tensor], [])
    assert reason in found if reason else not found


def test_casts():
    node = Node.new("n", "Cast", attrs={"DstT": dtypes.INT8})
    assert not value_refusal(node, [as_tensor(np.array([-128.9, 127.9]))], [])
    assert "int8 cannot hold" in value_refusal(node, [as_tensor(np.array([128.0]))], [])
    assert "int8 cannot hold" in value_refusal(node, [as_tensor(np.array([np.nan]))], [])


def test_of_other_types():
    assert is_peculiar(Node.new("n", "Add"), np.array([1e-40, 1], ml_dtypes.bfloat16)).tolist() == [True, False]
    assert is_peculiar(Node.new("n", "Add"), np.array([1e-45j, 1], np.complex64)).tolist() == [True, False]
    assert not is_peculiar(Node.new("n", "Add"), np.array([b"a"], object)).any()


def test_what_repeats_is_looked_at_once():
    assert not value_refusal(Node.new("n", "Add"), [FillTensor(dtypes.FLOAT, (1 << 50,))], [])


def test_they_are_ops_without_state():
    for op in MOVING_OPS:
        known = ops.facts(op)
        assert known is not None, op
        assert not known.is_stateful, op
