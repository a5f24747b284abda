"""Rules of what makes tensors of sizes, ranges and diagonals, and of what measures them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from graphsurgeon.ir.node_facts import constant_value
from graphsurgeon.rewrites.shaping.dims import Dims, Unknown, merged
from graphsurgeon.rewrites.shaping.op_calls import OpCall, Rule, at, rules_for


def _of_value(call: OpCall) -> Sequence[Dims]:
    """Return the shape that an operand is: of Fill and random numbers the first, of BroadcastTo the second."""
    return [call.shape_from(1 if call.node.op in ("BroadcastTo", "SparseToDense") else 0)]


def _of_scalar(call: OpCall) -> Sequence[Dims]:
    """Return a vector as long as an operand says."""
    return [(call.scalar({"LinSpace": 2, "HistogramFixedWidth": 2, "Bincount": 1}[call.node.op]),)]


def _random_rows(call: OpCall) -> Sequence[Dims]:
    return [(call.ranked(0, 2) or (None,))[:1] + (call.scalar(1),)]


def _random_each(call: OpCall) -> Sequence[Dims]:
    sizes, rates = call.shape_from(0), call.input(1)
    return [None if sizes is None or rates is None else (*sizes, *rates)]


def _range(call: OpCall) -> Sequence[Dims]:
    start, limit, step = (_told(call.value(i)) for i in range(3))
    if isinstance(limit, Unknown) and start == 0 and step == 1:
        return [(limit,)]
    if not all(isinstance(each, (int, float)) for each in (start, limit, step)) or not step:
        return [(None,)]
    if isinstance(start, int) and isinstance(limit, int) and isinstance(step, int):
        return [(len(range(start, limit, step)),)]
    return [(max(0, math.ceil(abs((limit - start) / step))),)]  # type: ignore[operator]


def _told(value: object) -> object:
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def _measure(call: OpCall) -> Sequence[Dims]:
    return [(None,) if dims is None else (len(dims),) for dims in call.shapes]


def _one_hot(call: OpCall) -> Sequence[Dims]:
    dims, axis = call.input(0), call.attr("axis", -1)
    if dims is None:
        return [None]
    axis = at(axis, len(dims) + 1)
    return [(*dims[:axis], call.scalar(1), *dims[axis:])]


def _where(call: OpCall) -> Sequence[Dims]:
    dims = call.input(0)
    return [(None, None if dims is None else len(dims))]


def _diagonal(call: OpCall) -> Sequence[Dims]:
    dims = call.input(0)
    return [None if dims is None else dims + dims]


def _diagonal_part(call: OpCall) -> Sequence[Dims]:
    dims = call.input(0)
    if dims is None or len(dims) % 2:
        return [None]
    half = len(dims) // 2
    return [merged(dims[:half], dims[half:])]


def _matrix_diagonal_part(call: OpCall) -> Sequence[Dims]:
    dims = call.input(0)
    if call.node.op in ("MatrixDiagPartV2", "MatrixDiagPartV3") and call.value(1) not in (0, (0,)):
        return [None]
    if dims is None:
        return [None]
    m, n = dims[-2:]
    return [(*dims[:-2], min(m, n) if isinstance(m, int) and isinstance(n, int) else m if m is n else None)]


def _matrix_diagonal(call: OpCall) -> Sequence[Dims]:
    dims = call.input(0)
    is_square = call.value(1) in (0, (0,)) and call.value(2) in (-1, None) and call.value(3) in (-1, None)
    if dims is None:
        return [None]
    is_told = is_square and call.value(2) == call.value(3) == -1
    return [(*dims, dims[-1]) if is_told else (*dims[:-1], None, None) if call.value(1) in (0, (0,)) else None]


def _const(call: OpCall) -> Sequence[Dims]:
    tensor = constant_value(call.node)
    return [None if tensor is None else tuple(tensor.shape)]


_SHAPED_BY_VALUE = """
    Fill RandomUniform RandomUniformInt RandomStandardNormal TruncatedNormal ParameterizedTruncatedNormal BroadcastTo
    SparseToDense StatelessRandomUniform StatelessRandomNormal StatelessTruncatedNormal StatelessRandomUniformInt
    StatelessRandomUniformFullInt StatelessRandomUniformV2 StatelessRandomNormalV2 StatelessTruncatedNormalV2
    StatelessRandomUniformIntV2 Empty
"""
RULES: Mapping[str, Rule] = {
    "Const": _const, "OneHot": _one_hot, "Where": _where, "Range": _range, **rules_for(_SHAPED_BY_VALUE, _of_value),
    **rules_for("LinSpace HistogramFixedWidth Bincount", _of_scalar),
    **rules_for("Multinomial StatelessMultinomial", _random_rows),
    **rules_for("RandomGamma RandomPoisson RandomPoissonV2", _random_each), **rules_for("Shape ShapeN", _measure),
    "Diag": _diagonal, "DiagPart": _diagonal_part,
    **rules_for("MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 BatchMatrixDiagPart", _matrix_diagonal_part),
    **rules_for("MatrixDiagV2 MatrixDiagV3", _matrix_diagonal),
}  # fmt: skip
