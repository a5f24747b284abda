"""Linear algebra on examples whose result is plain to see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.evaluator.kernels.linear import LINEAR
from graphsurgeon.ir.node import Node

A = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "result"),
    [
        ("MatMul", (A, A), {"transpose_b": True}, [[14, 32], [32, 77]]),
        ("MatMul", (A * 1j, A), {"transpose_b": True}, [[14j, 32j], [32j, 77j]]),
        ("MatMul", (A.T * 1j, A.T), {"transpose_a": True}, [[14j, 32j], [32j, 77j]]),
        ("BatchMatMulV2", (A, A), {"adj_x": True}, [[17, 22, 27], [22, 29, 36], [27, 36, 45]]),
        ("BiasAdd", (A, np.array([1, 0, 0], np.float32)), {}, [[2, 2, 3], [5, 5, 6]]),
        (
            "BiasAdd",
            (A.reshape(1, 2, 3, 1), np.array([1, 0])),
            {"data_format": b"NCHW"},
            [[[[2], [3], [4]], [[4], [5], [6]]]],
        ),
    ],
)
def test_examples(op: str, operands: tuple[Any, ...], attrs: dict[str, Any], result: list[Any]):
    node = Node.new("n", op, attrs=attrs)
    (found,) = LINEAR[op].function(node, *operands)
    assert found.tolist() == result
    shapes = LINEAR[op].shapes
    assert shapes is not None
    assert shapes(node, *(array.shape for array in operands)) == [found.shape]


@pytest.mark.parametrize(("op", "shapes"), [("MatMul", ((2, 3), (2, 3))), ("BiasAdd", ((2, 3), (2,)))])
def test_shapes_that_do_not_fit(op: str, shapes: tuple[tuple[int, ...], ...]):
    of = LINEAR[op].shapes
    assert of is not None
    with pytest.raises(ValueError, match="shape"):
        of(Node.new("n", op), *shapes)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (4, 3, 3)])
def test_qr_is_of_the_shapes_it_says(shape: tuple[int, ...], full: bool):
    node = Node.new("n", "Qr", attrs={"full_matrices": full})
    a = np.random.default_rng(0).random(shape)
    q, r = LINEAR["Qr"].function(node, a)
    shapes = LINEAR["Qr"].shapes
    assert shapes is not None
    assert shapes(node, shape) == [q.shape, r.shape]
    assert np.allclose(q @ r, a)
