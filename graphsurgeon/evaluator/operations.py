"""Numpy kernels of TensorFlow's ops.

==================  ======================================================================
`ELEMENTWISE`       one element of the result for one of each operand, numpy's broadcasting
`LAYOUTS`           elements moved about, whatever they are; what is after the first
                    operands are sizes, axes and the like, which are read at once
`WHOLE`             all elements at once; with the shapes of the results
==================  ======================================================================

Functions of `LAYOUTS` and `WHOLE` take the node and numpy arrays. Source: TensorFlow's op documentation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from graphsurgeon.ir.node import Node

Array = Any
ShapeOf = tuple[int, ...]


def _numpy(name: str) -> Callable[..., Array]:
    """Return numpy's function of that name, imported when it is called."""

    def function(*arrays: Array) -> Array:
        import numpy as np

        return getattr(np, name)(*arrays)

    return function


def _divide(a: Array, b: Array) -> Array:
    import numpy as np

    # Of integers, towards zero.
    return np.trunc(np.true_divide(a, b)) if a.dtype.kind in "iu" else a / b


def _sigmoid(a: Array) -> Array:
    import numpy as np

    return 1 / (1 + np.exp(-a))


def _add_n(*arrays: Array) -> Array:
    total = arrays[0]
    for array in arrays[1:]:
        total = total + array
    return total


ELEMENTWISE: dict[str, Callable[..., Array]] = {
    "Add": _numpy("add"), "AddV2": _numpy("add"), "Sub": _numpy("subtract"), "Mul": _numpy("multiply"),
    "RealDiv": _numpy("true_divide"), "Div": _divide, "FloorDiv": _numpy("floor_divide"), "Mod": _numpy("fmod"),
    "FloorMod": _numpy("mod"), "TruncateMod": _numpy("fmod"), "Maximum": _numpy("maximum"),
    "Minimum": _numpy("minimum"), "Pow": _numpy("power"), "AddN": _add_n,
    "SquaredDifference": lambda a, b: (a - b) * (a - b),
    "Neg": _numpy("negative"), "Abs": _numpy("abs"), "Sign": _numpy("sign"), "Sqrt": _numpy("sqrt"),
    "Rsqrt": lambda a: 1 / _numpy("sqrt")(a), "Square": lambda a: a * a, "Reciprocal": lambda a: 1 / a,
    "Inv": lambda a: 1 / a, "Exp": _numpy("exp"), "Expm1": _numpy("expm1"), "Log": _numpy("log"),
    "Log1p": _numpy("log1p"), "Sin": _numpy("sin"), "Cos": _numpy("cos"), "Tan": _numpy("tan"),
    "Tanh": _numpy("tanh"), "Sigmoid": _sigmoid, "Floor": _numpy("floor"), "Ceil": _numpy("ceil"),
    "Rint": _numpy("rint"), "Round": _numpy("rint"), "Relu": lambda a: _numpy("maximum")(a, a.dtype.type(0)),
    "Equal": _numpy("equal"), "NotEqual": _numpy("not_equal"), "Less": _numpy("less"), "Greater": _numpy("greater"),
    "LessEqual": _numpy("less_equal"), "GreaterEqual": _numpy("greater_equal"), "LogicalAnd": _numpy("logical_and"),
    "LogicalOr": _numpy("logical_or"), "LogicalNot": _numpy("logical_not"), "SelectV2": _numpy("where"),
    "Cast": lambda a: a,
}  # fmt: skip


def _transpose(_: Node, a: Array, order: Array) -> Array:
    return a.transpose(order.tolist())


def _concat(node: Node, *arrays: Array) -> Array:
    import numpy as np

    parts, axis = (arrays[:-1], arrays[-1]) if node.op == "ConcatV2" else (arrays[1:], arrays[0])
    return np.concatenate(parts, int(axis))


def _pack(node: Node, *arrays: Array) -> Array:
    import numpy as np

    return np.stack(arrays, node.attrs.get("axis", 0))


def _slice(_: Node, a: Array, begin: Array, size: Array) -> Array:
    ends = [dim if n < 0 else b + n for b, n, dim in zip(begin.tolist(), size.tolist(), a.shape, strict=True)]
    return a[tuple(slice(b, e) for b, e in zip(begin.tolist(), ends, strict=True))]


def _strided_slice(node: Node, a: Array, begin: Array, end: Array, strides: Array) -> Array:
    import numpy as np

    def bit(name: str, i: int) -> bool:
        return bool(node.attrs.get(name, 0) >> i & 1)

    index: list[Any] = []
    for i, (first, last, step) in enumerate(zip(begin.tolist(), end.tolist(), strides.tolist(), strict=True)):
        if bit("ellipsis_mask", i):
            index.append(Ellipsis)
        elif bit("new_axis_mask", i):
            index.append(np.newaxis)
        elif bit("shrink_axis_mask", i):
            index.append(first)
        else:
            index.append(slice(None if bit("begin_mask", i) else first, None if bit("end_mask", i) else last, step))
    return a[tuple(index)]


def _pad(_: Node, a: Array, paddings: Array, fill: Array | int = 0) -> Array:
    import numpy as np

    return np.pad(a, paddings.tolist(), constant_values=np.asarray(fill, a.dtype))


def _reverse(_: Node, a: Array, axes: Array) -> Array:
    import numpy as np

    return np.flip(a, tuple(axes.reshape(-1).tolist()))


def _gather(_: Node, a: Array, indices: Array, axis: Array | int = 0) -> Array:
    return a.take(indices, axis=int(axis))


def _diagonal_part(node: Node, a: Array, *_: Array) -> Array:
    import numpy as np

    if node.op == "DiagPart":
        size = math.prod(a.shape[: a.ndim // 2])
        return a.reshape(size, size).diagonal().reshape(a.shape[: a.ndim // 2])
    return np.diagonal(a, axis1=-2, axis2=-1)


def _diagonal(node: Node, a: Array, *_: Array) -> Array:
    import numpy as np

    if node.op == "Diag":
        return np.diag(a.reshape(-1)).reshape(a.shape * 2)
    out = np.zeros((*a.shape, a.shape[-1]), a.dtype)
    return _set_diagonal(node, out, a)


def _set_diagonal(_: Node, a: Array, diagonal: Array, *__: Array) -> Array:
    out, size = a.copy(), diagonal.shape[-1]
    out[..., range(size), range(size)] = diagonal
    return out


def _band(_: Node, a: Array, lower: Array, upper: Array) -> Array:
    import numpy as np

    rows, columns = np.arange(a.shape[-2])[:, None], np.arange(a.shape[-1])
    is_in = ((lower < 0) | (rows - columns <= lower)) & ((upper < 0) | (columns - rows <= upper))
    return np.where(is_in, a, np.zeros((), a.dtype))


#: Op -> (function, how many of its first operands are elements to be moved; None for all, -1 for all but one).
LAYOUTS: dict[str, tuple[Callable[..., Array], int | None]] = {
    "Transpose": (_transpose, 1), "ConcatV2": (_concat, None), "Concat": (_concat, None), "Pack": (_pack, None),
    "Slice": (_slice, 1), "StridedSlice": (_strided_slice, 1), "Pad": (_pad, 1), "PadV2": (_pad, 1),
    "Tile": (lambda _, a, times: _numpy("tile")(a, times), 1),
    "BroadcastTo": (lambda _, a, shape: _numpy("broadcast_to")(a, tuple(shape.tolist())), 1),
    "ReverseV2": (_reverse, 1), "Gather": (_gather, 1), "GatherV2": (_gather, 1),
    "Roll": (lambda _, a, shift, axis: _numpy("roll")(a, shift, axis), 1),
    "DiagPart": (_diagonal_part, 1), "MatrixDiagPart": (_diagonal_part, 1), "MatrixDiagPartV2": (_diagonal_part, 1),
    "MatrixDiagPartV3": (_diagonal_part, 1), "Diag": (_diagonal, 1), "MatrixDiag": (_diagonal, 1),
    "MatrixDiagV2": (_diagonal, 1), "MatrixDiagV3": (_diagonal, 1), "MatrixSetDiag": (_set_diagonal, 2),
    "MatrixSetDiagV2": (_set_diagonal, 2), "MatrixSetDiagV3": (_set_diagonal, 2), "MatrixBandPart": (_band, 1),
}  # fmt: skip

# Ops that take the number of a diagonal: the position of that operand, and how many sizes follow.
_DIAGONALS = {
    "MatrixDiagPartV2": 1, "MatrixDiagPartV3": 1, "MatrixDiagV2": 1, "MatrixDiagV3": 1,
    "MatrixSetDiagV2": 2, "MatrixSetDiagV3": 2,
}  # fmt: skip


def is_main_diagonal(node: Node, operands: Sequence[Array]) -> bool:
    """Whether an op that can take any diagonals of a matrix takes the main one, and makes it square."""
    position = _DIAGONALS.get(node.op)
    if position is None:
        return True
    sizes = operands[position + 1 : position + 3] if node.op in ("MatrixDiagV2", "MatrixDiagV3") else ()
    wanted = (-1, operands[0].shape[-1] if operands[0].shape else -1)
    return not operands[position].any() and all(int(size) in wanted for size in sizes)


class Whole(NamedTuple):
    """A kernel that needs all elements at once.

    Attributes
    ----------
    function : callable
        Node and arrays to a tuple of arrays.
    shapes : callable or None
        Node and shapes to the shapes of the results; None when only the results tell, so that it is computed at once.
    """

    function: Callable[..., tuple[Array, ...]]
    shapes: Callable[..., list[ShapeOf]] | None = None


def _qr(node: Node, a: Array) -> tuple[Array, ...]:
    import numpy as np

    return tuple(np.linalg.qr(a, "complete" if node.attrs.get("full_matrices") else "reduced"))


def _qr_shapes(node: Node, shape: ShapeOf) -> list[ShapeOf]:
    *batch, rows, columns = shape
    inner = rows if node.attrs.get("full_matrices") else min(rows, columns)
    return [(*batch, rows, inner), (*batch, inner, columns)]


def _turned(node: Node, side: str) -> bool:
    return any(node.attrs.get(name) for name in (f"transpose_{side}", f"adj_{'xy'['ab'.index(side)]}"))


def _matmul(node: Node, a: Array, b: Array) -> tuple[Array, ...]:
    a = a.swapaxes(-1, -2).conj() if _turned(node, "a") else a
    b = b.swapaxes(-1, -2).conj() if _turned(node, "b") else b
    return (a @ b,)


def _matmul_shapes(node: Node, a: ShapeOf, b: ShapeOf) -> list[ShapeOf]:
    import numpy as np

    rows, inner = (a[-1], a[-2]) if _turned(node, "a") else (a[-2], a[-1])
    other, columns = (b[-1], b[-2]) if _turned(node, "b") else (b[-2], b[-1])
    if inner != other:
        raise ValueError(f"matrices of shapes {list(a)} and {list(b)} are not multiplied")
    return [(*np.broadcast_shapes(a[:-2], b[:-2]), rows, columns)]


def _reduction(name: str) -> Whole:
    def function(node: Node, a: Array, axes: Array) -> tuple[Array, ...]:
        keep = bool(node.attrs.get("keep_dims"))
        return (_reduce(name, a, tuple(axes.reshape(-1).tolist()), keep),)

    return Whole(function)


def _reduce(name: str, a: Array, axes: tuple[int, ...], keep: bool) -> Array:
    import numpy as np

    return getattr(np, name)(a, axis=axes, keepdims=keep).astype(a.dtype)


def _range(_: Node, start: Array, limit: Array, delta: Array) -> tuple[Array, ...]:
    import numpy as np

    return (np.arange(start, limit, delta, dtype=start.dtype),)


def _line(_: Node, start: Array, stop: Array, number: Array) -> tuple[Array, ...]:
    import numpy as np

    return (np.linspace(start, stop, int(number), dtype=start.dtype),)


def _broadcast_args(_: Node, a: Array, b: Array) -> tuple[Array, ...]:
    import numpy as np

    return (np.array(np.broadcast_shapes(tuple(a.tolist()), tuple(b.tolist()))),)


def _one_hot(node: Node, indices: Array, depth: Array, on: Array, off: Array) -> tuple[Array, ...]:
    import numpy as np

    axis = node.attrs.get("axis", -1)
    hot: Array = np.where(indices[..., None] == np.arange(int(depth)), on, off)
    moved: Array = np.moveaxis(hot, -1, axis)
    return (moved,)


def _cumulative(name: str) -> Whole:
    def function(node: Node, a: Array, axis: Array) -> tuple[Array, ...]:
        if node.attrs.get("exclusive") or node.attrs.get("reverse"):
            raise ValueError("exclusive or reverse sums")
        return (_numpy(name)(a, int(axis)).astype(a.dtype),)

    return Whole(function)


WHOLE: dict[str, Whole] = {
    "Qr": Whole(_qr, _qr_shapes), "MatMul": Whole(_matmul, _matmul_shapes),
    "BatchMatMul": Whole(_matmul, _matmul_shapes), "BatchMatMulV2": Whole(_matmul, _matmul_shapes),
    "Sum": _reduction("sum"), "Prod": _reduction("prod"), "Max": _reduction("max"), "Min": _reduction("min"),
    "Mean": _reduction("mean"), "All": _reduction("all"), "Any": _reduction("any"), "Range": Whole(_range),
    "LinSpace": Whole(_line), "OneHot": Whole(_one_hot), "Cumsum": _cumulative("cumsum"),
    "Cumprod": _cumulative("cumprod"), "BroadcastArgs": Whole(_broadcast_args),
}  # fmt: skip
