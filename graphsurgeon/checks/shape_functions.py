"""What TensorFlow's shape functions ask of attrs when a node is imported, whatever the shapes of its inputs are.

The registry only says what kind an attr is of, and a few limits. The rest TensorFlow finds when it infers shapes: a
window has as many strides as its input has dimensions, a list of output shapes as many elements as that of their
types. Written down is what TensorFlow 2.21 refuses of every input; what it refuses of some depends on shapes that
attrs do not tell.

Source: TensorFlow's ``core/framework/common_shape_fns.cc``, ``shape_inference.cc`` and ``core/ops``, and what the
import of single nodes was seen to refuse.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from graphsurgeon.tensors.tensor import MAX_RANK, MAX_SIZE
from proto_utils import schema

_Attrs: TypeAlias = "Mapping[str, schema.AttrValue]"
#: Yields what is wrong, as ``attr 'strides' ...``.
Limit: TypeAlias = "Callable[[_Attrs], Iterator[str]]"

_INT32: Final = range(-(1 << 31), 1 << 31)

#: Ops that look along windows, and how many dimensions these have with those of batch and channels.
_WINDOWS: Final = {
    **dict.fromkeys(
        ("Conv2D", "DepthwiseConv2dNative", "AvgPool", "MaxPool", "MaxPoolGradGrad", "MaxPoolWithArgmax")
        + ("MaxPoolGradGradWithArgmax", "Dilation2D", "ExtractImagePatches"),
        4,
    ),
    **dict.fromkeys(("Conv3D", "AvgPool3D", "MaxPool3D", "MaxPool3DGradGrad", "ExtractVolumePatches"), 5),
}
# Beginnings of the names of more of them, all with four.
_QUANTIZED_WINDOWS: Final = ("QuantizedConv2D", "QuantizedDepthwiseConv2D", "QuantizedAvgPool", "QuantizedMaxPool")
_WINDOW_ATTRS: Final = ("strides", "dilations", "ksize", "ksizes", "rates")
# Of these the elements are only looked at when the input's shape is known.
_LATE: Final = ("Dilation2D", "ExtractImagePatches", "ExtractVolumePatches")
_PADDINGS: Final = ("explicit_paddings", "padding_list")

#: Lists that have as many elements as another, by op; with ``?`` they may be empty.
_SAME_LENGTH: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    **dict.fromkeys(
        ("DatasetToSingleElement", "GetElementAtIndex", "IteratorGetNext", "IteratorGetNextSync", "MapDefun")
        + ("MultiDeviceIteratorGetNextFromShard", "OptionalGetValue", "ReduceDataset", "UncompressElement"),
        (("output_shapes", "output_types"),),
    ),
    **dict.fromkeys(("If", "StatelessIf", "Case", "StatelessCase"), (("output_shapes?", "Tout"),)),
    **dict.fromkeys(("While", "StatelessWhile"), (("output_shapes?", "T"),)),
    "ParseExample": (("dense_shapes", "Tdense"),),
    "ParseExampleV2": (("dense_shapes", "Tdense"), ("ragged_split_types", "ragged_value_types")),
    "ParseSingleExample": (
        ("dense_shapes", "Tdense"), ("dense_keys", "Tdense"), ("sparse_keys", "sparse_types"),
    ),
}  # fmt: skip
#: Lists, and the int that says how many elements they have.
_COUNTED: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "ParseExample": (("sparse_types", "Nsparse"), ("Tdense", "Ndense")),
    "ParseExampleV2": (("sparse_types", "num_sparse"),),
    "ParseSingleExample": (("sparse_types", "num_sparse"),),
}

#: The least value of an int that is one of 32 bits, by op and attr.
_INTS: Final[Mapping[tuple[str, str], int]] = {
    **{(op, "channels"): 0 for op in ("DecodeAndCropJpeg", "DecodeBmp", "DecodeImage", "DecodeJpeg", "DecodePng")},
    **{(op, "axis"): _INT32[0] for op in ("Dequantize", "OneHot", "QuantizeV2", "QuantizeAndDequantizeV4")},
    **{(op, "block_size"): 2 for op in ("BatchToSpace", "DepthToSpace", "SpaceToBatch", "SpaceToDepth")},
    ("ResourceGather", "batch_dims"): 0,
    ("TensorListStack", "num_elements"): _INT32[0],
    ("Mfcc", "dct_coefficient_count"): _INT32[0],
}

#: Attrs that hold shapes which import looks at; of others only the kernel does.
_SHAPES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(_SAME_LENGTH, ("output_shapes", "dense_shapes")),
    **dict.fromkeys(
        ("Placeholder", "PlaceholderWithDefault", "Variable", "VariableV2", "VarHandleOp", "TemporaryVariable")
        + ("AccumulateNV2", "EnsureShape", "FakeParam", "ImmutableConst", "CollectiveBcastRecv", "CollectiveBcastSend")
        + ("InfeedDequeue", "OutfeedDequeue", "OutfeedDequeueV2", "XlaRecvFromHost"),
        ("shape",),
    ),
    **dict.fromkeys(("TensorArrayV3", "TensorArrayGatherV3", "TensorListConcat"), ("element_shape",)),
    **dict.fromkeys(
        ("AnonymousMutableDenseHashTable", "AnonymousMutableHashTableOfTensors")
        + ("MutableDenseHashTableV2", "MutableHashTableOfTensorsV2"),
        ("value_shape",),
    ),
    **dict.fromkeys(("ParseSequenceExample", "ParseSequenceExampleV2", "ParseSingleSequenceExample"),
                    ("context_dense_shapes", "feature_list_dense_shapes")),
}  # fmt: skip


@lru_cache(maxsize=4096)
def limits(op: str) -> tuple[Limit, ...]:
    """Return what to ask of the attrs of an op, which are all of their kinds; nothing of most ops."""
    found: list[Limit] = [_shape_limit(name) for name in _SHAPES.get(op, ())]
    found += [_length_limit(name, other) for name, other in _SAME_LENGTH.get(op, ())]
    found += [_count_limit(name, number) for name, number in _COUNTED.get(op, ())]
    found += [_int_limit(name, least) for (each, name), least in _INTS.items() if each == op]
    rank = 4 if op.startswith(_QUANTIZED_WINDOWS) else _WINDOWS.get(op)
    if rank is not None:
        found += [_window_limit(name, rank, is_late=op in _LATE) for name in _WINDOW_ATTRS]
        found += [_padding_limit(name) for name in _PADDINGS]
    return tuple(found)


def shape_problem(shape: schema.TensorShapeProto) -> str:
    """Return what is wrong with a shape; empty when nothing is."""
    sizes = _sizes(shape)
    if shape.unknown_rank:
        return "is of unknown rank and has dimensions" if sizes else ""
    if len(sizes) > MAX_RANK:
        return f"has rank {len(sizes)}, TensorFlow's limit is {MAX_RANK}"
    least = min(sizes, default=0)
    if least < -1:
        return f"has dimension {least}"
    if least >= 0 and math.prod(sizes) > MAX_SIZE:
        return f"has {math.prod(sizes):,} elements, TensorFlow's limit is {MAX_SIZE:,}"
    return ""


def _sizes(shape: schema.TensorShapeProto) -> list[int]:
    return [dim.size for dim in shape.dim]


def _shape_limit(name: str) -> Limit:
    def check(attr: _Attrs) -> Iterator[str]:
        if name in attr:
            value = attr[name]
            for shape in value.list.shape if value.WhichOneof("value") == "list" else (value.shape,):
                problem = shape_problem(shape)
                if not problem and name == "dense_shapes" and (shape.unknown_rank or -1 in _sizes(shape)[1:]):
                    problem = "is not known but for its first dimension"
                if problem:
                    yield f"attr {name!r}: a shape {problem}"

    return check


def _length_limit(name: str, other: str) -> Limit:
    own = name.rstrip("?")

    def check(attr: _Attrs) -> Iterator[str]:
        found, wanted = _length(attr, own), _length(attr, other)
        if found is not None and wanted is not None and found != wanted and (found or own == name):
            yield f"attr {own!r} has {found} elements, but {other!r} has {wanted}"

    return check


def _count_limit(name: str, number: str) -> Limit:
    def check(attr: _Attrs) -> Iterator[str]:
        found = _length(attr, name)
        if found is not None and number in attr and attr[number].WhichOneof("value") == "i" and found != attr[number].i:
            yield f"attr {name!r} has {found} elements, but {number!r} is {attr[number].i}"

    return check


def _int_limit(name: str, least: int) -> Limit:
    def check(attr: _Attrs) -> Iterator[str]:
        if name in attr and attr[name].WhichOneof("value") == "i":
            found = attr[name].i
            if found < least:
                yield f"attr {name!r} is {found}, but must be at least {least}"
            elif found not in _INT32:
                yield f"attr {name!r} is {found}, which is no number of 32 bits"

    return check


def _window_limit(name: str, rank: int, *, is_late: bool) -> Limit:
    def check(attr: _Attrs) -> Iterator[str]:
        if name not in attr or attr[name].WhichOneof("value") == "placeholder":
            return
        if name == "dilations" and attr[name].WhichOneof("value") is None:
            return  # The default, one everywhere, takes its place.
        elements: Sequence[int] = attr[name].list.i
        if len(elements) != rank:
            yield f"attr {name!r} has {len(elements)} elements, but must have {rank}"
        elif any(each not in _INT32 for each in elements):
            yield f"attr {name!r} has {max(elements, key=abs)}, which is no number of 32 bits"
        elif name in ("strides", "dilations") and not is_late and min(elements) < 1:
            yield f"attr {name!r} has {min(elements)}, but must have at least 1 everywhere"

    return check


def _padding_limit(name: str) -> Limit:
    def check(attr: _Attrs) -> Iterator[str]:
        found = _length(attr, name) or 0
        padding = attr.get("padding")
        if padding is None or padding.WhichOneof("value") != "s":
            return
        wanted = 8 if padding.s == b"EXPLICIT" else 0
        if found != wanted and (name in attr or (wanted and name == _PADDINGS[0])):
            yield f"attr {name!r} has {found} elements, but with padding {padding.s.decode()} has {wanted}"

    return check


def _length(attr: _Attrs, name: str) -> int | None:
    """Return the length of a list; None of one that is not there, or stands for an attr of a function."""
    if name not in attr or attr[name].WhichOneof("value") == "placeholder":
        return None
    return sum(len(elements) for _, elements in attr[name].list.ListFields())
