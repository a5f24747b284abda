"""What numpy does for each op, on examples whose result is plain to see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.evaluator.operations import ELEMENTWISE, LAYOUTS, WHOLE, is_main_diagonal
from graphsurgeon.ir.node import Node

A = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


@pytest.mark.parametrize(
    ("op", "operands", "result"),
    [
        ("Div", (np.array([-7, 7]), np.array([2, 2])), [-3, 3]),
        ("Div", (np.array([-7.0]), np.array([2.0])), [-3.5]),
        ("FloorDiv", (np.array([-7]), np.array([2])), [-4]),
        ("Mod", (np.array([-7]), np.array([2])), [-1]),
        ("FloorMod", (np.array([-7]), np.array([2])), [1]),
        ("AddN", (np.array([1]), np.array([2]), np.array([3])), [6]),
        ("SquaredDifference", (np.array([1.0]), np.array([4.0])), [9.0]),
        ("Sigmoid", (np.array([0.0]),), [0.5]),
        ("Rsqrt", (np.array([4.0]),), [0.5]),
        ("Relu", (np.array([-1.0, 2.0]),), [0.0, 2.0]),
        ("Round", (np.array([0.5, 1.5]),), [0.0, 2.0]),
        ("SelectV2", (np.array([True, False]), np.array([1, 1]), np.array([2, 2])), [1, 2]),
    ],
)
def test_elementwise(op: str, operands: tuple[np.ndarray, ...], result: list[float]):
    assert ELEMENTWISE[op](*operands).tolist() == result


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "result"),
    [
        ("Transpose", (A, ints(1, 0)), {}, [[1, 4], [2, 5], [3, 6]]),
        ("ConcatV2", (ints(1), ints(2, 3), ints(0)[0]), {}, [1, 2, 3]),
        ("Concat", (ints(0)[0], ints(1), ints(2, 3)), {}, [1, 2, 3]),
        ("Pack", (ints(1, 2), ints(3, 4)), {"axis": 1}, [[1, 3], [2, 4]]),
        ("Slice", (A, ints(0, 1), ints(1, -1)), {}, [[2, 3]]),
        ("StridedSlice", (A, ints(1), ints(2), ints(1)), {"shrink_axis_mask": 1}, [4, 5, 6]),
        ("StridedSlice", (A, ints(0, 2), ints(0, 0), ints(1, -2)), {"begin_mask": 1, "end_mask": 3}, [[3, 1], [6, 4]]),
        ("StridedSlice", (ints(7), ints(0, 0), ints(0, 1), ints(1, 1)), {"new_axis_mask": 1}, [[7]]),
        ("StridedSlice", (A, ints(0, 1), ints(0, 2), ints(1, 1)), {"ellipsis_mask": 1}, [[2], [5]]),
        ("PadV2", (ints(1), np.array([[1, 1]]), ints(9)[0]), {}, [9, 1, 9]),
        ("ReverseV2", (A, ints(1)), {}, [[3, 2, 1], [6, 5, 4]]),
        ("GatherV2", (A, ints(2, 0), ints(1)[0]), {}, [[3, 1], [6, 4]]),
        ("DiagPart", (np.arange(16).reshape(2, 2, 2, 2),), {}, [[0, 5], [10, 15]]),
        ("MatrixDiagPart", (A,), {}, [1, 5]),
        ("Diag", (ints(1, 2),), {}, [[1, 0], [0, 2]]),
        ("MatrixDiag", (np.array([[1, 2], [3, 4]]),), {}, [[[1, 0], [0, 2]], [[3, 0], [0, 4]]]),
        ("MatrixSetDiag", (A, ints(7, 8)), {}, [[7, 2, 3], [4, 8, 6]]),
        ("MatrixBandPart", (np.ones((3, 3)), ints(0)[0], ints(-1)[0]), {}, [[1, 1, 1], [0, 1, 1], [0, 0, 1]]),
        ("Roll", (ints(1, 2, 3), ints(1)[0], ints(0)[0]), {}, [3, 1, 2]),
    ],
)  # fmt: skip
def test_layouts(op: str, operands: tuple[Any, ...], attrs: dict[str, Any], result: list[Any]):
    assert LAYOUTS[op][0](Node.new("n", op, attrs=attrs), *operands).tolist() == result


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "result"),
    [
        ("MatMul", (A, A), {"transpose_b": True}, [[14, 32], [32, 77]]),
        ("BatchMatMulV2", (A, A), {"adj_x": True}, [[17, 22, 27], [22, 29, 36], [27, 36, 45]]),
        ("Sum", (A, ints(1)), {"keep_dims": True}, [[6], [15]]),
        ("Mean", (A, ints(0, 1)), {}, 3.5),
        ("Range", (ints(2)[0], ints(9)[0], ints(3)[0]), {}, [2, 5, 8]),
        ("LinSpace", (np.float32(0), np.float32(1), ints(3)[0]), {}, [0, 0.5, 1]),
        ("OneHot", (ints(1, 0), ints(2)[0], np.float32(5), np.float32(0)), {"axis": 0}, [[0, 5], [5, 0]]),
        ("Cumsum", (ints(1, 2, 3), ints(0)[0]), {}, [1, 3, 6]),
        ("BroadcastArgs", (ints(3, 1), ints(4)), {}, [3, 4]),
    ],
)  # fmt: skip
def test_whole(op: str, operands: tuple[Any, ...], attrs: dict[str, Any], result: list[Any]):
    node = Node.new("n", op, attrs=attrs)
    (found,) = WHOLE[op].function(node, *operands)
    assert found.tolist() == result
    shapes = WHOLE[op].shapes
    assert shapes is None or shapes(node, *(array.shape for array in operands)) == [found.shape]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (4, 3, 3)])
def test_qr_is_of_the_shapes_it_says(shape: tuple[int, ...], full: bool):
    node = Node.new("n", "Qr", attrs={"full_matrices": full})
    a = np.random.default_rng(0).random(shape)
    q, r = WHOLE["Qr"].function(node, a)
    shapes = WHOLE["Qr"].shapes
    assert shapes is not None
    assert shapes(node, shape) == [q.shape, r.shape]
    assert np.allclose(q @ r, a)


def test_sums_in_other_orders_are_not_known():
    with pytest.raises(ValueError, match="exclusive or reverse"):
        WHOLE["Cumsum"].function(Node.new("n", "Cumsum", attrs={"reverse": True}), ints(1), ints(0)[0])


def test_diagonals():
    node = Node.new("n", "MatrixDiagV3")
    minus = ints(-1)[0]
    assert is_main_diagonal(node, [ints(1, 2), ints(0)[0], minus, minus, ints(0)[0]])
    assert is_main_diagonal(node, [ints(1, 2), ints(0)[0], ints(2)[0], minus, ints(0)[0]])
    assert not is_main_diagonal(node, [ints(1, 2), ints(0)[0], ints(3)[0], minus, ints(0)[0]])
    assert not is_main_diagonal(node, [ints(1, 2), ints(1)[0], minus, minus, ints(0)[0]])
    assert is_main_diagonal(Node.new("n", "MatrixDiag"), [ints(1, 2)])
