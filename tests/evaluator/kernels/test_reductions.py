"""Reductions on examples whose result is plain to see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.evaluator.kernels.reductions import REDUCTIONS
from graphsurgeon.ir.node import Node

A = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


def ints(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int32)


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "result"),
    [
        ("Sum", (A, ints(1)), {"keep_dims": True}, [[6], [15]]),
        ("Sum", (np.array([100, 100], np.int8), ints(0)), {}, -56),
        ("Sum", (A, ints()), {}, A.tolist()),
        ("Mean", (A, ints(0, 1)), {}, 3.5),
        ("Mean", (np.array([-1, -2]), ints(0)), {}, -1),
        ("Max", (A, ints(0)), {}, [4, 5, 6]),
        ("All", (np.array([True, False]), ints(0)), {}, False),
        ("L2Loss", (A,), {}, 45.5),
        ("Cumsum", (ints(1, 2, 3), ints(0)[0]), {}, [1, 3, 6]),
        ("Cumsum", (ints(1, 2, 3), ints(0)[0]), {"exclusive": True}, [0, 1, 3]),
        ("Cumsum", (ints(1, 2, 3), ints(0)[0]), {"reverse": True}, [6, 5, 3]),
        ("Cumprod", (A, ints(1)[0]), {"exclusive": True, "reverse": True}, [[6, 3, 1], [30, 6, 1]]),
    ],
)
def test_examples(op: str, operands: tuple[Any, ...], attrs: dict[str, Any], result: Any):
    (found,) = REDUCTIONS[op].function(Node.new("n", op, attrs=attrs), *operands)
    assert found.tolist() == result
    assert found.dtype == operands[0].dtype


@pytest.mark.parametrize("values", [[], [2**31 - 1, 2**31 - 1]])
def test_means_of_integers_that_are_refused(values: list[int]):
    with pytest.raises(ValueError, match="mean"):
        REDUCTIONS["Mean"].function(Node.new("n", "Mean"), np.array(values, np.int32), ints(0))


def test_an_axis_that_is_none():
    with pytest.raises(ValueError, match="axis 2 of 2"):
        REDUCTIONS["Cumsum"].function(Node.new("n", "Cumsum"), A, ints(2)[0])


@pytest.mark.filterwarnings("ignore:invalid value")
def test_the_mean_of_nothing_is_no_number():
    (found,) = REDUCTIONS["Mean"].function(Node.new("n", "Mean"), A[:0], ints(0))
    assert np.isnan(found).all()
    assert found.shape == (3,)
