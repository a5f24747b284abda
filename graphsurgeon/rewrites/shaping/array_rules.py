"""Rules of what moves elements about, cuts tensors up or puts them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphsurgeon.rewrites.shaping.dims import (
    Dims,
    ShapeMismatchError,
    Size,
    Unknown,
    merged,
    merged_size,
    reshaped,
    text_of_dims,
    total,
)
from graphsurgeon.rewrites.shaping.op_calls import OpCall, Rule, at, rules_for, unknown


def _reshape(call: OpCall) -> Sequence[Dims]:
    target = call.vector(1)
    return [None if target is None else reshaped(call.input(0), target)]


def _squeeze(call: OpCall) -> Sequence[Dims]:
    dims, axes = call.input(0), call.attr("squeeze_dims", [])
    if dims is None or (not axes and not all(isinstance(size, int) for size in dims)):
        return [None]
    chosen = {at(axis, len(dims)) for axis in axes} or {i for i, size in enumerate(dims) if size == 1}
    wrong = [axis for axis in chosen if isinstance(dims[axis], int) and dims[axis] != 1]
    if wrong:
        raise ShapeMismatchError(f"axis {wrong[0]} of {text_of_dims(dims)} is not 1")
    return [tuple([size for i, size in enumerate(dims) if i not in chosen])]


def _expand(call: OpCall) -> Sequence[Dims]:
    dims, axis = call.input(0), call.number(1)
    if dims is None or axis is None:
        return [None if dims is None else unknown(len(dims) + 1)]
    axis = at(axis, len(dims) + 1)
    return [(*dims[:axis], 1, *dims[axis:])]


def _transpose(call: OpCall) -> Sequence[Dims]:
    dims, order = call.input(0), call.vector(1)
    if order is None:
        return [None if dims is None else unknown(len(dims))]
    if dims is None:
        return [unknown(len(order))]
    if len(order) != len(dims):
        raise ShapeMismatchError(f"{len(order)} axes in an order for {text_of_dims(dims)}")
    return [tuple([dims[at(axis, len(dims))] if isinstance(axis, int) else None for axis in order])]


def _concat(call: OpCall) -> Sequence[Dims]:
    is_first = call.node.op == "Concat"
    axis, parts = call.number(0 if is_first else -1), call.shapes[1:] if is_first else call.shapes[:-1]
    first = next((part for part in parts if part is not None), None)
    if first is None or (axis is None and any(part is not None and len(part) != len(first) for part in parts)):
        return [None]
    if axis is None:
        return [unknown(len(first))]
    axis = at(axis, len(first))
    rest: Dims = (None,) * len(first)
    for part in parts:
        if part is not None:
            rest = merged(rest, (*part[:axis], None, *part[axis + 1 :]))
    sizes: list[Size] = [None if part is None else part[axis] for part in parts]
    length: Size = sizes[0] if len(sizes) == 1 else total(sizes)
    return [None if rest is None else (*rest[:axis], length, *rest[axis + 1 :])]


def _split(call: OpCall) -> Sequence[Dims]:
    is_v = call.node.op == "SplitV"
    axis, dims = call.number(2 if is_v else 0), call.input(0 if is_v else 1)
    count = call.count("num_split")
    if dims is None or axis is None:
        return [None if dims is None else unknown(len(dims))] * count
    axis = at(axis, len(dims))
    size = dims[axis]
    sizes: Sequence[Size] = [size if count == 1 else None] * count
    if is_v and count > 1:
        sizes = _pieces(call.value(1), size, count)
    elif not is_v and isinstance(size, int):
        if size % count:
            raise ShapeMismatchError(f"{text_of_dims(dims)} is not split in {count} along axis {axis}")
        sizes = [size // count] * count
    elif not is_v:
        sizes = [Unknown() if count > 1 else size] * count
    return [(*dims[:axis], each, *dims[axis + 1 :]) for each in sizes]


def _pieces(value: object, size: Size, count: int) -> Sequence[Size]:
    """Return the sizes of pieces, of which one may be what is left."""
    if not isinstance(value, tuple) or len(value) != count:
        return [None] * count
    told = total(each for each in value if each != -1)
    rest = size - told if isinstance(size, int) and told is not None and list(value).count(-1) == 1 else None
    return [rest if each == -1 else each for each in value]


def _pack(call: OpCall) -> Sequence[Dims]:
    dims: Dims = None
    for each in call.shapes:
        dims = merged(dims, each)
    if dims is None:
        return [None]
    axis = at(call.attr("axis", 0), len(dims) + 1)
    return [(*dims[:axis], len(call.shapes), *dims[axis:])]


def _parallel_concat(call: OpCall) -> Sequence[Dims]:
    return [call.declared("shape")]


def _unpack(call: OpCall) -> Sequence[Dims]:
    dims, count = call.input(0), call.count("num")
    if dims is None:
        return [None] * count
    axis = at(call.attr("axis", 0), len(dims))
    merged_size(dims[axis], count)
    return [dims[:axis] + dims[axis + 1 :]] * count


def _pad(call: OpCall) -> Sequence[Dims]:
    dims, edges = call.input(0), call.value(1)
    rank = call.input(1)
    if not isinstance(edges, tuple) or (dims is not None and len(edges) != len(dims)):
        known = rank[0] if rank is not None and len(rank) == 2 else None
        return [unknown(len(dims)) if dims is not None else unknown(known) if isinstance(known, int) else None]
    sizes: Sequence[Size] = dims if dims is not None else (None,) * len(edges)
    return [tuple([_padded(size, pair) for size, pair in zip(sizes, edges, strict=True)])]


def _padded(size: Size, pair: Sequence[Size]) -> Size:
    if pair == (0, 0):
        return size
    return total((size, *pair))


def _slice(call: OpCall) -> Sequence[Dims]:
    dims, begins, sizes = call.input(0), call.vector(1), call.vector(2)
    if begins is None or sizes is None or len(begins) != len(sizes):
        length = begins if begins is not None else sizes
        return [unknown(len(dims)) if dims is not None else None if length is None else unknown(len(length))]
    found: list[Size] = []
    for i, (begin, size) in enumerate(zip(begins, sizes, strict=True)):
        whole = None if dims is None else dims[i]
        if size == -1:
            is_told = isinstance(whole, int) and isinstance(begin, int)
            found.append(whole if begin == 0 else whole - begin if is_told else None)  # type: ignore[operator]
        elif isinstance(whole, int) and isinstance(begin, int) and isinstance(size, int) and begin + size > whole:
            raise ShapeMismatchError(f"{text_of_dims(dims)} has no slice from {list(begins)} of {list(sizes)}")
        else:
            found.append(size)
    return [tuple(found)]


def _strided_slice(call: OpCall) -> Sequence[Dims]:
    dims, bounds = call.input(0), [call.vector(i) for i in (1, 2, 3)]
    lengths = {len(each) for each in bounds if each is not None}
    if dims is None or len(lengths) != 1:
        return [None]
    count = lengths.pop()
    begin, end, step = (each if each is not None else (None,) * count for each in bounds)
    begins, ends, ellipsis, added, shrunk = (
        call.attr(f"{key}_mask", 0) for key in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    )
    found: list[Size] = []
    axis = 0
    for i in range(count):
        bit = 1 << i
        if ellipsis & bit:
            behind = sum(1 for k in range(i + 1, count) if not added & 1 << k)
            stop = max(axis, len(dims) - behind)
            found += dims[axis:stop]
            axis = stop
        elif added & bit:
            found.append(1)
        elif axis >= len(dims):
            raise ShapeMismatchError(f"{text_of_dims(dims)} has no axis {axis} to be sliced")
        elif shrunk & bit:
            _check_index(dims, axis, begin[i])
            axis += 1
        else:
            found.append(_sliced(dims[axis], begin[i], end[i], step[i], (bool(begins & bit), bool(ends & bit))))
            axis += 1
    return [(*found, *dims[axis:])]


def _check_index(dims: tuple[Size, ...], axis: int, index: Size) -> None:
    size = dims[axis]
    if isinstance(size, int) and isinstance(index, int) and not -size <= index < size:
        raise ShapeMismatchError(f"{text_of_dims(dims)} has no element {index} along axis {axis}")


def _sliced(size: Size, begin: Size, end: Size, step: Size, masked: tuple[bool, bool]) -> Size:
    first, last = None if masked[0] else begin, None if masked[1] else end
    if not isinstance(step, int) or not step or not (masked[0] or isinstance(first, int)):
        return None
    if not (masked[1] or isinstance(last, int)):
        return None
    if isinstance(size, int):
        return len(range(*slice(_int(first), _int(last), step).indices(size)))
    return size if first in (None, 0) and last is None and step == 1 else None


def _int(bound: Size) -> int | None:
    return bound if isinstance(bound, int) else None


def _strided_gradient(call: OpCall) -> Sequence[Dims]:
    return [call.shape_from(0)]


def _gather(call: OpCall) -> Sequence[Dims]:
    table, indices = call.input(0), call.input(1)
    axis = call.number(2) if call.node.op == "GatherV2" else 0
    if table is None or indices is None:
        return [None]
    batch = call.attr("batch_dims", 0)
    batch = batch + len(indices) if batch < 0 else batch
    if axis is None:
        return [unknown(len(table) - 1 + len(indices) - batch)]
    axis = at(axis, len(table))
    heads = [merged_size(table[i], indices[i]) for i in range(batch)]
    return [(*heads, *table[batch:axis], *indices[batch:], *table[axis + 1 :])]


def _gather_nd(call: OpCall) -> Sequence[Dims]:
    table, indices = call.input(0), call.input(1)
    if table is None or indices is None or not indices or not isinstance(indices[-1], int):
        return [None]
    if indices[-1] > len(table):
        raise ShapeMismatchError(f"{text_of_dims(table)} has no {indices[-1]} axes to be indexed")
    return [(*indices[:-1], *table[indices[-1] :])]


def _scatter_nd(call: OpCall) -> Sequence[Dims]:
    return [call.shape_from(2)]


def _tile(call: OpCall) -> Sequence[Dims]:
    dims, times = call.input(0), call.vector(1)
    if dims is None or times is None or len(times) != len(dims):
        return [unknown(len(dims)) if dims is not None else None if times is None else unknown(len(times))]
    return [tuple([_times(size, by) for size, by in zip(dims, times, strict=True)])]


def _times(size: Size, by: Size) -> Size:
    if size == 1 or by == 1:
        return by if size == 1 else size
    return size * by if isinstance(size, int) and isinstance(by, int) else None


def _partitions(call: OpCall) -> Sequence[Dims]:
    dims, parts, count = call.input(0), call.input(1), call.count("num_partitions", 1)
    if dims is None or parts is None:
        return [None] * count
    return [(None, *dims[len(parts) :]) for _ in range(count)]


def _stitch(call: OpCall) -> Sequence[Dims]:
    count = len(call.shapes) // 2
    rest: Dims = None
    top = -1
    for i in range(count):
        indices, data, value = call.input(i), call.input(i + count), call.value(i)
        if indices is not None and data is not None:
            rest = merged(rest, data[len(indices) :])
        elements = value if isinstance(value, tuple) else (value,)
        is_told = all(isinstance(each, int) for each in elements)
        top = max(top, *elements) if is_told and elements and top >= -1 else top if elements == () else -2
    return [None if rest is None else (top + 1 if top >= -1 else None, *rest)]


def _bitcast(call: OpCall) -> Sequence[Dims]:
    dims, before, after = call.input(0), call.attr("T"), call.attr("type")
    if dims is None or before is None or after is None:
        return [None]
    if before.itemsize == after.itemsize:
        return [dims]
    if before.itemsize > after.itemsize:
        return [(*dims, before.itemsize // after.itemsize)]
    return [dims[:-1]]


def _ensured(call: OpCall) -> Sequence[Dims]:
    return [merged(call.input(0), call.declared())]


def _broadcast_args(call: OpCall) -> Sequence[Dims]:
    a, b = call.input(0), call.input(1)
    sizes = [each[0] for each in (a, b) if each is not None and len(each) == 1]
    numbers = [size for size in sizes if isinstance(size, int)]
    return [(max(numbers) if len(numbers) == 2 else None,)]


def _each(call: OpCall) -> Sequence[Dims]:
    return list(call.shapes)


RULES: Mapping[str, Rule] = {
    "Reshape": _reshape, "Squeeze": _squeeze, "ExpandDims": _expand, "Bitcast": _bitcast,
    **rules_for("Transpose ConjugateTranspose", _transpose), **rules_for("ConcatV2 Concat", _concat),
    **rules_for("Split SplitV", _split), "Pack": _pack, "ParallelConcat": _parallel_concat, "Unpack": _unpack,
    **rules_for("Pad PadV2 MirrorPad", _pad), "Slice": _slice, "StridedSlice": _strided_slice,
    "StridedSliceGrad": _strided_gradient, **rules_for("Gather GatherV2", _gather), "GatherNd": _gather_nd,
    "ScatterNd": _scatter_nd, "Tile": _tile, "EnsureShape": _ensured, "BroadcastArgs": _broadcast_args,
    "DynamicPartition": _partitions, **rules_for("DynamicStitch ParallelDynamicStitch", _stitch), "IdentityN": _each,
}  # fmt: skip
