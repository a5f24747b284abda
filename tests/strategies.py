"""Hypothesis makes graphs: well-formed ones, and messages that are only valid protobuf."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from proto_utils import schema
from proto_utils.wire import len_header

#: Payload sizes on both sides of what is left in the file.
SIZES = st.sampled_from([0, 1, 3, 100, 250, 256, 257, 1000, 5000])
NAMES = st.from_regex(r"[A-Za-z0-9.][A-Za-z0-9_./-]{0,12}", fullmatch=True)
TEXT = st.text(max_size=5)


@st.composite
def tensors(draw: st.DrawFn) -> schema.TensorProto:
    """A float TensorProto in one of the encodings, with an unknown field now and then."""
    size = draw(SIZES)
    proto = schema.TensorProto(dtype=1)
    proto.tensor_shape.dim.add(size=size)
    how = draw(st.sampled_from(["content", "list", "short", "none"]))
    if how == "content":
        proto.tensor_content = bytes(n % 251 for n in range(4 * size))
    elif how == "list":
        proto.float_val.extend(float(n) for n in range(size))
    elif how == "short" and size:
        proto.float_val.append(draw(st.floats(width=32, allow_nan=False)))
    if draw(st.booleans()):
        proto.MergeFromString(unknown(draw(st.binary(max_size=30))))
    return proto


def unknown(payload: bytes, number: int = 5000) -> bytes:
    """A record of a field that no message has."""
    return len_header(number, len(payload)) + payload


@st.composite
def attr_values(draw: st.DrawFn, depth: int = 2) -> schema.AttrValue:
    """An AttrValue of any kind, or of none."""
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "s": st.binary(max_size=2000), "i": st.integers(-(2**63), 2**63 - 1), "b": st.booleans(),
        "f": st.floats(width=32, allow_nan=False), "type": st.sampled_from([1, 2, 3, 7, 9, 14, 101]), "shape": shapes(),
        "tensor": tensors(), "placeholder": TEXT, "list": lists(), "func": functions(depth - 1),
    }  # fmt: skip
    kind = draw(st.sampled_from([*kinds, "none"]))
    return schema.AttrValue(**({kind: draw(kinds[kind])} if kind in kinds else {}))


@st.composite
def functions(draw: st.DrawFn, depth: int) -> schema.NameAttrList:
    """A function by name, with attrs of its own."""
    function = schema.NameAttrList(name=draw(TEXT))
    if depth >= 0:
        function.attr["a"].CopyFrom(draw(attr_values(depth=depth)))
    return function


def shapes() -> st.SearchStrategy[schema.TensorShapeProto]:
    """A TensorShapeProto, of unknown rank too."""
    known = st.lists(st.integers(-1, 2**40), max_size=4).map(
        lambda sizes: schema.TensorShapeProto(dim=[schema.TensorShapeProto.Dim(size=size) for size in sizes])
    )
    return known | st.just(schema.TensorShapeProto(unknown_rank=True))


@st.composite
def lists(draw: st.DrawFn) -> schema.AttrValue.ListValue:
    """A list of elements of one kind, or an empty one."""
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "s": st.binary(max_size=20), "i": st.integers(-9, 9), "f": st.just(0.5), "b": st.booleans(),
        "type": st.sampled_from([1, 3]), "shape": shapes(), "tensor": tensors(),
    }  # fmt: skip
    kind = draw(st.sampled_from([*kinds, "empty"]))
    return schema.AttrValue.ListValue(**({kind: draw(st.lists(kinds[kind], max_size=3))} if kind in kinds else {}))


@st.composite
def node_defs(draw: st.DrawFn) -> schema.NodeDef:
    """A NodeDef that is valid protobuf; as a node it may make no sense."""
    node = schema.NodeDef(name=draw(TEXT), op=draw(TEXT), device=draw(TEXT))
    node.input.extend(draw(st.lists(TEXT, max_size=3)))
    for key in draw(st.lists(TEXT, max_size=4, unique=True)):
        node.attr[key].CopyFrom(draw(attr_values()))
    if draw(st.booleans()):
        node.MergeFromString(unknown(draw(st.binary(max_size=1500))))
    return node


@st.composite
def graph_defs(draw: st.DrawFn) -> schema.GraphDef:
    """A GraphDef that is valid protobuf: nodes, functions, versions, unknown fields everywhere."""
    graph = schema.GraphDef(node=draw(st.lists(node_defs(), max_size=5)))
    for number in range(draw(st.integers(0, 2))):
        function = graph.library.function.add(node_def=draw(st.lists(node_defs(), max_size=3)))
        function.signature.name = f"f{number}"
        function.ret["y"] = "x"
        if draw(st.booleans()):
            function.MergeFromString(unknown(b"in a function"))
    if draw(st.booleans()):
        graph.versions.producer = draw(st.integers(0, 3000))
        graph.MergeFromString(unknown(b"in the graph"))
        graph.library.MergeFromString(unknown(b"in the library"))
    return graph


@st.composite
def frozen_graphs(draw: st.DrawFn) -> schema.GraphDef:
    """A well-formed graph: constants, what is computed of them, control inputs."""
    graph = schema.GraphDef()
    names = draw(st.lists(NAMES, min_size=1, max_size=8, unique=True))
    for position, name in enumerate(names):
        some = st.lists(st.sampled_from(names[:position]), max_size=2) if position else st.just([])
        before = draw(some)
        waits = [f"^{other}" for other in draw(some)]
        if not before:
            node = graph.node.add(name=name, op="Const", input=waits)
            node.attr["dtype"].type = 1
            node.attr["value"].tensor.CopyFrom(draw(tensors()))
        else:
            op = "Identity" if len(before) == 1 else "Add"
            node = graph.node.add(name=name, op=op, input=before + waits)
            node.attr["T"].type = 1
            node.attr["_class"].list.s.append(b"loc:@" + before[0].encode())
    return graph
