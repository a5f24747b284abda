"""Rules of what goes over maps with windows or resizes them: convolutions, pools, blocks, patches, images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphsurgeon.rewrites.shaping.dims import (
    Dims,
    ShapeMismatchError,
    Size,
    merged,
    merged_size,
    product,
    text_of_dims,
    total,
    window,
)
from graphsurgeon.rewrites.shaping.op_calls import OpCall, Rule, rules_for

_DEPTHWISE = "DepthwiseConv2dNative"
_RANKS = {"Conv2D": 4, _DEPTHWISE: 4, "Conv3D": 5, "MaxPool": 4, "AvgPool": 4, "MaxPool3D": 5, "AvgPool3D": 5}


def axes_of(call: OpCall, rank: int) -> tuple[range, int]:
    """Return the axes of height, width and the like, and that of the channels."""
    is_first = call.text("data_format", "NHWC").startswith("NC")
    return (range(2, rank), 1) if is_first else (range(1, rank - 1), rank - 1)


def _windows(call: OpCall, dims: Sequence[Size], extents: Sequence[Size], channels: Size) -> list[Dims]:
    spatial, channel = axes_of(call, len(dims))
    padding, strides = call.text("padding", "VALID"), call.attr("strides", [1] * len(dims))
    explicit = call.attr("explicit_paddings", []) if padding == "EXPLICIT" else []
    sizes = list(dims)
    for axis, extent in zip(spatial, extents, strict=True):
        size = dims[axis]
        if explicit and isinstance(size, int):
            size += explicit[2 * axis] + explicit[2 * axis + 1]
        sizes[axis] = None
        if padding == "SAME" or isinstance(extent, int):
            # Windows of one that go on by one leave a size as it is, whether it is known or not.
            is_kept = strides[axis] == 1 and (padding == "SAME" or extent == 1) and not explicit
            kind = "SAME" if padding == "SAME" else "VALID"
            found = window(size, extent if isinstance(extent, int) else 1, strides[axis], kind)
            sizes[axis] = size if is_kept else found
    sizes[channel] = channels
    return [tuple(sizes)]


def _conv(call: OpCall) -> Sequence[Dims]:
    return _convolved(call, call.input(0), call.input(1))


def _convolved(call: OpCall, given: Dims, filters: Dims) -> list[Dims]:
    rank = _RANKS.get(call.node.op, 5 if "3D" in call.node.op else 4)
    dims, kernel = _of_rank(given, rank), _of_rank(filters, rank)
    spatial, channel = axes_of(call, rank)
    dilations = call.attr("dilations", [1] * rank)
    extents = [
        (size - 1) * dilations[axis] + 1 if isinstance(size, int) else None
        for size, axis in zip(kernel, spatial, strict=False)
    ]
    is_depthwise = call.node.op.startswith(_DEPTHWISE)
    channels, wanted = dims[channel], kernel[-2]
    is_told = isinstance(channels, int) and isinstance(wanted, int) and wanted > 0
    if is_told and (channels != wanted if is_depthwise else channels % wanted):  # type: ignore[operator]
        raise ShapeMismatchError(f"a kernel of {text_of_dims(kernel)} does not take {channels} channels")
    return _windows(call, dims, extents, product(kernel[-2:]) if is_depthwise else kernel[-1])


def _of_rank(dims: Dims, rank: int) -> tuple[Size, ...]:
    if dims is not None and len(dims) != rank:
        raise ShapeMismatchError(f"{text_of_dims(dims)} is not of rank {rank}")
    return (None,) * rank if dims is None else dims


def _pool(call: OpCall) -> Sequence[Dims]:
    rank = _RANKS[call.node.op]
    dims = _of_rank(call.input(0), rank)
    spatial, channel = axes_of(call, rank)
    ksize = call.attr("ksize", [1] * rank)
    if ksize[channel] != 1 or ksize[0] != 1:
        return [(None,) * rank]
    return _windows(call, dims, [ksize[axis] for axis in spatial], dims[channel])


def _pool_v2(call: OpCall) -> Sequence[Dims]:
    """Return the shape of MaxPoolV2, whose windows are inputs."""
    dims, ksize, strides = _of_rank(call.input(0), 4), call.vector(1), call.vector(2)
    sizes: list[Size] = list(dims)
    for axis in axes_of(call, 4)[0]:
        extent, stride = (each[axis] if each is not None and len(each) == 4 else None for each in (ksize, strides))
        sizes[axis] = None
        if isinstance(extent, int) and isinstance(stride, int):
            sizes[axis] = window(dims[axis], extent, stride, call.text("padding"))
    return [tuple(sizes)]


def _pool_with_positions(call: OpCall) -> Sequence[Dims]:
    dims = _of_rank(call.input(0), 4)
    ksize = call.attr("ksize", [1] * 4)
    found = _windows(call, dims, ksize[1:3], dims[3])
    return found * 2


def _transposed_conv(call: OpCall) -> Sequence[Dims]:
    """Return the sizes that are asked for, of which the convolution has to make what is given."""
    sizes, kernel, given = call.shape_from(0), call.input(1), call.input(2)
    rank = 5 if "3D" in call.node.op else 4
    sizes = (None,) * rank if sizes is None or len(sizes) != rank else sizes
    given = _of_rank(given, rank)
    if kernel is not None and rank == 4:
        merged(_convolved(call, sizes, kernel)[0], given)
    _, channel = axes_of(call, rank)
    if kernel is not None and sizes[channel] is None and not call.node.op.startswith(_DEPTHWISE):
        sizes = (*sizes[:channel], kernel[-2], *sizes[channel + 1 :])
    return [(merged_size(sizes[0], given[0]), *sizes[1:])]


def _filter_gradient(call: OpCall) -> Sequence[Dims]:
    sizes = call.shape_from(1)
    return [(None,) * (5 if "3D" in call.node.op else 4) if sizes is None else sizes]


def _gradient_of_first(call: OpCall) -> Sequence[Dims]:
    """Return the shape that input 0 of the op had, which is given as a vector."""
    sizes = call.shape_from(0)
    return [(None,) * (5 if "3D" in call.node.op else 4) if sizes is None else sizes]


def _resize(call: OpCall) -> Sequence[Dims]:
    dims = _of_rank(call.input(0), 4)
    sizes = call.shape_from(1)
    sizes = (None, None) if sizes is None or len(sizes) != 2 else sizes
    return [(dims[0], *sizes, dims[3])]


def _crop_and_resize(call: OpCall) -> Sequence[Dims]:
    image, boxes, sizes = call.ranked(0, 4), call.ranked(1, 2), call.shape_from(3)
    count = merged_size(boxes[0], call.ranked(2, 1)[0]) if boxes is not None else None  # type: ignore[index]
    return [(count, *(sizes if sizes is not None and len(sizes) == 2 else (None, None)), (image or (None,) * 4)[3])]


def _depth_to_space(call: OpCall) -> Sequence[Dims]:
    dims, block = _of_rank(call.input(0), 4), int(call.attr("block_size", 1))
    if call.text("data_format", "NHWC") == "NCHW_VECT_C":
        return [None]
    spatial, channel = axes_of(call, 4)
    sizes = list(dims)
    is_wider = call.node.op == "DepthToSpace"
    for axis in spatial:
        sizes[axis] = _times(dims[axis], block) if is_wider else _parts(dims[axis], block)
    sizes[channel] = _parts(dims[channel], block * block) if is_wider else _times(dims[channel], block * block)
    return [tuple(sizes)]


def _times(size: Size, factor: int) -> Size:
    return size * factor if isinstance(size, int) else size if factor == 1 else None


def _parts(size: Size, divisor: int) -> Size:
    if not isinstance(size, int):
        return size if divisor == 1 else None
    if size % divisor:
        raise ShapeMismatchError(f"{divisor} does not divide {size}")
    return size // divisor


def _space_to_batch(call: OpCall) -> Sequence[Dims]:
    dims = call.input(0)
    is_fixed = not call.node.op.endswith("ND")
    block: Sequence[Size] | None = [call.attr("block_size", 1)] * 2 if is_fixed else call.vector(1)
    edges = call.value(1 if is_fixed else 2)
    if dims is None or block is None:
        return [(None,) * 4 if is_fixed else None]
    is_batched = call.node.op.startswith("SpaceToBatch")
    sizes, batch = list(dims), dims[0]
    for i, factor in enumerate(block):
        size = dims[i + 1]
        pair: Sequence[Size] = edges[i] if isinstance(edges, tuple) and i < len(edges) else (None, None)
        around = total(pair)
        if not isinstance(factor, int):
            sizes[i + 1] = batch = None
        elif is_batched:
            whole = size + around if isinstance(size, int) and around is not None else size if around == 0 else None
            sizes[i + 1], batch = _parts(whole, factor), _times(batch, factor)
        else:
            whole = _times(size, factor)
            is_told = isinstance(whole, int) and around is not None
            sizes[i + 1] = whole - around if is_told else whole if around == 0 else None  # type: ignore[operator]
            batch = _parts(batch, factor)
    return [(batch, *sizes[1:])]


def _patches(call: OpCall) -> Sequence[Dims]:
    dims = _of_rank(call.input(0), 4)
    sizes, rates, strides = (call.attr(key, [1] * 4) for key in ("ksizes", "rates", "strides"))
    found = list(dims)
    for axis in (1, 2):
        extent = (sizes[axis] - 1) * rates[axis] + 1
        found[axis] = window(dims[axis], extent, strides[axis], call.text("padding", "VALID"))
    found[3] = _times(dims[3], sizes[1] * sizes[2])
    return [tuple(found)]


def _dilation(call: OpCall) -> Sequence[Dims]:
    dims, kernel = _of_rank(call.input(0), 4), call.ranked(1, 3) or (None,) * 3
    rates, strides = call.attr("rates", [1] * 4), call.attr("strides", [1] * 4)
    found = list(dims)
    for axis in (1, 2):
        size = kernel[axis - 1]
        is_told = isinstance(size, int)
        extent = (size - 1) * rates[axis] + 1 if isinstance(size, int) else 1
        found[axis] = window(dims[axis], extent, strides[axis], call.text("padding")) if is_told else None
    return [(*found[:3], merged_size(dims[3], kernel[2]))]


def _bias_gradient(call: OpCall) -> Sequence[Dims]:
    dims = call.input(0)
    is_first = call.text("data_format", "NHWC").startswith("NC")
    return [(None if dims is None else dims[1 if is_first else -1],)]


def _norm(call: OpCall) -> Sequence[Dims]:
    is_of_five = call.text("data_format", "NHWC") in ("NDHWC", "NCDHW")
    dims = call.ranked(0, 5 if is_of_five else 4)
    rank = 5 if is_of_five else 4
    channel: Dims = (None if dims is None else dims[axes_of(call, rank)[1]],)
    for i in (1, 2):
        channel = merged(channel, call.input(i)) or channel
    if dims is not None and channel is not None:
        at = axes_of(call, rank)[1]
        dims = (*dims[:at], channel[0], *dims[at + 1 :])
    rest: list[Dims] = [None] if call.node.op.endswith("V3") else []
    return [dims, *[channel] * 4, *rest]


def _norm_gradient(call: OpCall) -> Sequence[Dims]:
    dims = call.ranked(1, 5 if call.text("data_format") in ("NDHWC", "NCDHW") else 4)
    channel = None if dims is None else dims[axes_of(call, len(dims))[1]]
    return [dims, (channel,), (channel,), (0,), (0,)]


RULES: Mapping[str, Rule] = {
    **rules_for("Conv2D Conv3D DepthwiseConv2dNative", _conv),
    **rules_for("MaxPool AvgPool MaxPool3D AvgPool3D", _pool),
    "MaxPoolV2": _pool_v2, "MaxPoolWithArgmax": _pool_with_positions,
    **rules_for("Conv2DBackpropInput Conv3DBackpropInputV2 DepthwiseConv2dNativeBackpropInput", _transposed_conv),
    **rules_for("Conv2DBackpropFilter Conv3DBackpropFilterV2 DepthwiseConv2dNativeBackpropFilter", _filter_gradient),
    **rules_for("AvgPoolGrad AvgPool3DGrad", _gradient_of_first),
    **rules_for("ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea", _resize),
    "CropAndResize": _crop_and_resize,
    **rules_for("DepthToSpace SpaceToDepth", _depth_to_space),
    **rules_for("SpaceToBatchND BatchToSpaceND SpaceToBatch BatchToSpace", _space_to_batch),
    "ExtractImagePatches": _patches, "Dilation2D": _dilation, "BiasAddGrad": _bias_gradient,
    **rules_for("FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3", _norm),
    **rules_for("FusedBatchNormGrad FusedBatchNormGradV2 FusedBatchNormGradV3", _norm_gradient),
}  # fmt: skip
