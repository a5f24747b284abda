"""Kernels of linear algebra: products of matrices, in double precision, and their factors."""

from __future__ import annotations

from typing import Any

from graphsurgeon.evaluator.kernels.whole import Array, ShapeOf, Whole, in_double
from graphsurgeon.ir.node import Node


def _qr(node: Node, a: Array) -> tuple[Array, ...]:
    import numpy as np

    return tuple(np.linalg.qr(a, "complete" if node.attrs.get("full_matrices") else "reduced"))


def _qr_shapes(node: Node, shape: ShapeOf) -> list[ShapeOf]:
    *batch, rows, columns = shape
    inner = rows if node.attrs.get("full_matrices") else min(rows, columns)
    return [(*batch, rows, inner), (*batch, inner, columns)]


def _turned(node: Node, side: str) -> bool:
    return any(node.attrs.get(name) for name in (f"transpose_{side}", f"adj_{'xy'['ab'.index(side)]}"))


def _operand(node: Node, a: Array, side: str) -> Array:
    a = a.swapaxes(-1, -2) if _turned(node, side) else a
    # Only the adjoint is conjugated.
    return a.conj() if a.dtype.kind == "c" and node.attrs.get(f"adj_{'xy'['ab'.index(side)]}") else a


def _matmul(node: Node, a: Array, b: Array) -> tuple[Array, ...]:
    import numpy as np

    return (in_double(np.matmul)(_operand(node, a, "a"), _operand(node, b, "b")),)


def _matmul_shapes(node: Node, a: ShapeOf, b: ShapeOf) -> list[ShapeOf]:
    import numpy as np

    rows, inner = (a[-1], a[-2]) if _turned(node, "a") else (a[-2], a[-1])
    other, columns = (b[-1], b[-2]) if _turned(node, "b") else (b[-2], b[-1])
    if inner != other:
        raise ValueError(f"matrices of shapes {list(a)} and {list(b)} are not multiplied")
    return [(*np.broadcast_shapes(a[:-2], b[:-2]), rows, columns)]


def _bias_add(node: Node, a: Array, bias: Array) -> tuple[Array, ...]:
    axis = 1 if node.attrs.get("data_format") == b"NCHW" else a.ndim - 1
    shape: list[Any] = [1] * a.ndim
    shape[axis] = len(bias)
    return (a + bias.reshape(shape),)


def _bias_add_shapes(node: Node, a: ShapeOf, bias: ShapeOf) -> list[ShapeOf]:
    axis = 1 if node.attrs.get("data_format") == b"NCHW" else len(a) - 1
    if len(a) < 2 or bias != (a[axis],):
        raise ValueError(f"a bias of shape {list(bias)} for values of {list(a)}")
    return [a]


#: Op -> kernel.
LINEAR: dict[str, Whole] = {
    "Qr": Whole(_qr, _qr_shapes), "MatMul": Whole(_matmul, _matmul_shapes),
    "BatchMatMul": Whole(_matmul, _matmul_shapes), "BatchMatMulV2": Whole(_matmul, _matmul_shapes),
    "BiasAdd": Whole(_bias_add, _bias_add_shapes),
}  # fmt: skip
