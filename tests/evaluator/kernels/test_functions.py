"""Functions on examples whose result is plain to see."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.evaluator.kernels.functions import FUNCTIONS, ROWS
from graphsurgeon.ir.node import Node


@pytest.mark.parametrize(
    ("op", "operands", "result"),
    [
        ("Sigmoid", ([0.0],), [0.5]),
        ("Rsqrt", ([4.0],), [0.5]),
        ("Softplus", ([1000.0, -1000.0],), [1000.0, 0.0]),
        ("Elu", ([2.0, -1000.0],), [2.0, -1.0]),
        ("Selu", ([0.0, 1.0],), [0.0, 1.0507009873554805]),
        ("Erf", ([0.0, 9.0],), [0.0, 1.0]),
        ("Xlogy", ([0.0, 2.0], [0.0, 1.0]), [0.0, 0.0]),
        ("Xdivy", ([0.0, 2.0], [0.0, 4.0]), [0.0, 0.5]),
    ],
)
@pytest.mark.filterwarnings("ignore:.*encountered")
def test_elementwise(op: str, operands: tuple[list[float], ...], result: list[float]):
    assert FUNCTIONS[op](*map(np.array, operands)).tolist() == result


def test_they_are_rounded_once():
    a = np.random.default_rng(0).normal(0, 3, 1000).astype(np.float32)
    assert np.array_equal(FUNCTIONS["Tanh"](a), np.tanh(a.astype(np.float64)).astype(np.float32))


def test_rows():
    a = np.array([[0, 0], [1000, -1000]], np.float32)
    assert ROWS["Softmax"].function(Node.new("n", "Softmax"), a)[0].tolist() == [[0.5, 0.5], [1, 0]]
    assert ROWS["LogSoftmax"].function(Node.new("n", "LogSoftmax"), a)[0].tolist()[1] == [0, -2000]
    assert ROWS["Softmax"].function(Node.new("n", "Softmax"), a[:, :0])[0].shape == (2, 0)
