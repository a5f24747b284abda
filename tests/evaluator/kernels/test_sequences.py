"""Sequences on examples whose result is plain to see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.evaluator.kernels.sequences import SEQUENCES, range_size
from graphsurgeon.ir.node import Node


def ints(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int32)


@pytest.mark.parametrize(
    ("op", "operands", "results"),
    [
        ("Range", (ints(2)[0], ints(9)[0], ints(3)[0]), [[2, 5, 8]]),
        ("Range", (np.float32(1), np.float32(0), np.float32(-0.25)), [[1, 0.75, 0.5, 0.25]]),
        ("LinSpace", (np.float32(0), np.float32(1), ints(3)[0]), [[0, 0.5, 1]]),
        ("BroadcastArgs", (ints(3, 1), ints(4)), [[3, 4]]),
        ("ConcatOffset", (ints(1)[0], ints(2, 3), ints(2, 4)), [[0, 0], [0, 3]]),
    ],
)
def test_examples(op: str, operands: tuple[Any, ...], results: list[Any]):
    found = SEQUENCES[op].function(Node.new("n", op), *operands)
    assert [each.tolist() for each in found] == results


@pytest.mark.parametrize(("start", "limit", "delta"), [(0, 5, 0), (0, 5, -1), (5, 0, 1)])
def test_ranges_that_never_end(start: int, limit: int, delta: int):
    with pytest.raises(ValueError, match="in steps of"):
        range_size(*(np.int32(each) for each in (start, limit, delta)))
