"""The values of small tensors that shapes are made of, as far as static shapes tell: partial evaluation.

``Pack(StridedSlice(Shape(x), 0), -1)`` of an x of ``[s, 7, 7, 512]`` is ``(s, -1)``; s is the same size as in x. Values
are nested tuples of whole numbers, truth values and floats as TensorFlow computes them; what cannot be told is None.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.node_facts import attr_of, constant_value
from graphsurgeon.rewrites.shaping.dims import Dims, Size, Unknown, broadcast, product
from graphsurgeon.rewrites.shaping.op_calls import OpCall, Value
from graphsurgeon.rewrites.shaping.value_arithmetic import ELEMENTWISE, elementwise

_MAX_SIZE = 64
_MAX_RANK = 2
_PASSED = frozenset((
    "Identity", "StopGradient", "Snapshot", "PreventGradient", "EnsureShape", "CheckNumerics", "Enter", "RefEnter",
    "Exit", "RefExit", "RefIdentity", "Print",
))  # fmt: skip
_MASKS = ("begin_mask", "end_mask", "shrink_axis_mask", "ellipsis_mask", "new_axis_mask")


def is_evaluated(op: str) -> bool:
    """Whether the value of an op is ever told."""
    return op in _RULES or op in ELEMENTWISE or op in _PASSED


def needs_values(op: str) -> bool:
    """Whether the value of an op is made of those of its inputs."""
    return op not in _OF_SHAPES and op != "Const"


def values_of(call: OpCall) -> Sequence[Value]:
    """Return the values of the outputs of a node; empty when nothing is known."""
    op = call.node.op
    if op in _PASSED:
        return [call.value(0)]
    if op in ELEMENTWISE:
        values = [_operand(call, i) for i in range(len(call.shapes))]
        found = None if () in values else elementwise(call, values)
        return [found if _size(found) <= _MAX_SIZE else None]
    rule = _RULES.get(op)
    return () if rule is None else rule(call)


def _operand(call: OpCall, number: int) -> Value:
    """Return the value of an operand, of a scalar or vector with what is not known of it; () for another one."""
    value = call.value(number)
    if value is None and call.input(number) != ():
        return call.vector(number) or ()
    return value


def _const(call: OpCall) -> Sequence[Value]:
    tensor = constant_value(call.node)
    if tensor is None or tensor.size > _MAX_SIZE or len(tensor.shape) > _MAX_RANK or not tensor.dtype.itemsize:
        return ()
    if not (tensor.dtype.is_integer or tensor.dtype.name in ("float32", "float64", "bool")):
        return ()
    return [_tuples(tensor.numpy().tolist())]


def _tuples(value: Any) -> Value:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _size(value: Value) -> int:
    return sum(map(_size, value)) if isinstance(value, tuple) else 1


def _flat(value: Value) -> Iterator[Any]:
    if isinstance(value, tuple):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _shape(value: Value) -> tuple[int, ...]:
    return (len(value), *(_shape(value[0]) if value else ())) if isinstance(value, tuple) else ()


def _shaped(elements: Sequence[Any], shape: Sequence[int]) -> Value:
    """Return elements as nested tuples of a shape."""
    if not shape:
        return elements[0]
    step = len(elements) // shape[0] if shape[0] else 0
    return tuple([_shaped(elements[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])])


def _numbers(value: Value) -> tuple[int, ...] | None:
    """Return a vector, or one number as a vector, of which all is known."""
    elements = tuple(_flat(value))
    return elements if all(isinstance(each, int) for each in elements) else None


def _pack(call: OpCall) -> Sequence[Value]:
    values = [call.value(i) for i in range(len(call.shapes))]
    if call.attr("axis"):
        return ()
    if any(isinstance(each, tuple) for each in values):
        shapes = {_shape(each) for each in values}
        return [tuple(values)] if len(shapes) == 1 and len(next(iter(shapes))) == 1 else ()
    # Of several tensors nothing is known; what they are is told by their shapes.
    return [tuple(values)] if all(dims == () for dims in call.shapes) else ()


def _unpack(call: OpCall) -> Sequence[Value]:
    value = call.value(0)
    return list(value) if isinstance(value, tuple) and not call.attr("axis") else ()


def _concat(call: OpCall) -> Sequence[Value]:
    last = len(call.shapes) - 1
    parts = [call.vector(i) for i in (range(1, last + 1) if call.node.op == "Concat" else range(last))]
    if any(part is None or any(isinstance(each, tuple) for each in part) for part in parts):
        return ()
    return [tuple(itertools.chain(*[part for part in parts if part is not None]))]


def _strided_slice(call: OpCall) -> Sequence[Value]:
    whole, begin, end, step = (_known(call.vector(0)), *(_known(call.value(i)) for i in (1, 2, 3)))
    if whole is None or step is None or len(step) != 1 or not isinstance(step[0], int):
        return ()
    masks = {name: call.attr(name, 0) for name in _MASKS}
    if masks["ellipsis_mask"] or masks["new_axis_mask"]:
        return ()
    first = None if masks["begin_mask"] else _bound(begin)
    last = None if masks["end_mask"] else _bound(end)
    if masks["shrink_axis_mask"]:
        return [whole[first]] if first is not None and -len(whole) <= first < len(whole) else ()
    if (first is None and not masks["begin_mask"]) or (last is None and not masks["end_mask"]):
        return ()
    return [whole[first : last : step[0]]]


def _known(value: Value) -> tuple[Any, ...] | None:
    return value if isinstance(value, tuple) else None


def _bound(value: tuple[Any, ...] | None) -> int | None:
    return value[0] if value is not None and len(value) == 1 and isinstance(value[0], int) else None


def _slice(call: OpCall) -> Sequence[Value]:
    whole, begin, size = _known(call.vector(0)), _bound(_known(call.value(1))), _bound(_known(call.value(2)))
    if whole is None or begin is None or size is None:
        return ()
    return [whole[begin:] if size == -1 else whole[begin : begin + size]]


def _split(call: OpCall) -> Sequence[Value]:
    value = call.value(1)
    count = call.attr("num_split")
    if not isinstance(value, tuple) or len(_shape(value)) != 1 or not count or len(value) % count:
        return ()
    step = len(value) // count
    return [value[i * step : (i + 1) * step] for i in range(count)]


def _range(call: OpCall) -> Sequence[Value]:
    start, limit, step = (call.value(i) for i in range(3))
    if not all(isinstance(each, int) for each in (start, limit, step)) or not step:
        return ()
    found = range(start, limit, step)
    return [tuple(found)] if len(found) <= _MAX_SIZE else ()


def _reduced(call: OpCall) -> Sequence[Value]:
    """Return what all elements of a vector make together."""
    value = call.value(0)
    axes = _numbers(call.value(1)) if len(call.shapes) > 1 else None
    if not isinstance(value, tuple):
        return [value] if axes == () else ()
    if axes is None or any(isinstance(each, tuple) for each in value):
        return ()
    if not axes:
        return [value]
    function = _REDUCTIONS[call.node.op]
    unknown = [each for each in value if isinstance(each, Unknown) or each is None]
    if not unknown:
        is_exact = all(isinstance(each, int) for each in value) and abs(found := function(value)) < 1 << 31
        result: Value = found if is_exact else None
    else:
        # A product of one size and of ones.
        is_one = call.node.op == "Prod" and len(unknown) == 1 and product(v for v in value if v is not unknown[0]) == 1
        result = unknown[0] if is_one else None
    return [(result,) if call.attr("keep_dims") else result]


def _product(value: Sequence[int]) -> int:
    found = 1
    for each in value:
        found *= each
    return found


_REDUCTIONS: Mapping[str, Callable[[Any], int]] = {
    "Prod": _product, "Sum": sum, "All": all, "Any": any,
    "Max": lambda value: max(value, default=1 << 31), "Min": lambda value: min(value, default=1 << 31),
}  # fmt: skip


def _gather(call: OpCall) -> Sequence[Value]:
    table, indices = call.vector(0), call.value(1)
    if table is None or call.attr("batch_dims") or (len(call.shapes) > 2 and call.number(2) != 0):
        return ()
    if isinstance(indices, tuple):
        if any(isinstance(each, tuple) for each in indices):
            return ()
        return [tuple([table[each] if isinstance(each, int) else None for each in indices])]
    return [table[indices]] if isinstance(indices, int) else ()


def _reshape(call: OpCall) -> Sequence[Value]:
    value, target = call.value(0), _numbers(call.value(1))
    if target is None or (value is None and product(call.input(0) or (None,)) != 1):
        return ()
    elements = list(_flat(value))
    rest = product(size for size in target if size != -1) or 0
    sizes = [len(elements) // rest if size == -1 and rest else size for size in target]
    return [_shaped(elements, sizes)] if product(sizes) == len(elements) else ()


def _squeeze(call: OpCall) -> Sequence[Value]:
    value = call.value(0)
    return [value[0]] if isinstance(value, tuple) and len(value) == 1 and not isinstance(value[0], tuple) else ()


def _expand(call: OpCall) -> Sequence[Value]:
    value = call.value(0)
    is_scalar = call.input(0) == ()
    return [(value,)] if is_scalar else [(value,)] if isinstance(value, tuple) and call.number(1) == 0 else ()


def _fill(call: OpCall) -> Sequence[Value]:
    sizes = _numbers(call.value(0)) if call.value(0) is not None else None
    return [_shaped([call.value(1)] * (product(sizes) or 0), sizes)] if _is_small(sizes) and sizes is not None else ()


def _is_small(dims: Dims) -> bool:
    count = None if dims is None else product(dims)
    return count is not None and count <= _MAX_SIZE and len(dims or ()) <= _MAX_RANK and 0 not in (dims or ())[:-1]


def _like(call: OpCall) -> Sequence[Value]:
    dims = call.input(0)
    sizes = () if dims is None else [size for size in dims if isinstance(size, int)]
    one = int(call.node.op == "OnesLike")
    value = attr_of(call.node, "T")
    is_number = value is not None and value.is_integer
    return [_shaped([one] * (product(sizes) or 0), sizes)] if is_number and _is_small(dims) else ()


def _reverse(call: OpCall) -> Sequence[Value]:
    value, axes = call.value(0), _numbers(call.value(1))
    return [value[::-1]] if isinstance(value, tuple) and axes in ((0,), (-1,)) and len(_shape(value)) == 1 else ()


def _tile(call: OpCall) -> Sequence[Value]:
    value, times = call.vector(0), call.number(1)
    return [value * times] if value is not None and times is not None and len(value) * times <= _MAX_SIZE else ()


def _inverse(call: OpCall) -> Sequence[Value]:
    order = _numbers(call.value(0)) if call.value(0) is not None else None
    return [tuple([order.index(i) for i in range(len(order))])] if order is not None else ()


def _differing(call: OpCall) -> Sequence[Value]:
    """Return the elements of a list that are not in another one, and where they are."""
    a, b = (_numbers(each) if isinstance(each, tuple) else None for each in (call.value(0), call.value(1)))
    if a is None or b is None:
        return ()
    kept = [i for i, each in enumerate(a) if each not in b]
    return [tuple([a[i] for i in kept]), tuple(kept)]


def _broadcast_args(call: OpCall) -> Sequence[Value]:
    a, b = call.vector(0), call.vector(1)
    return [broadcast(a, b)] if a is not None and b is not None else ()


def _selected(call: OpCall) -> Sequence[Value]:
    chosen = call.value(0)
    return [call.value(1 if chosen else 2)] if isinstance(chosen, bool) and call.input(1) == call.input(2) else ()


def _of_shape(call: OpCall) -> Sequence[Value]:
    op, dims = call.node.op, call.input(0)
    if op in ("Shape", "ShapeN"):
        return call.shapes
    if op == "Rank":
        return [None if dims is None else len(dims)]
    sizes: Sequence[Size] = (None,) if dims is None else [size for size in dims if size != 1]
    return [sizes[0] if len(sizes) == 1 else product(sizes)]


def _variable_shape(call: OpCall) -> Sequence[Value]:
    source = call.source(0)
    shape = None if source is None else attr_of(source.node, "shape")
    return [shape.dims if isinstance(shape, Shape) else None]


def _array_size(call: OpCall) -> Sequence[Value]:
    """Return the size that a TensorArray was made with, which it keeps unless it may grow."""
    source = call.source(0)
    if source is None or source.node.op != "TensorArrayV3" or source.call().attr("dynamic_size", False):
        return ()
    return [source.call().value(0)]


_OF_SHAPES = frozenset({
    "Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike", "VariableShape", "TensorArraySizeV3",
})  # fmt: skip
_RULES: Mapping[str, Callable[[OpCall], Sequence[Value]]] = {
    "Const": _const, **dict.fromkeys(("Shape", "ShapeN", "Size", "Rank"), _of_shape), "VariableShape": _variable_shape,
    "TensorArraySizeV3": _array_size,
    "Pack": _pack, "Unpack": _unpack, "ConcatV2": _concat, "Concat": _concat, "Split": _split,
    "StridedSlice": _strided_slice, "Slice": _slice, "Gather": _gather, "GatherV2": _gather,
    **dict.fromkeys(_REDUCTIONS, _reduced), "Range": _range, "Fill": _fill, "ZerosLike": _like, "OnesLike": _like,
    "Squeeze": _squeeze, "ExpandDims": _expand, "Reshape": _reshape, "ReverseV2": _reverse, "Tile": _tile,
    "InvertPermutation": _inverse, "ListDiff": _differing, "BroadcastArgs": _broadcast_args, "Select": _selected,
    "SelectV2": _selected, "Switch": lambda call: [call.value(0)] * 2,
    "_SwitchN": lambda call: [call.value(0)] * call.count("num_outs"),
    "IdentityN": lambda call: [call.value(i) for i in range(len(call.shapes))],
}  # fmt: skip
