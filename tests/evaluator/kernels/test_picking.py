"""Elements that are looked for, on examples whose result is plain to see."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.evaluator.kernels.picking import PICKING, gather, gather_nd
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes

A = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


def ints(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int32)


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "results"),
    [
        ("TopKV2", (np.array([1, 3, 2, 3]), ints(3)[0]), {}, [[3, 3, 2], [1, 3, 2]]),
        ("ArgMax", (A, ints(1)[0]), {}, [[2, 2]]),
        ("ArgMin", (A, ints(0)[0]), {"output_type": dtypes.INT32}, [[0, 0, 0]]),
        ("Where", (np.array([[True, False], [False, True]]),), {}, [[[0, 0], [1, 1]]]),
        ("InvertPermutation", (ints(2, 0, 1),), {}, [[1, 2, 0]]),
        ("OneHot", (ints(1, 0), ints(2)[0], np.float32(5), np.float32(0)), {"axis": 0}, [[[0, 5], [5, 0]]]),
    ],
)
def test_examples(op: str, operands: tuple[Any, ...], attrs: dict[str, Any], results: list[Any]):
    found = PICKING[op].function(Node.new("n", op, attrs=attrs), *operands)
    assert [each.tolist() for each in found] == results


def test_gather():
    node = Node.new("n", "GatherV2", attrs={"batch_dims": 1})
    assert gather(node, A, ints(2, 0).reshape(2, 1), ints(1)[0]).tolist() == [[3], [4]]
    assert gather(Node.new("n", "Gather"), A, ints(1)).tolist() == [[4, 5, 6]]
    assert gather_nd(node, A, np.zeros((2, 0), int)).shape == (2, 2, 3)
    assert gather_nd(node, A, ints(1)).tolist() == [4, 5, 6]


@pytest.mark.parametrize(
    ("op", "operands", "why"),
    [
        ("TopKV2", (ints(1), ints(2)[0]), "the first 2 of 1"),
        ("InvertPermutation", (ints(0, 0),), "no permutation"),
        ("ArgMax", (np.array([1, np.nan, 2], np.float32), ints(0)[0]), "differ on the NaN"),
        ("ArgMin", (np.array([1, np.nan, 2], np.float16), ints(0)[0]), "differ on the NaN"),
        ("TopKV2", (np.array([1, np.nan, 2, 3], ml_dtypes.bfloat16), ints(1)[0]), "differ on the NaN"),
    ],
)
def test_what_is_refused(op: str, operands: tuple[Any, ...], why: str):
    with pytest.raises(ValueError, match=why):
        PICKING[op].function(Node.new("n", op), *operands)


def test_indices_from_the_end_are_none():
    with pytest.raises(ValueError, match="not all in"):
        gather_nd(Node.new("n", "GatherNd"), A, ints(-1))
