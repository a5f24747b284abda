"""Nothing large is made of little before it is known how large it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.evaluator.growth import check_growth
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors.values import as_tensor
from proto_utils.errors import LimitError

ONES = np.ones((2, 2), np.float32)


def i32(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int32)


@pytest.mark.parametrize(
    ("op", "operands", "nbytes"),
    [
        ("Tile", (ONES, i32(3, 5)), 240),
        ("BroadcastTo", (ONES, i32(10, 2, 2)), 160),
        ("Fill", (i32(100), np.array(b"a", object)), 100),
        ("Pad", (ONES, i32(4, 0, 0, 3).reshape(2, 2)), 120),
        ("Diag", (ONES,), 64),
        ("MatrixDiag", (ONES,), 32),
        ("GatherV2", (ONES, i32(*[0] * 30), i32(1)[0]), 240),
        ("Range", (i32(0)[0], i32(100)[0], i32(2)[0]), 200),
        ("LinSpace", (np.float64(0), np.float64(1), i32(9)[0]), 72),
        ("OneHot", (i32(0, 1), i32(30)[0], np.float64(1), np.float64(0)), 480),
    ],
)
def test_sizes(op: str, operands: tuple[Any, ...], nbytes: int):
    node, tensors = Node.new("n", op), [as_tensor(each) for each in operands]
    check_growth(node, tensors, nbytes)
    with pytest.raises(LimitError, match="held at once"):
        check_growth(node, tensors, nbytes - 1)


def test_what_is_no_larger_than_what_it_is_made_of_is_as_large_as_it_is():
    check_growth(Node.new("n", "Tile"), [as_tensor(ONES), as_tensor(i32(1, 1))], 0)
    check_growth(Node.new("n", "Add"), [as_tensor(ONES), as_tensor(ONES)], 0)
