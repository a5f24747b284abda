"""Changes of edges, ops, attrs and functions that leave a graph one: what comes behind `verify` is tried too."""

from __future__ import annotations

import random
from typing import Any

from proto_utils import schema
from proto_utils.errors import GraphSurgeonError

_OPS = """
    Identity IdentityN AddN Add AddV2 Mul Sub Neg Pack ConcatV2 Concat Split SplitV Unpack Reshape Transpose
    MatMul Conv2D BiasAdd FusedBatchNorm FusedBatchNormV3 BatchNormWithGlobalNormalization Switch Merge Enter Exit
    NextIteration LoopCond VariableV2 Variable VarHandleOp ReadVariableOp AssignVariableOp Assign AssignAdd
    RestoreV2 SaveV2 ShardedFilename MergeV2Checkpoints PartitionedCall StatefulPartitionedCall If StatelessIf
    While StatelessWhile Case Const Placeholder PlaceholderWithDefault NoOp RandomUniform TruncatedNormal
    RandomStandardNormal Fill Range Tile Pad StridedSlice BroadcastTo OneHot GatherV2 Gather Cast Bitcast Shape
    Size Rank ExpandDims Squeeze Slice Select HashTableV2 MutableHashTableV2 LookupTableFindV2 LookupTableImportV2
    LookupTableExportV2 TensorArrayV3 IteratorV2 InitializeTableFromTextFileV2 FakeQuantWithMinMaxVars Dequantize
    QuantizeV2 SymbolicGradient Print Assert CheckNumerics StopGradient ParameterizedTruncatedNormal
    StatelessRandomUniform Multinomial ResourceGather TemporaryVariable DestroyTemporaryVariable
    IsVariableInitialized VarIsInitializedOp Sum Mean Max Relu Softmax
""".split()  # noqa: SIM905 -- a list of so many would be longer
_SIZES = [-1, 0, 1, 2, 3, 4, 7, 1 << 20, 1 << 40, (1 << 63) - 1, -5]
_NUMBERS = [-1, 0, 1, 2, 3, 5, 100, 1 << 20, 1 << 31, (1 << 63) - 1, -(1 << 63)]


def change_graph(data: bytes, rng: random.Random, others: list[bytes]) -> bytes | None:
    """Change a GraphDef, MetaGraphDef or SavedModel; None when protobuf cannot parse these bytes."""
    for kind in ("GraphDef", "MetaGraphDef", "SavedModel"):
        try:
            message: Any = schema.parse(getattr(schema, kind), data)
        except GraphSurgeonError:
            continue
        graph = _graph_of(message, kind)
        if graph is None or not len(graph.node) or not all(node.op for node in graph.node):
            continue
        for _ in range(rng.choice((1, 1, 2, 3, 8))):
            _change(graph, rng, others)
        try:
            return schema.serialize(message)
        except GraphSurgeonError:
            return None
    return None


def _graph_of(message: Any, kind: str) -> Any:
    if kind == "SavedModel":
        return message.meta_graphs[0].graph_def if message.meta_graphs else None
    return message if kind == "GraphDef" else message.graph_def


def _change(graph: Any, rng: random.Random, others: list[bytes]) -> None:
    nodes = graph.node
    bodies = [function.node_def for function in graph.library.function if len(function.node_def)]
    if bodies and rng.random() < 0.3:
        nodes = rng.choice(bodies)
    if not len(nodes):
        return
    node = _chosen(nodes, rng)
    match rng.randrange(14):
        case 0 | 1 if node.input:
            node.input[rng.randrange(len(node.input))] = _reference(nodes, rng)
        case 2:
            node.input.insert(rng.randrange(len(node.input) + 1), _reference(nodes, rng))
        case 3 if node.input:
            del node.input[rng.randrange(len(node.input))]
        case 4:
            node.input.append(f"^{rng.choice(nodes).name}")
        case 5:
            node.op = rng.choice((*_OPS, rng.choice(nodes).op, *(f.signature.name for f in graph.library.function)))
        case 6 | 7:
            _change_attr(node, nodes, rng)
        case 8:
            _twin(nodes, node, rng)
        case 9:
            _rename(nodes, node, rng)
        case 10:
            _adopt(graph, rng, others)
        case 11:
            _outline(graph, node, rng)
        case 12:
            del node.input[rng.randrange(len(node.input) + 1) if rng.random() < 0.3 else 0 :]
        case _:
            order = list(nodes)
            rng.shuffle(order)
            copies = [schema.NodeDef.FromString(each.SerializeToString()) for each in order]
            if rng.random() < 0.3:
                del copies[rng.randrange(len(copies))]
            del nodes[:]
            nodes.extend(copies)


def _chosen(nodes: Any, rng: random.Random) -> Any:
    """Return a node; half of the time one of any op, so that a LoopCond is not rarer than a Const."""
    if rng.random() < 0.5:
        return rng.choice(nodes)
    by_op: dict[str, list[Any]] = {}
    for node in nodes:
        by_op.setdefault(node.op, []).append(node)
    return rng.choice(by_op[rng.choice(sorted(by_op))])


def _reference(nodes: Any, rng: random.Random) -> str:
    name = rng.choice(nodes).name
    return rng.choice((name, name, name, f"{name}:0", f"{name}:1", f"^{name}", f"{name}:output:0", f"{name}:99999999"))


def _change_attr(node: Any, nodes: Any, rng: random.Random) -> None:
    other = rng.choice(nodes)
    keys = list(node.attr)
    kind = rng.randrange(5)
    if kind == 0 and keys:
        del node.attr[rng.choice(keys)]
    elif kind == 1 and len(other.attr):
        key = rng.choice(list(other.attr))
        node.attr[key].CopyFrom(other.attr[key])
    elif kind == 2:
        node.attr["_class"].list.s.append(f"loc:@{other.name}".encode())
    elif keys:
        _change_value(node.attr[rng.choice(keys)], rng)


def _change_value(value: Any, rng: random.Random) -> None:
    kind = value.WhichOneof("value")
    if kind == "tensor":
        _change_tensor(value.tensor, rng)
    elif kind == "type":
        value.type = rng.choice((*range(26), 101, 103, 200))
    elif kind == "i":
        value.i = rng.choice(_NUMBERS)
    elif kind == "b":
        value.b = not value.b
    elif kind == "shape":
        _change_shape(value.shape, rng)
    elif kind == "list":
        copy = schema.AttrValue.FromString(value.SerializeToString())
        value.list.MergeFrom(copy.list)
        value.list.i.extend([rng.choice(_NUMBERS)] * rng.randrange(3))
    elif kind == "s":
        value.s = rng.choice((b"", b"SAME", b"VALID", b"NHWC", b"NCHW", b"EXPLICIT", b"x", b"\xff"))
    elif kind == "func":
        value.func.name = rng.choice(("", "double", "then", "other", "gone"))
    else:
        value.i = rng.choice(_NUMBERS)


def _change_shape(shape: Any, rng: random.Random) -> None:
    if shape.dim and rng.random() < 0.6:
        rng.choice(shape.dim).size = rng.choice(_SIZES)
    elif rng.random() < 0.5:
        shape.dim.add(size=rng.choice(_SIZES))
    else:
        shape.unknown_rank = True
        del shape.dim[:]


def _change_tensor(tensor: Any, rng: random.Random) -> None:
    kind = rng.randrange(4)
    if kind == 0:
        tensor.dtype = rng.choice((*range(26), 101, 200))
    elif kind == 1:
        _change_shape(tensor.tensor_shape, rng)
    elif kind == 2:
        tensor.tensor_content = tensor.tensor_content[: rng.randrange(len(tensor.tensor_content) + 1)]
    else:
        # One value that stands for all, as TensorFlow writes them too.
        tensor.tensor_content = b""
        field = rng.choice(("float_val", "int_val", "int64_val", "half_val", "bool_val", "string_val"))
        one = b"x" * rng.randrange(3) if field == "string_val" else rng.randrange(2)
        getattr(tensor, field).extend([one] * rng.randrange(1, 4))


def _twin(nodes: Any, node: Any, rng: random.Random) -> None:
    """Add a node like another, with a name of its own or the same; now and then very many that read each other."""
    last = node.name
    for number in range(rng.choice((1, 1, 1, 2, 300))):
        made = nodes.add()
        made.CopyFrom(node)
        if rng.random() < 0.95:
            made.name = f"{node.name}_{number + 1}"
        if made.input and rng.random() < 0.5:
            made.input[0] = last
            last = made.name


def _rename(nodes: Any, node: Any, rng: random.Random) -> None:
    old, new = (
        node.name,
        rng.choice(("a", "w", "x/y", "n" * 3000, "save/Const", "a b", "_x", "é", rng.choice(nodes).name)),
    )
    for each in nodes:
        if each.name == old:
            each.name = new
        for position, text in enumerate(each.input):
            head, mark, rest = text.partition(":")
            if head.removeprefix("^") == old:
                each.input[position] = ("^" if head[:1] == "^" else "") + new + mark + rest


def _adopt(graph: Any, rng: random.Random, others: list[bytes]) -> None:
    """Add the nodes and functions of another graph."""
    for data in others:
        try:
            other: Any = schema.parse(schema.GraphDef, data)
        except GraphSurgeonError:
            continue
        names = {node.name for node in graph.node}
        graph.node.extend(node for node in other.node if node.name not in names or rng.random() < 0.02)
        known = {function.signature.name for function in graph.library.function}
        graph.library.function.extend(f for f in other.library.function if f.signature.name not in known)


def _outline(graph: Any, node: Any, rng: random.Random) -> None:
    """Let a node call a function: one that there is, or a new one, which may call itself."""
    names = [function.signature.name for function in graph.library.function]
    if not names or rng.random() < 0.3:
        made = graph.library.function.add()
        made.signature.name = f"made_{len(names)}"
        made.signature.input_arg.add(name="x", type=1)
        made.signature.output_arg.add(name="y", type=1)
        inner = made.node_def.add(name="i", op=rng.choice(("Identity", made.signature.name, *names)), input=["x"])
        inner.attr["T"].type = 1
        made.ret["y"] = rng.choice(("i:output:0", "i:y:0", "x"))
        names.append(made.signature.name)
    node.op = rng.choice((*names, "PartitionedCall", "StatefulPartitionedCall"))
    node.attr["f"].func.name = rng.choice(names)
    node.attr["Tin"].list.type.extend([1] * len(node.input))
    node.attr["Tout"].list.type.append(1)
