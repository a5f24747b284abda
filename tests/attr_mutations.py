"""Nodes of many ops, each with one attr changed: what `verify` and TensorFlow say of them is compared.

Every node is alone in its graph with what feeds it, whose shapes are not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphsurgeon.ir import ops
from graphsurgeon.ir.attr_value import Func, Shape
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_attrs import OpAttr
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema

_COMMON = """
    Abs Add AddN AddV2 All ArgMax Assert Assign AssignAdd AssignVariableOp BatchMatMulV2 BiasAdd BiasAddGrad Bitcast
    BroadcastTo Bucketize Cast CheckNumerics Concat ConcatV2 CropAndResize Cumsum DecodeJpeg DecodeRaw DecodeCSV
    DepthToSpace DynamicPartition DynamicStitch Elu Enter Equal Exit ExpandDims FakeQuantWithMinMaxArgs FIFOQueueV2
    Fill FusedBatchNorm FusedBatchNormV3 GatherNd GatherV2 HashTableV2 Identity IdentityN If IsFinite
    IteratorGetNext IteratorV2 L2Loss LRN LeakyRelu Less LogSoftmax LookupTableFindV2 MatMul MatrixBandPart Max
    Mean Merge MirrorPad Mul Multinomial MutableHashTableV2 NextIteration NoOp NonMaxSuppressionV3 NotEqual OneHot
    Pack PadV2 ParseExample ParseSingleExample Placeholder PlaceholderWithDefault Pow Print QueueDequeueV2
    QueueEnqueueV2 RandomStandardNormal RandomUniform RandomUniformInt Range ReadVariableOp Relu Reshape
    ResizeBilinear ResourceApplyAdam ResourceGather RestoreV2 ReverseSequence ReverseV2 SaveV2 ScatterNd
    ScatterUpdate Select Shape ShapeN Slice Softmax SpaceToDepth SparseToDense Split SplitV Squeeze StatelessIf
    StatelessWhile StridedSlice StringJoin StringToHashBucketFast StringToNumber Substr Sum Switch TensorArrayV3
    TensorArrayGatherV3 TensorListReserve TensorListStack Tile TopKV2 Transpose TruncatedNormal Unique Unpack
    UnsortedSegmentSum VarHandleOp VariableV2 Where While ApplyAdam ApplyMomentum GRUBlockCell LSTMBlockCell
    CTCLoss Roll Mfcc
"""
_IMAGES = "Conv2D DepthwiseConv2dNative AvgPool MaxPool Dilation2D ExtractImagePatches Conv2DBackpropInput"
_VOLUMES = "Conv3D AvgPool3D MaxPool3D Conv3DBackpropInputV2"

#: Ops that graphs are made of, and the length of lists that they must have.
OPS: dict[str, int] = {
    op: length for names, length in ((_COMMON, 1), (_IMAGES, 4), (_VOLUMES, 5)) for op in names.split()
}

#: What TensorFlow finds by more than attrs tell of, or does not look at, by op and attr.
EXCEPTIONS = {
    ("DepthwiseConv2dNative", "dilations"): "those of more than 32 bits are taken for none",
    ("MaxPool", "data_format"): "NCHW_VECT_C asks for an input with a dimension of 4 or 32",
    ("TensorListReserve", "element_dtype"): "type inference cannot use an attr of a function",
}

_FUNCTION = """
library { function {
    signature { name: "f" input_arg { name: "x" type: DT_FLOAT } output_arg { name: "y" type: DT_FLOAT } }
    ret { key: "y" value: "x" } } }
versions { producer: 1882 }
"""
_ONES: dict[str, Any] = {
    "type": dtypes.FLOAT, "int": 1, "float": 0.5, "bool": False, "string": b"x", "shape": Shape([2]),
    "func": Func("f", {}),
}  # fmt: skip
_SHAPES: tuple[dict[str, Any], ...] = (
    {},
    {"unknown_rank": True},
    {"dim": [{"size": -1}]},
    {"dim": [{"size": -5}]},
    {"dim": [{"size": 2}] * 2},
)
_VALUES: dict[str, list[Any]] = {
    "i": [0, 1, -1, 2, 7, 1 << 40, -(1 << 40)], "f": [0.0, -1.0, 1e30], "b": [True, False],
    "s": [b"", b"SAME", b"NCHW", b"EXPLICIT", b"valid", b"\xff"], "type": [0, 1, 3, 7, 9, 12, 20, 21, 33, 99, 101],
    "shape": [schema.TensorShapeProto(**each) for each in _SHAPES], "func": [schema.NameAttrList(name="f")],
    "tensor": [schema.TensorProto(dtype=1, float_val=[1])],
}  # fmt: skip
_FIELDS = {"int": "i", "float": "f", "bool": "b", "string": "s"}


def base(op: str) -> schema.GraphDef:
    """Return the sound graph of one node of an op, called ``n``."""
    facts = ops.facts(op)
    assert facts is not None
    attrs: dict[str, Any] = {attr.name: _sound(attr, OPS[op]) for attr in facts.attrs.values()}
    nodes: list[Node] = []
    for arg in facts.inputs:
        named = DType.named(arg.type)
        count = attrs[arg.number] if arg.number else 1
        for each in attrs[arg.type] if arg.is_list else [named or attrs[arg.type]] * count:
            feed = "VariableV2" if arg.is_ref else "Placeholder"
            nodes.append(Node.new(f"in{len(nodes)}", feed, attrs={"dtype": each, "shape": Shape()}))
    nodes.append(Node.new("n", op, [node.name for node in nodes], attrs=attrs))
    graph = schema.parse_text(schema.GraphDef, _FUNCTION)
    graph.node.extend(node.proto for node in nodes)
    return graph


def mutations(op: str) -> Iterator[tuple[str, schema.GraphDef]]:
    """Yield what was changed, and the graph with the change."""
    graph = base(op)
    facts = ops.facts(op)
    assert facts is not None
    changes = [(attr.name, *change) for attr in facts.attrs.values() for change in _changes(attr)]
    changes += [("zork", "unknown", schema.AttrValue(i=1)), ("_zork", "unknown", schema.AttrValue(i=1))]
    for key, what, value in changes:
        changed = type(graph)()
        changed.CopyFrom(graph)
        if value is None:
            del changed.node[-1].attr[key]
        else:
            changed.node[-1].attr[key].CopyFrom(value)
        yield f"{key}: {what}", changed


def _sound(attr: OpAttr, length: int) -> Any:
    if attr.default is not None:
        return attr.default
    one = attr.allowed[0] if attr.allowed else _ONES[attr.element_kind]
    if attr.is_list:
        return [one] * max(attr.minimum or 0, length)
    return max(attr.minimum or 0, one) if attr.kind == "int" else one


def _changes(attr: OpAttr) -> Iterator[tuple[str, schema.AttrValue | None]]:
    """Yield other values for an attr: of other kinds, of its own, none."""
    yield "absent", None
    yield "nothing", schema.AttrValue()
    yield "an attr of a function", schema.AttrValue(placeholder="T")
    own = _FIELDS.get(attr.element_kind, attr.element_kind)
    for field, values in _VALUES.items():
        if field != own and values:
            yield f"{field} {values[0]!r}", schema.AttrValue(**{field: values[0]})
            yield f"list of {field} {values[0]!r}", schema.AttrValue(list={field: [values[0]]})
    allowed = [each.number if isinstance(each, DType) else each for each in attr.allowed[:4]]
    for value in _VALUES[own] + allowed:
        yield f"{value!r}", schema.AttrValue(**{own: value})
        yield f"[{value!r}]", schema.AttrValue(list={own: [value]})
    for length in (0, 2, 3, 4, 5, 8):
        value = schema.AttrValue(list={own: _VALUES[own][-1:] * length})
        if not length:
            value.list.SetInParent()
        yield f"{length} times", value
