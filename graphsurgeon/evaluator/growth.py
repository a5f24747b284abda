"""How much an op makes of little: the size of results that operands' values say, before any of it is computed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from graphsurgeon.evaluator.kernels.sequences import range_size
from graphsurgeon.evaluator.lazy import check_held
from graphsurgeon.evaluator.random_ops import dims_of
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import LimitError

Operands = Sequence[Tensor]


def check_growth(node: Node, operands: Operands, limit: int) -> None:
    """Raise a `LimitError` if a node makes more bytes than `limit`, and than it is given."""
    count = _COUNTS.get(node.op)
    if count is None:
        return
    given = sum(map(_nbytes, operands))
    check_held(given)
    of = operands[_VALUES.get(node.op, 0)]
    nbytes = count(operands) * max(of.dtype.itemsize, 1)
    if nbytes > max(limit, given):
        raise LimitError("what has to be held at once, in bytes,", nbytes, limit)


def _nbytes(tensor: Tensor) -> int:
    return tensor.size * max(tensor.dtype.itemsize, 1)


def _list(tensor: Tensor) -> Any:
    return tensor.numpy().tolist()


def _tiled(operands: Operands) -> int:
    return math.prod(dim * n for dim, n in zip(operands[0].shape, _list(operands[1]), strict=True))


def _filled(operands: Operands) -> int:
    # A number that repeats is not held again and again.
    return 0 if operands[1].dtype.itemsize else math.prod(dims_of(operands[0]))


def _padded(operands: Operands) -> int:
    return math.prod(dim + sum(pair) for dim, pair in zip(operands[0].shape, _list(operands[1]), strict=True))


def _gathered(operands: Operands) -> int:
    axis = int(operands[2].numpy()) if len(operands) > 2 else 0
    dim = operands[0].shape[axis]
    return operands[1].size * (operands[0].size // dim) if dim else 0


def _matrices(operands: Operands) -> int:
    return operands[0].size * operands[0].shape[-1]


#: Op -> the number of elements it makes.
_COUNTS: Final[dict[str, Callable[[Operands], int]]] = {
    "Tile": _tiled, "BroadcastTo": lambda operands: math.prod(dims_of(operands[1])), "Fill": _filled,
    "Pad": _padded, "PadV2": _padded, "Diag": lambda operands: operands[0].size ** 2, "MatrixDiag": _matrices,
    "MatrixDiagV2": _matrices, "MatrixDiagV3": _matrices, "Gather": _gathered, "GatherV2": _gathered,
    "Range": lambda operands: range_size(*(operand.numpy() for operand in operands)),
    "LinSpace": lambda operands: int(operands[2].numpy()),
    "OneHot": lambda operands: operands[0].size * int(operands[1].numpy()),
}  # fmt: skip
#: The position of the operand whose type the result has.
_VALUES: Final = {"OneHot": 2, "Fill": 1}
