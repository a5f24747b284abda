"""The values of small int tensors that shapes are made of, as far as static shapes tell: partial evaluation.

``Pack(StridedSlice(Shape(x), 0), -1)`` of an x of ``[?, 7, 7, 512]`` is ``(None, -1)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, constant_value
from graphsurgeon.rewrites.shaping.dims import Dims, product
from graphsurgeon.rewrites.shaping.shape_rules import Value

_MAX_SIZE = 64
_ARITHMETIC: Mapping[str, Callable[[int, int], int | None]] = {
    "Add": lambda a, b: a + b,
    "AddV2": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
    "FloorDiv": lambda a, b: a // b if b else None,
    "Maximum": max,
    "Minimum": min,
}
_PASSED = frozenset({"Identity", "Cast", "StopGradient", "Snapshot", "Enter", "Exit"})
_MASKS = ("begin_mask", "end_mask", "shrink_axis_mask", "ellipsis_mask", "new_axis_mask")


def value_of(node: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Value:
    """Return the value of output 0 of a node, from the shapes and values of its inputs."""
    op = node.op
    if op == "Const":
        tensor = constant_value(node)
        if tensor is None or not tensor.dtype.is_integer or tensor.size > _MAX_SIZE or len(tensor.shape) > 2:
            return None
        return _tuples(tensor.numpy().tolist())
    if op == "Shape":
        return shapes[0]
    if op == "Size":
        return None if shapes[0] is None else product(shapes[0])
    if op == "Rank":
        return None if shapes[0] is None else len(shapes[0])
    if op in _PASSED and values:
        return values[0]
    if op in _ARITHMETIC and len(values) == 2:
        return _elementwise(_ARITHMETIC[op], values[0], values[1])
    found = _RULES.get(op)
    return None if found is None else found(node, values)


def _tuples(value: Any) -> Value:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _elementwise(function: Callable[[int, int], int | None], a: Value, b: Value) -> Value:
    if isinstance(a, tuple) or isinstance(b, tuple):
        size = len(a) if isinstance(a, tuple) else len(b)
        left, right = (each if isinstance(each, tuple) else (each,) * size for each in (a, b))
        if len(left) != len(right):
            return None
        return tuple(_elementwise(function, x, y) for x, y in zip(left, right, strict=True))
    return None if a is None or b is None else function(a, b)


def _pack(node: Node, values: Sequence[Value]) -> Value:
    is_vector = not any(isinstance(each, tuple) for each in values) and not attr_of(node, "axis")
    return tuple(values) if is_vector else None


def _concat(node: Node, values: Sequence[Value]) -> Value:
    parts = values[1:] if node.op == "Concat" else values[:-1]
    if not all(isinstance(each, tuple) for each in parts):
        return None
    return tuple(element for part in parts for element in part)


def _strided_slice(node: Node, values: Sequence[Value]) -> Value:
    whole, begin, end, step = (each if isinstance(each, tuple) else None for each in values[:4])
    if whole is None or begin is None or end is None or step is None:
        return None
    if len(begin) != 1 or None in (*begin, *end, *step):
        return None
    masks = {name: attr_of(node, name) or 0 for name in _MASKS}
    if masks["ellipsis_mask"] or masks["new_axis_mask"]:
        return None
    if masks["shrink_axis_mask"]:
        return whole[begin[0]] if -len(whole) <= begin[0] < len(whole) else None
    first, last = None if masks["begin_mask"] else begin[0], None if masks["end_mask"] else end[0]
    return whole[first : last : step[0]]


def _slice(_: Node, values: Sequence[Value]) -> Value:
    whole, begin, size = values[:3]
    if not all(isinstance(each, tuple) for each in (whole, begin, size)) or None in (*begin, *size):
        return None
    return whole[begin[0] :] if size[0] == -1 else whole[begin[0] : begin[0] + size[0]]


def _range(_: Node, values: Sequence[Value]) -> Value:
    if not all(isinstance(each, int) for each in values) or not values[2]:
        return None
    found = range(*values)
    return tuple(found) if len(found) <= _MAX_SIZE else None


def _prod(_: Node, values: Sequence[Value]) -> Value:
    if not isinstance(values[0], tuple):
        return values[0]
    return None if None in values[0] else math.prod(values[0])


def _gather(_: Node, values: Sequence[Value]) -> Value:
    table, indices = values[0], values[1]
    if not isinstance(table, tuple):
        return None
    if isinstance(indices, tuple):
        return tuple(None if each is None else table[each] for each in indices)
    return None if indices is None else table[indices]


def _one(node: Node, values: Sequence[Value]) -> Value:
    """Return the value of an op that makes a vector of a scalar, or the other way round."""
    value = values[0]
    is_vector = isinstance(value, tuple)
    if node.op == "Squeeze":
        return value[0] if is_vector and len(value) == 1 else None
    if node.op == "ExpandDims":
        return None if is_vector else (value,)
    target = values[1]
    if target == ():
        return value[0] if is_vector and len(value) == 1 else value
    return (value if is_vector else (value,)) if isinstance(target, tuple) and len(target) == 1 else None


_RULES: Mapping[str, Callable[[Node, Sequence[Value]], Value]] = {
    "Pack": _pack, "ConcatV2": _concat, "Concat": _concat, "StridedSlice": _strided_slice, "Slice": _slice,
    "Prod": _prod, "Range": _range, "Gather": _gather, "GatherV2": _gather,
    "Squeeze": _one, "ExpandDims": _one, "Reshape": _one,
}  # fmt: skip
