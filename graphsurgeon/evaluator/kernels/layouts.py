"""Kernels that move elements about, whatever they are: what is after the first operands are sizes, axes and the like.

Each takes the node and arrays, and returns an array, or a tuple of several.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from graphsurgeon.evaluator.kernels.picking import gather, gather_nd
from graphsurgeon.evaluator.kernels.whole import Array, numpy_function
from graphsurgeon.ir.node import Node


def _transpose(_: Node, a: Array, order: Array) -> Array:
    return a.transpose(order.tolist())


def _adjoint(node: Node, a: Array, order: Array) -> Array:
    turned = _transpose(node, a, order)
    return turned.conj() if a.dtype.kind == "c" else turned


def _concat(node: Node, *arrays: Array) -> Array:
    import numpy as np

    parts, axis = (arrays[:-1], arrays[-1]) if node.op == "ConcatV2" else (arrays[1:], arrays[0])
    return np.concatenate(parts, int(axis))


def _pack(node: Node, *arrays: Array) -> Array:
    import numpy as np

    return np.stack(arrays, node.attrs.get("axis", 0))


def _split(node: Node, axis: Array, a: Array) -> tuple[Array, ...]:
    import numpy as np

    return tuple(np.split(a, node.attrs["num_split"], int(axis)))


def _split_sizes(node: Node, a: Array, sizes: Array, axis: Array) -> tuple[Array, ...]:
    import numpy as np

    dim, wanted = a.shape[int(axis)], sizes.tolist()
    left = dim - sum(size for size in wanted if size != -1)
    wanted = [left if size == -1 else size for size in wanted]
    if min(wanted, default=0) < 0 or sum(wanted) != dim or node.attrs.get("num_split", len(wanted)) != len(wanted):
        raise ValueError(f"parts of {wanted} of {dim}")
    return tuple(np.split(a, np.cumsum(wanted)[:-1].tolist(), int(axis)))


def _unpack(node: Node, a: Array) -> tuple[Array, ...]:
    import numpy as np

    parts = np.moveaxis(a, node.attrs.get("axis", 0), 0)
    if len(parts) != node.attrs["num"]:
        raise ValueError(f"{node.attrs['num']} parts of {len(parts)}")
    return tuple(np.asarray(part) for part in parts)


def _slice(_: Node, a: Array, begin: Array, size: Array) -> Array:
    ends = [dim if n < 0 else b + n for b, n, dim in zip(begin.tolist(), size.tolist(), a.shape, strict=True)]
    if not all(0 <= b <= e <= dim for b, e, dim in zip(begin.tolist(), ends, a.shape, strict=True)):
        raise ValueError(f"from {begin.tolist()}, sizes {size.tolist()}, of {list(a.shape)}")
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
            if step < 1:
                raise ValueError("one element, backwards")
            index.append(first)
        else:
            index.append(slice(None if bit("begin_mask", i) else first, None if bit("end_mask", i) else last, step))
    return a[tuple(index)]


def _pad(_: Node, a: Array, paddings: Array, fill: Array | int = 0) -> Array:
    import numpy as np

    given = np.asarray(fill)
    # Where only the shape is asked for, elements are of another type.
    value = given.item() if given.dtype == a.dtype else b"" if a.dtype.kind == "O" else 0
    return np.pad(a, paddings.tolist(), constant_values=value)


def _reverse(_: Node, a: Array, axes: Array) -> Array:
    import numpy as np

    return np.flip(a, tuple(axes.reshape(-1).tolist()))


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


#: Op -> (function, how many of its first operands are elements to be moved; None for all). The first of Concat and
#: Split, and the last of ConcatV2, are axes.
LAYOUTS: dict[str, tuple[Callable[..., Array], int | None]] = {
    "Transpose": (_transpose, 1), "ConcatV2": (_concat, None), "Concat": (_concat, None), "Pack": (_pack, None),
    "Slice": (_slice, 1), "StridedSlice": (_strided_slice, 1), "Pad": (_pad, 1), "PadV2": (_pad, 1),
    "Tile": (lambda _, a, times: numpy_function("tile")(a, times), 1),
    "BroadcastTo": (lambda _, a, shape: numpy_function("broadcast_to")(a, tuple(shape.tolist())), 1),
    "ReverseV2": (_reverse, 1), "Gather": (gather, 1), "GatherV2": (gather, 1), "GatherNd": (gather_nd, 1),
    "Split": (_split, 2), "SplitV": (_split_sizes, 1), "Unpack": (_unpack, 1), "ConjugateTranspose": (_adjoint, 1),
    "Roll": (lambda _, a, shift, axis: numpy_function("roll")(a, shift.tolist(), axis.tolist()), 1),
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
