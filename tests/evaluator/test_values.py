"""The outputs of single nodes: shapes before values, and small things at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.evaluator.lazy import ComputedTensor, MappedTensor
from graphsurgeon.evaluator.values import as_scalar, evaluate
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import ArrayTensor, FillTensor, as_tensor

LARGE = FillTensor(dtypes.FLOAT, (300, 200))
HUGE = FillTensor(dtypes.FLOAT, (2**40,))
ROW = as_tensor(np.arange(200, dtype=np.float32))


def i32(values: list[Any]) -> np.ndarray:
    return np.array(values, np.int32)


def made(op: str, *operands: Any, **attrs: Any) -> list[Tensor]:
    return evaluate(Node.new("n", op, attrs=attrs), [as_tensor(operand) for operand in operands])


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "result"),
    [
        ("Reshape", (np.arange(4), i32([2, -1])), {}, [[0, 1], [2, 3]]),
        ("ExpandDims", (np.arange(2), np.int32(-1)), {}, [[0], [1]]),
        ("Squeeze", (np.zeros((1, 2, 1)),), {}, [0, 0]),
        ("Squeeze", (np.zeros((1, 2, 1)),), {"squeeze_dims": [-1]}, [[0, 0]]),
        ("Shape", (np.zeros((1, 2)),), {}, [1, 2]),
        ("Size", (np.zeros((3, 2)),), {"out_type": dtypes.INT64}, 6),
        ("Rank", (np.zeros((3, 2)),), {}, 2),
        ("Fill", (i32([2]), np.float32(3)), {}, [3, 3]),
        ("OnesLike", (np.zeros(2),), {}, [1, 1]),
        ("ZerosLike", (np.ones(2),), {}, [0, 0]),
        ("Select", (np.array([True, False]), np.ones((2, 2)), np.zeros((2, 2))), {}, [[1, 1], [0, 0]]),
        ("Cast", (np.array([1.7, -1.7]),), {"DstT": dtypes.INT32}, [1, -1]),
        ("Less", (np.arange(3), np.int64(1)), {}, [True, False, False]),
        ("PadV2", (np.array([1j]), i32([[1, 0]]), np.array(2j)), {}, [2j, 1j]),
        ("Split", (np.int32(0), np.arange(2)), {"num_split": 1}, [0, 1]),
        ("Pad", (np.array([b"a"], object), i32([[1, 0]])), {}, [b"", b"a"]),
        ("SelectV2", (np.array([True, False]), np.array(b"a", object), np.array(b"\0", object)), {}, [b"a", b"\0"]),
        ("Fill", (i32([2]), np.array(b"a\0", object)), {}, [b"a\0", b"a\0"]),
        ("Mul", (np.ones((2, 1)), np.arange(2.0)), {}, [[0, 1], [0, 1]]),
    ],
)
def test_small_values_are_computed_at_once(op: str, operands: tuple[Any, ...], attrs: dict[str, Any], result: Any):
    (tensor,) = made(op, *operands, **attrs)
    assert not isinstance(tensor, MappedTensor | ComputedTensor)
    assert tensor.numpy().tolist() == result
    assert tensor.shape == np.shape(result)


def test_large_values_wait():
    assert isinstance(made("Add", LARGE, np.float32(1))[0], MappedTensor)
    assert isinstance(made("Add", LARGE, ROW)[0], ComputedTensor)
    assert np.array_equal(made("Add", LARGE, ROW)[0].numpy()[7], ROW.numpy())
    turned = made("Transpose", LARGE, i32([1, 0]))[0]
    assert isinstance(turned, ComputedTensor)
    assert turned.shape == (200, 300)
    q, r = made("Qr", LARGE)
    assert (q.shape, r.shape) == ((300, 200), (200, 200))


def test_constants_and_identities_are_what_they_are():
    assert evaluate(Node.new("c", "Const", attrs={"value": LARGE}), []) == [LARGE]
    assert made("Identity", LARGE) == [LARGE]
    assert isinstance(made("Fill", i32([10**6, 10**5]), np.float32(1))[0], FillTensor)


def test_scalars():
    assert as_scalar(True).dtype is dtypes.BOOL
    assert as_scalar(2).dtype is dtypes.INT32
    assert isinstance(as_scalar(2), ArrayTensor)


@pytest.mark.parametrize(
    ("op", "operands", "why"),
    [
        ("Erfinv", (np.ones(2),), "not among the ops"),
        ("Add", (np.ones(2), np.ones(3)), "broadcast"),
        ("Floor", (np.ones(2, np.complex64),), "floor"),
        ("Qr", (np.ones((300, 200), np.float16),), "float16"),
        ("MatMul", (np.ones((2, 3)), np.ones((2, 3))), "not multiplied"),
        ("Fill", (np.ones(2), np.float32(1)), "a shape made of float64"),
        ("Fill", (i32([2]), np.ones(2)), "2 values to fill with"),
        ("Reshape", (np.ones(2), np.ones(1)), "a shape made of float64"),
        ("Sub", (b"a", b"b"), "strings"),
        ("MatrixDiagV2", (np.ones(2), np.int32(1), np.int32(-1), np.int32(-1), 0.0), "other diagonals"),
        ("Range", (np.int32(0), np.int32(2**31 - 1), np.int32(1)), "held at once"),
        ("Tile", (np.ones(2), i32([2**31 - 1])), "held at once"),
        ("Pad", (np.ones(2), np.array([[2**40, 0]])), "held at once"),
        ("OneHot", (np.arange(9), np.int32(2**31 - 1), 1.0, 0.0), "held at once"),
        ("MatrixDiag", (LARGE.numpy().reshape(-1),), "held at once"),
        ("BroadcastTo", (np.ones(1), np.array([2**40])), "held at once"),
        ("MatMul", (np.ones((10**5, 1)), np.ones((1, 10**5))), "held at once"),
        ("Pack", (HUGE, HUGE), "held at once"),
        ("ConcatV2", (HUGE, HUGE, np.int32(0)), "held at once"),
        ("Roll", (HUGE, np.int32(1), np.int32(0)), "held at once"),
        ("Pad", (np.ones(1), HUGE), "held at once"),
        ("Reshape", (np.ones(2), FillTensor(dtypes.INT32, (2**40,))), "dimensions"),
    ],
)
def test_what_cannot_be_evaluated_says_why(op: str, operands: tuple[Any, ...], why: str):
    with pytest.raises(PassError, match=why) as caught:
        made(op, *operands)
    assert (caught.value.operation, caught.value.node) == ("evaluate", "n")
