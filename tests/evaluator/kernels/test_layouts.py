"""Elements moved about, on examples whose result is plain to see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.evaluator.kernels.layouts import LAYOUTS, is_main_diagonal
from graphsurgeon.ir.node import Node

A = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


def ints(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int32)


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
        ("GatherNd", (A, np.array([[1, 2]])), {}, [6]),
        ("Pad", (np.array([b"a"], object), np.array([[1, 0]])), {}, [b"", b"a"]),
        ("ConjugateTranspose", (np.array([[1j, 2]]), ints(1, 0)), {}, [[-1j], [2]]),
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
        ("Split", (ints(1)[0], A), {"num_split": 3}, [[[1], [4]], [[2], [5]], [[3], [6]]]),
        ("SplitV", (A, ints(1, -1), ints(1)[0]), {"num_split": 2}, [[[1], [4]], [[2, 3], [5, 6]]]),
        ("Unpack", (A,), {"num": 2}, [[1, 2, 3], [4, 5, 6]]),
        ("Unpack", (A,), {"num": 3, "axis": -1}, [[1, 4], [2, 5], [3, 6]]),
    ],
)
def test_several_outputs(op: str, operands: tuple[Any, ...], attrs: dict[str, Any], result: list[Any]):
    found = LAYOUTS[op][0](Node.new("n", op, attrs=attrs), *operands)
    assert [each.tolist() for each in found] == result


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "why"),
    [
        ("Slice", (A, ints(0, 1), ints(1, 3)), {}, "sizes"),
        ("SplitV", (A, ints(1, 1), ints(1)[0]), {"num_split": 2}, "parts"),
        ("Unpack", (A,), {"num": 3}, "3 parts of 2"),
        ("GatherV2", (A, ints(-1), ints(0)[0]), {}, "not all in 0 to 1"),
        ("StridedSlice", (A, ints(1), ints(2), ints(-1)), {"shrink_axis_mask": 1}, "backwards"),
    ],
)
def test_what_tensorflow_refuses_is_refused(op: str, operands: tuple[Any, ...], attrs: dict[str, Any], why: str):
    with pytest.raises(ValueError, match=why):
        LAYOUTS[op][0](Node.new("n", op, attrs=attrs), *operands)


def test_diagonals():
    node = Node.new("n", "MatrixDiagV3")
    minus = ints(-1)[0]
    assert is_main_diagonal(node, [ints(1, 2), ints(0)[0], minus, minus, ints(0)[0]])
    assert is_main_diagonal(node, [ints(1, 2), ints(0)[0], ints(2)[0], minus, ints(0)[0]])
    assert not is_main_diagonal(node, [ints(1, 2), ints(0)[0], ints(3)[0], minus, ints(0)[0]])
    assert not is_main_diagonal(node, [ints(1, 2), ints(1)[0], minus, minus, ints(0)[0]])
    assert is_main_diagonal(Node.new("n", "MatrixDiag"), [ints(1, 2)])
