"""Arithmetic of small values, some of whose elements are not known, as TensorFlow computes them.

A result that its type does not hold is not known, and floats are rounded to float32 where the op is of that.
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.rewrites.shaping.dims import Unknown
from graphsurgeon.rewrites.shaping.op_calls import OpCall, Value
from graphsurgeon.tensors.dtypes import DType

_BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add, "AddV2": operator.add, "Sub": operator.sub, "Mul": operator.mul, "Maximum": max,
    "Minimum": min, "FloorDiv": operator.floordiv, "FloorMod": operator.mod, "RealDiv": operator.truediv,
    "SquaredDifference": lambda a, b: (a - b) * (a - b),
    "Div": lambda a, b: _truncated(a, b) if isinstance(a, int) else a / b,
    "TruncateDiv": lambda a, b: _truncated(a, b) if isinstance(a, int) else None,
    "Mod": lambda a, b: a - _truncated(a, b) * b if isinstance(a, int) else None,
    "Less": operator.lt, "LessEqual": operator.le, "Greater": operator.gt, "GreaterEqual": operator.ge,
    "Equal": operator.eq, "NotEqual": operator.ne, "LogicalAnd": lambda a, b: a and b, "LogicalOr": lambda a, b: a or b,
}  # fmt: skip
_UNARY: Mapping[str, Callable[[Any], Any]] = {
    "Neg": operator.neg, "Abs": abs, "Square": lambda a: a * a, "LogicalNot": operator.not_,
    "Floor": lambda a: float(math.floor(a)), "Ceil": lambda a: float(math.ceil(a)), "Round": round, "Rint": round,
    "Cast": lambda a: a,
}  # fmt: skip
#: Ops of one element of each operand.
ELEMENTWISE = frozenset(_BINARY) | frozenset(_UNARY)
_COMPARES = frozenset((
    "Less", "LessEqual", "Greater", "GreaterEqual", "Equal", "NotEqual", "LogicalAnd", "LogicalOr", "LogicalNot",
))  # fmt: skip
# What an operand may be for the other one to be the result.
_NEUTRAL = {"Add": 0, "AddV2": 0, "Mul": 1, "Sub": 0, "FloorDiv": 1, "Div": 1, "TruncateDiv": 1}
_COMMUTATIVE = frozenset({"Add", "AddV2", "Mul"})
_BITS = {"int8": 7, "int16": 15, "int32": 31, "int64": 63, "uint8": 8, "uint16": 16, "uint32": 32, "uint64": 64}


def elementwise(call: OpCall, values: Sequence[Value]) -> Value:
    """Return the value of an op of `ELEMENTWISE`."""
    op = call.node.op
    held = attr_of(call.node, "DstT" if op == "Cast" else "T")
    dtype = held.name if isinstance(held, DType) else "bool"
    if len(values) == 1:
        return _mapped(_UNARY[op], values[0], op, dtype)
    return _paired(op, values[0], values[1], dtype) if len(values) == 2 else None


def _mapped(function: Callable[[Any], Any], value: Value, op: str, dtype: str) -> Value:
    if isinstance(value, tuple):
        return tuple([_mapped(function, each, op, dtype) for each in value])
    if value is None:
        return None
    if isinstance(value, Unknown):
        return value if op == "Cast" and dtype in ("int32", "int64") else None
    return _fitting(function, (value,), op, dtype)


def _paired(op: str, a: Value, b: Value, dtype: str) -> Value:
    if isinstance(a, tuple) or isinstance(b, tuple):
        size = max(len(each) for each in (a, b) if isinstance(each, tuple))
        left, right = (_stretched(each, size) for each in (a, b))
        if left is None or right is None:
            return None
        return tuple([_paired(op, x, y, dtype) for x, y in zip(left, right, strict=True)])
    if isinstance(b, int) and _NEUTRAL.get(op) == b and isinstance(a, Unknown):
        return a
    if isinstance(a, int) and op in _COMMUTATIVE and _NEUTRAL[op] == a and isinstance(b, Unknown):
        return b
    if op in ("Maximum", "Minimum") and a is b and isinstance(a, Unknown):
        return a
    if a is None or b is None or isinstance(a, Unknown) or isinstance(b, Unknown):
        return None
    return _fitting(_BINARY[op], (a, b), op, dtype)


def _stretched(value: Value, size: int) -> Sequence[Value] | None:
    """Return a vector of that many elements; None when it is a matrix, or has others."""
    elements = value if isinstance(value, tuple) else (value,)
    if any(isinstance(each, tuple) for each in elements):
        return None
    return elements * size if len(elements) == 1 else elements if len(elements) == size else None


def _fitting(function: Callable[..., Any], operands: tuple[Any, ...], op: str, dtype: str) -> Value:
    """Return a result as its type holds it, None when it does not."""
    try:
        found = function(*operands)
        if op in _COMPARES or dtype == "bool":
            return bool(found)
        if dtype in _BITS:
            number = int(found)
            return number if (0 if dtype[0] == "u" else -(1 << _BITS[dtype])) <= number < 1 << _BITS[dtype] else None
        if dtype == "float32":
            return struct.unpack("<f", struct.pack("<f", found))[0]
    except (ArithmeticError, ValueError, TypeError, struct.error):
        return None
    return float(found) if dtype == "float64" else None


def _truncated(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient
