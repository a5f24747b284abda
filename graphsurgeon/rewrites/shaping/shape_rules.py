"""The shape functions of common ops: static shapes of outputs, from those of inputs and from small values.

A rule takes a node, and what is known of its inputs; it raises a ShapeMismatchError for what TensorFlow refuses. Of
other ops nothing is known. Source: TensorFlow's ``common_shape_fns.cc`` and the ops' documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.rewrites.shaping.dims import (
    Dims,
    ShapeMismatchError,
    broadcast,
    common,
    merged,
    merged_size,
    product,
    reshaped,
    text_of_dims,
    window,
)

#: A small int tensor as nested tuples, of which elements may be unknown; None of one of which nothing is known.
Value: TypeAlias = Any
Rule: TypeAlias = "Callable[[Node, Sequence[Dims], Sequence[Value]], Sequence[Dims]]"

_SAME_SHAPE = """
    Identity RefIdentity Snapshot StopGradient PreventGradient CheckNumerics Print Enter RefEnter Exit RefExit
    NextIteration RefNextIteration Relu Relu6 Elu Selu LeakyRelu Softplus Softsign Softmax LogSoftmax Sigmoid Tanh
    BiasAdd BiasAddV1 LRN Neg Abs Sign Sqrt Rsqrt Square Reciprocal Inv Exp Expm1 Log Log1p Sin Cos Floor Ceil Round
    Rint Erf Cast LogicalNot IsNan IsFinite ZerosLike OnesLike ReverseV2 Reverse Cumsum Cumprod ClipByValue
    FakeQuantWithMinMaxVars FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVarsPerChannel QuantizeAndDequantizeV2
    DeepCopy EnsureShape AdjustContrastv2 ReverseSequence Roll
"""
_BROADCASTING = """
    Add AddV2 Sub Mul RealDiv Div FloorDiv Mod FloorMod Maximum Minimum Pow SquaredDifference DivNoNan Less LessEqual
    Greater GreaterEqual Equal NotEqual LogicalAnd LogicalOr Atan2 BitwiseAnd SelectV2
"""
#: What takes operands of several shapes that are broadcast.
BROADCASTING = frozenset(_BROADCASTING.split())
_REDUCTIONS = ("Mean", "Sum", "Max", "Min", "Prod", "All", "Any")


def _attr(node: Node, name: str, default: Any) -> Any:
    found = attr_of(node, name)
    return default if found is None else found


def _text(node: Node, name: str, default: str) -> str:
    found: str = _attr(node, name, default.encode()).decode()
    return found


def _known(dims: Dims, rank: int) -> Dims:
    if dims is not None and len(dims) != rank:
        raise ShapeMismatchError(f"{text_of_dims(dims)} is not of rank {rank}")
    return dims


def _spatial(node: Node) -> tuple[int, int, int]:
    """Return the axes of height, width and channels."""
    return (2, 3, 1) if _text(node, "data_format", "NHWC").startswith("NC") else (1, 2, 3)


def _windows(node: Node, dims: Dims, extents: Sequence[int | None], channels: int | None) -> list[Dims]:
    height, width, channel = _spatial(node)
    dims = _known(dims, 4)
    padding, strides = _text(node, "padding", "VALID"), _attr(node, "strides", [1] * 4)
    sizes: list[int | None] = [None] * 4 if dims is None else list(dims)
    for axis, extent in ((height, extents[0]), (width, extents[1])):
        is_told = padding in ("SAME", "VALID") and (extent is not None or padding == "SAME")
        sizes[axis] = window(sizes[axis], extent or 1, strides[axis], padding) if is_told else None
    sizes[channel] = channels
    return [tuple(sizes)]


def _conv(node: Node, shapes: Sequence[Dims], _: Sequence[Value]) -> Sequence[Dims]:
    dims, kernel = _known(shapes[0], 4), _known(shapes[1], 4)
    height, width, channel = _spatial(node)
    if kernel is None:
        return _windows(node, dims, (None, None), None)
    dilations = _attr(node, "dilations", [1] * 4)
    axes = zip(kernel[:2], (height, width), strict=True)
    extents = [None if size is None else (size - 1) * dilations[axis] + 1 for size, axis in axes]
    is_depthwise = node.op == "DepthwiseConv2dNative"
    given = dims[channel] if dims is not None else None
    if given is not None and kernel[2] and (given != kernel[2] if is_depthwise else given % kernel[2]):
        raise ShapeMismatchError(f"a kernel of {text_of_dims(kernel)} does not take {given} channels")
    channels = product(kernel[2:]) if is_depthwise else kernel[3]
    return _windows(node, dims, extents, channels)


def _pool(node: Node, shapes: Sequence[Dims], _: Sequence[Value]) -> Sequence[Dims]:
    height, width, channel = _spatial(node)
    ksize = _attr(node, "ksize", [1] * 4)
    dims = _known(shapes[0], 4)
    return _windows(node, dims, (ksize[height], ksize[width]), dims[channel] if dims is not None else None)


def _transposed_conv(node: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    """Return the sizes that are asked for, of which the convolution has to make what is given."""
    sizes = values[0] if isinstance(values[0], tuple) else None
    kernel, given = shapes[1], _known(shapes[2], 4)
    if sizes is not None and kernel is not None:
        merged(_conv(node, [sizes, kernel], ())[0], given)
    return [sizes]


def _matmul(node: Node, shapes: Sequence[Dims], _: Sequence[Value]) -> Sequence[Dims]:
    a, b = shapes[0], shapes[1]
    if a is None or b is None or len(a) < 2 or len(b) < 2:
        return [None]
    turned = ("transpose_a", "transpose_b") if node.op == "MatMul" else ("adj_x", "adj_y")
    if attr_of(node, turned[0]):
        a = (*a[:-2], a[-1], a[-2])
    if attr_of(node, turned[1]):
        b = (*b[:-2], b[-1], b[-2])
    if None not in (a[-1], b[-2]) and a[-1] != b[-2]:
        raise ShapeMismatchError(f"{text_of_dims(a)} is not multiplied by {text_of_dims(b)}")
    head = broadcast(a[:-2], b[:-2])
    return [None if head is None else (*head, a[-2], b[-1])]


def _norm(node: Node, shapes: Sequence[Dims], _: Sequence[Value]) -> Sequence[Dims]:
    dims = _known(shapes[0], 4)
    channel: Dims = (None,) if dims is None else (dims[_spatial(node)[2]],)
    for each in shapes[1:3]:
        channel = merged(channel, each) or channel
    return [dims, *[channel] * 4]


def _reshape(_: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    return [reshaped(shapes[0], values[1]) if isinstance(values[1], tuple) else None]


def _squeeze(node: Node, shapes: Sequence[Dims], _: Sequence[Value]) -> Sequence[Dims]:
    dims, axes = shapes[0], _attr(node, "squeeze_dims", [])
    if dims is None or (not axes and None in dims):
        return [None]
    chosen = {axis % len(dims) for axis in axes} or {i for i, size in enumerate(dims) if size == 1}
    wrong = [axis for axis in chosen if dims[axis] not in (1, None)]
    if wrong:
        raise ShapeMismatchError(f"axis {wrong[0]} of {text_of_dims(dims)} is not 1")
    return [tuple(size for i, size in enumerate(dims) if i not in chosen)]


def _expand(_: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    dims, axis = shapes[0], _scalar(values[1])
    if dims is None or axis is None:
        return [None]
    at = axis if axis >= 0 else len(dims) + 1 + axis
    return [(*dims[:at], 1, *dims[at:])]


def _transpose(_: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    dims, order = shapes[0], values[1]
    if dims is None or not isinstance(order, tuple) or None in order or len(order) != len(dims):
        return [None]
    return [tuple(dims[axis] for axis in order if axis is not None)]


def _concat(node: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    is_first = node.op == "Concat"
    axis, parts = _scalar(values[0 if is_first else -1]), shapes[1:] if is_first else shapes[:-1]
    first = next((part for part in parts if part is not None), None)
    if axis is None or first is None or any(part is not None and len(part) != len(first) for part in parts):
        return [None]
    axis %= len(first)
    rest: Dims = tuple(None for _ in first)
    for part in parts:
        if part is not None:
            rest = merged(rest, (*part[:axis], None, *part[axis + 1 :]))
    sizes = [None if part is None else part[axis] for part in parts]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    return [None if rest is None else (*rest[:axis], total, *rest[axis + 1 :])]


def _split(node: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    is_v = node.op == "SplitV"
    axis, dims, count = _scalar(values[2 if is_v else 0]), shapes[0 if is_v else 1], int(node.attrs["num_split"])
    if dims is None or axis is None:
        return [None] * count
    axis %= len(dims)
    size = dims[axis]
    sizes: Sequence[int | None] = [None] * count
    if is_v and isinstance(values[1], tuple):
        sizes = [None if each == -1 else each for each in values[1]]
    elif not is_v and size is not None:
        if size % count:
            raise ShapeMismatchError(f"{text_of_dims(dims)} is not split in {count} along axis {axis}")
        sizes = [size // count] * count
    return [(*dims[:axis], each, *dims[axis + 1 :]) for each in sizes]


def _pack(node: Node, shapes: Sequence[Dims], _: Sequence[Value]) -> Sequence[Dims]:
    dims = common(shapes) if shapes else None
    axis = _attr(node, "axis", 0)
    if dims is None:
        return [None]
    at = axis if axis >= 0 else len(dims) + 1 + axis
    return [(*dims[:at], len(shapes), *dims[at:])]


def _unpack(node: Node, shapes: Sequence[Dims], _: Sequence[Value]) -> Sequence[Dims]:
    count, axis, dims = int(node.attrs["num"]), _attr(node, "axis", 0), shapes[0]
    if dims is None:
        return [None] * count
    axis %= len(dims)
    merged_size(dims[axis], count)
    return [(*dims[:axis], *dims[axis + 1 :])] * count


def _reduction(node: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    dims = shapes[0]
    axes = values[1] if isinstance(values[1], tuple) else (values[1],)
    if dims is None or None in axes:
        return [None]
    chosen = {axis % len(dims) for axis in axes if axis is not None} if dims else set()
    if attr_of(node, "keep_dims"):
        return [tuple(1 if i in chosen else size for i, size in enumerate(dims))]
    return [tuple(size for i, size in enumerate(dims) if i not in chosen)]


def _arg(_: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    dims, axis = shapes[0], _scalar(values[1])
    if dims is None or axis is None:
        return [None]
    return [tuple(size for i, size in enumerate(dims) if i != axis % len(dims))]


def _pad(_: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    dims, paddings = shapes[0], values[1]
    if dims is None or not isinstance(paddings, tuple) or not all(isinstance(pair, tuple) for pair in paddings):
        return [None if dims is None else (None,) * len(dims)]
    pairs = zip(dims, paddings, strict=True)
    return [tuple(None if size is None or None in pair else size + sum(pair) for size, pair in pairs)]


def _resize(_: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    dims = _known(shapes[0], 4) or (None,) * 4
    sizes = values[1] if isinstance(values[1], tuple) and len(values[1]) == 2 else (None, None)
    return [(dims[0], *sizes, dims[3])]


def _gather(node: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    axis = _scalar(values[2]) if node.op == "GatherV2" else 0
    table, indices = shapes[0], shapes[1]
    if table is None or indices is None or axis is None or attr_of(node, "batch_dims"):
        return [None]
    axis %= max(len(table), 1)
    return [(*table[:axis], *indices, *table[axis + 1 :])]


def _tile(_: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    dims, times = shapes[0], values[1]
    if dims is None or not isinstance(times, tuple) or len(times) != len(dims):
        return [None if dims is None else (None,) * len(dims)]
    return [tuple(product(pair) for pair in zip(dims, times, strict=True))]


def _of_value(node: Node, _: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    """Return the shape that an operand is: of Fill and random numbers the first, of BroadcastTo the second."""
    value = values[1 if node.op == "BroadcastTo" else 0]
    return [value if isinstance(value, tuple) else None]


def _slice(_: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    dims, begins, sizes = shapes[0], values[1], values[2]
    if not isinstance(sizes, tuple) or not isinstance(begins, tuple):
        return [None if dims is None else (None,) * len(dims)]
    found: list[int | None] = []
    for i, (begin, size) in enumerate(zip(begins, sizes, strict=True)):
        whole = None if dims is None else dims[i]
        if size == -1:
            found.append(None if whole is None or begin is None else whole - begin)
        elif None not in (whole, begin, size) and (begin or 0) + (size or 0) > (whole or 0):
            raise ShapeMismatchError(f"{text_of_dims(dims)} has no slice from {list(begins)} of {list(sizes)}")
        else:
            found.append(size)
    return [tuple(found)]


def _range(_: Node, __: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    start, limit, step = map(_scalar, values)
    if start is None or limit is None or not step:
        return [(None,)]
    return [(len(range(start, limit, step)),)]


def _scalar(value: Value) -> int | None:
    if isinstance(value, tuple):
        value = value[0] if len(value) == 1 else None
    return value if isinstance(value, int) else None


def _measure(node: Node, shapes: Sequence[Dims], _: Sequence[Value]) -> Sequence[Dims]:
    if node.op in ("Size", "Rank"):
        return [()]
    return [None if dims is None else (len(dims),) for dims in shapes]


def _declared(node: Node, shapes: Sequence[Dims], __: Sequence[Value]) -> Sequence[Dims]:
    shape = attr_of(node, "shape")
    dims = shape.dims if isinstance(shape, Shape) else None
    return [merged(dims, shapes[0]) if shapes and dims is not None else dims]


def _one_hot(node: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
    dims, axis = shapes[0], _attr(node, "axis", -1)
    return [(*dims, _scalar(values[1])) if dims is not None and axis == -1 else None]


def _same(node: Node, shapes: Sequence[Dims], _: Sequence[Value]) -> Sequence[Dims]:
    if node.op == "EnsureShape":
        return [merged(shapes[0], _declared(node, (), ())[0])]
    if node.op in ("BiasAdd", "BiasAddV1") and shapes[0] is not None and shapes[1] is not None:
        axis = 1 if _text(node, "data_format", "NHWC").startswith("NC") else -1
        merged_size(shapes[0][axis], shapes[1][0])
    return [shapes[0]]


def _broadcast_all(_: Node, shapes: Sequence[Dims], __: Sequence[Value]) -> Sequence[Dims]:
    found = shapes[0]
    for each in shapes[1:]:
        found = broadcast(found, each)
    return [found]


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_SAME_SHAPE.split(), _same),
    **dict.fromkeys(BROADCASTING, _broadcast_all),
    **dict.fromkeys(("Conv2D", "DepthwiseConv2dNative"), _conv),
    **dict.fromkeys(("MaxPool", "AvgPool"), _pool),
    "Conv2DBackpropInput": _transposed_conv,
    **dict.fromkeys(("MatMul", "BatchMatMul", "BatchMatMulV2"), _matmul),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), _norm),
    "Reshape": _reshape, "Squeeze": _squeeze, "ExpandDims": _expand, "Transpose": _transpose,
    "ConcatV2": _concat, "Concat": _concat, "Split": _split, "SplitV": _split, "Pack": _pack, "Unpack": _unpack,
    **dict.fromkeys(_REDUCTIONS, _reduction), **dict.fromkeys(("ArgMax", "ArgMin"), _arg),
    **dict.fromkeys(("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic"), _resize),
    "Range": _range, "Gather": _gather, "GatherV2": _gather, "Tile": _tile, "Slice": _slice, "OneHot": _one_hot,
    **dict.fromkeys(("Fill", "RandomUniform", "RandomStandardNormal", "TruncatedNormal", "BroadcastTo"), _of_value),
    **dict.fromkeys(("Shape", "ShapeN", "Size", "Rank"), _measure),
    **dict.fromkeys(("Placeholder", "PlaceholderV2", "PlaceholderWithDefault", "Variable", "VariableV2"), _declared),
    **dict.fromkeys(("Pad", "PadV2", "MirrorPad"), _pad),
    # The shape of a handle stands for that of the variable.
    "VarHandleOp": _declared, "ReadVariableOp": lambda _, shapes, __: [shapes[0]],
    "AddN": lambda _, shapes, __: [next((each for each in shapes if each is not None), None)],
    "Select": lambda _, shapes, __: [shapes[1]],
    **dict.fromkeys(("Switch", "RefSwitch"), lambda _, shapes, __: [shapes[0], shapes[0]]),
    **dict.fromkeys(("Merge", "RefMerge"), lambda _, shapes, __: [common(shapes), ()]),
}  # fmt: skip
