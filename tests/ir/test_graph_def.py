"""Graphs are read without their payloads and written back as the bytes they were."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsurgeon.ir.graph_def import graph_pieces, read_graph, read_together
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from proto_utils import schema
from proto_utils.errors import CorruptionError
from proto_utils.files import BytesSource, FileSource, Span
from proto_utils.splice import Piece, Records, total_nbytes
from proto_utils.wire import VARINT, len_header, tag
from tests import strategies


def record(number: int, payload: bytes) -> bytes:
    return len_header(number, len(payload)) + payload


def joined(pieces: list[Piece]) -> bytes:
    return b"".join(piece if isinstance(piece, bytes) else b"".join(map(bytes, piece.chunks())) for piece in pieces)


def load(raw: bytes) -> Model:
    return Model.read_graph_def(Span(BytesSource(raw), 0, len(raw)))


def touch(model: Model) -> None:
    """Make every node one that was edited, changing nothing."""
    for _, graph in model.graphs():
        for node in graph:
            node.device = node.device
    for function in model.library.functions.values():
        function.origin = None
    model.library.origin = None


class CountingSource(BytesSource):
    """Remembers which bytes were read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.touched = bytearray(len(data))

    def read(self, start: int, end: int) -> bytes:
        self.touched[start:end] = b"\1" * (end - start)
        return super().read(start, end)

    def chunks(self, start: int, end: int, nbytes: int = 1 << 20):
        self.touched[start:end] = b"\1" * (end - start)
        return super().chunks(start, end, nbytes)


def const(name: str, nbytes: int) -> schema.NodeDef:
    node = schema.NodeDef(name=name, op="Const")
    node.attr["dtype"].type = 1
    tensor = node.attr["value"].tensor
    tensor.dtype = 1
    tensor.tensor_shape.dim.add(size=nbytes // 4)
    tensor.tensor_content = bytes(n % 253 for n in range(nbytes))
    return node


@given(strategies.graph_defs())
@settings(max_examples=150)
def test_reading_and_writing_is_the_identity_on_bytes(graph_def: schema.GraphDef):
    raw = schema.serialize(graph_def)
    assert joined(load(raw).graph_def_pieces()) == raw


@given(strategies.graph_defs())
@settings(max_examples=150)
def test_edited_nodes_are_written_as_protobuf_writes_them(graph_def: schema.GraphDef):
    raw = schema.serialize(graph_def)
    model = load(raw)
    touch(model)
    written = schema.parse(schema.GraphDef, joined(model.graph_def_pieces()))
    assert written == graph_def
    assert schema.serialize(written) == raw
    assert [joined(node.pieces()) for node in model.graph] == [schema.serialize(node) for node in graph_def.node]


@given(strategies.graph_defs(), st.data())
@settings(max_examples=80)
def test_an_edited_node_leaves_the_others_as_they_were(graph_def: schema.GraphDef, data: st.DataObject):
    # Nodes that no serializer of ours would write: their records end with a field that is written first otherwise.
    raw = b"".join(record(1, schema.serialize(node) + record(4, b"d") + record(1, b"n")) for node in graph_def.node)
    model = load(raw)
    nodes = list(model.graph)
    if not nodes:
        return
    edited = data.draw(st.integers(0, len(nodes) - 1))
    nodes[edited].op = "Other"
    written = joined(model.graph_def_pieces())
    again = list(load(written).graph)
    assert again[edited].op == "Other"
    records = [record(1, schema.serialize(node) + record(4, b"d") + record(1, b"n")) for node in graph_def.node]
    for position, whole in enumerate(records):
        if position != edited:
            assert whole in written


@given(strategies.graph_defs())
@settings(max_examples=80)
def test_meta_graphs_keep_everything_too(graph_def: schema.GraphDef):
    meta = schema.MetaGraphDef(graph_def=graph_def)
    meta.meta_info_def.tensorflow_version = "1.15.5"
    meta.collection_def["variables"].bytes_list.value.append(b"v")
    meta.MergeFromString(strategies.unknown(b"in the meta graph"))
    raw = schema.serialize(meta)
    model = Model.read_meta_graph_def(Span(BytesSource(raw), 0, len(raw)))
    assert joined(model.meta_graph_def_pieces()) == raw
    touch(model)
    edited = schema.parse(schema.MetaGraphDef, joined(model.meta_graph_def_pieces()))
    edited.meta_info_def.ClearField("stripped_op_list")
    assert edited == meta
    assert schema.parse(schema.GraphDef, joined(model.graph_def_pieces())) == graph_def


def test_no_payload_is_touched_by_loading_and_planning_to_write():
    graph_def = schema.GraphDef(node=[const("a", 4), const("b", 400_000), const("c", 900)])
    function = graph_def.library.function.add(node_def=[const("d", 400_000)])
    function.signature.name = "f"
    source = CountingSource(schema.serialize(graph_def))
    model = Model.read_graph_def(Span(source, 0, source.size))
    model.graph["b"].op = "Other"
    assert total_nbytes(model.graph_def_pieces()) == source.size
    assert model.graph["b"].tensor.shape == (100_000,)
    assert sum(source.touched) < 200_000


def test_runs_of_unedited_nodes_are_one_piece():
    raw = schema.serialize(schema.GraphDef(node=[const(f"n{number}", 40) for number in range(3000)]))
    graph, library, rest = read_graph(BytesSource(raw), 0, len(raw))
    assert len(graph_pieces(graph, library, rest)) == 1
    graph["n1500"].op = "Other"
    pieces = graph_pieces(graph, library, rest)
    assert [type(piece) for piece in pieces] == [Records]
    assert joined(pieces).replace(b"Other", b"Const") == raw


def test_a_record_with_a_long_winded_header_is_written_as_it_was():
    body = schema.serialize(schema.NodeDef(name="n", op="NoOp"))
    plain = record(1, body)
    raw = plain + plain[:1] + bytes([len(body) | 0x80, 0]) + body + plain
    graph, library, rest = read_graph(BytesSource(raw), 0, len(raw))
    assert joined(graph_pieces(graph, library, rest)) == raw
    graph.set_nodes(reversed(list(graph)))
    assert joined(graph_pieces(graph, library, rest)) == raw


def test_a_graph_past_2_gib_is_read_and_planned(tmp_path):
    """A sparse file: three constants of a gibibyte each, and protobuf never sees one."""
    nbytes = 1 << 30
    path = tmp_path / "huge.pb"
    with open(path, "wb") as file:
        for number in range(3):
            file.write(_huge_const_head(f"w{number}", nbytes))
            file.seek(nbytes, 1)
        file.write(record(1, schema.serialize(schema.NodeDef(name="last", op="NoOp"))))
    source = FileSource(path)
    model = Model.read_graph_def(Span(source, 0, source.size))
    assert [node.name for node in model.graph] == ["w0", "w1", "w2", "last"]
    tensor = model.graph["w2"].tensor
    assert tensor.nbytes == nbytes
    assert tensor.span is not None
    assert tensor.span.end == source.size - 14
    model.graph["last"].op = "Other"
    pieces = model.graph_def_pieces()
    assert total_nbytes(pieces) == source.size + 1
    assert [type(piece) for piece in pieces] == [Span, Span, Span, Records]
    model.graph["w1"].device = "/cpu:0"
    assert total_nbytes(model.graph_def_pieces()) == source.size + 1 + len(record(4, b"/cpu:0"))


def _huge_const_head(name: str, nbytes: int) -> bytes:
    """Everything of a Const but the last `nbytes` of its tensor_content."""
    header = schema.TensorProto(dtype=1)
    header.tensor_shape.dim.add(size=nbytes // 4)
    head = schema.serialize(header) + len_header(4, nbytes)
    dtype = record(5, record(1, b"dtype") + record(2, b"\x30\x01"))
    for number, before in (
        (8, b""),
        (2, record(1, b"value")),
        (5, record(1, name.encode()) + record(2, b"Const") + dtype),
    ):
        head = before + len_header(number, len(head) + nbytes) + head
    return len_header(1, len(head) + nbytes) + head


@pytest.mark.parametrize("nbytes", [0, 100, 5000], ids=["none", "short", "long"])
@pytest.mark.parametrize(
    "again",
    ["content", "short content", "list", "value", "tensor", "other kind", "other kind and back", "entry", "key"],
)
def test_what_stands_twice_counts_as_in_protobuf(again: str, nbytes: int):
    """The later value replaces or merges; which of the two is what protobuf says."""
    dtype = record(5, record(1, b"dtype") + record(2, b"\x30\x01"))
    tensor = schema.serialize(const("c", nbytes).attr["value"].tensor)
    other = record(8, b"\x08\x01" + record(2, record(2, b"\x08\x01")) + record(4, b"abcd"))
    more = {"content": record(4, bytes(4000)), "short content": record(4, b"abcd"), "list": record(5, bytes(8))}
    value = record(8, tensor + more.get(again, b""))
    value += {"tensor": other, "other kind": b"\x18\x05", "other kind and back": b"\x18\x05" + other}.get(again, b"")
    entry = record(1, b"value") + record(2, value)
    entry += {"value": record(2, other), "key": record(1, b"VALUE")}.get(again, b"")
    node = record(1, b"c") + record(2, b"Const") + dtype + record(5, entry)
    node += record(5, record(1, b"value") + record(2, other)) if again == "entry" else b""
    expected = schema.parse(schema.NodeDef, node)
    model = load(record(1, node))
    assert joined(model.graph_def_pieces()) == record(1, node)
    touch(model)
    assert schema.parse(schema.NodeDef, joined(model.graph["c"].pieces())) == expected
    key = "VALUE" if again == "key" else "value"
    if expected.attr[key].WhichOneof("value") == "tensor":
        whole = Node(expected)
        assert _outcome(model.graph["c"], key) == _outcome(whole, key)


def _outcome(node: Node, key: str) -> bytes | str:
    try:
        return bytes(node.attrs[key].numpy().tobytes())
    except CorruptionError as error:
        return error.reason


def test_a_value_before_its_key_is_read():
    tensor = const("c", 5000).attr["value"].tensor
    entry = record(2, record(8, schema.serialize(tensor))) + record(1, b"value")
    node = load(record(1, record(1, b"c") + record(5, entry))).graph["c"]
    assert node.tensor.numpy().tobytes() == tensor.tensor_content
    assert node.tensor.span is not None


def test_several_libraries_are_one():
    def library(*names: str) -> bytes:
        message = schema.FunctionDefLibrary()
        for name in names:
            message.function.add().signature.name = name
            message.gradient.add(function_name=name, gradient_func="g")
        return record(2, schema.serialize(message))

    raw = library("a", "b") + record(1, schema.serialize(const("c", 5000))) + library("g")
    model = load(raw)
    assert list(model.library.functions) == ["a", "b", "g"]
    assert joined(model.graph_def_pieces()) == raw
    touch(model)
    assert schema.parse(schema.GraphDef, joined(model.graph_def_pieces())) == schema.parse(schema.GraphDef, raw)


def test_a_function_twice_word_for_word_is_once():
    function = schema.FunctionDef(node_def=[const("c", 5000)])
    function.signature.name = "f"
    raw = record(2, record(1, schema.serialize(function)) * 2)
    model = load(raw)
    assert list(model.library.functions) == ["f"]
    assert joined(model.graph_def_pieces()) == raw


def test_two_different_functions_of_one_name_are_corruption():
    functions = [schema.FunctionDef(node_def=[const(name, 8)]) for name in "cd"]
    for function in functions:
        function.signature.name = "f"
    with pytest.raises(CorruptionError, match="two different functions called 'f'"):
        load(record(2, b"".join(record(1, schema.serialize(function)) for function in functions)))


def test_fields_of_the_wrong_type_are_unknown_ones():
    raw = tag(1, VARINT) + b"\x05" + tag(2, VARINT) + b"\x06" + record(1, schema.serialize(const("c", 8)))
    model = load(raw)
    assert [node.name for node in model.graph] == ["c"]
    touch(model)
    assert schema.parse(schema.GraphDef, joined(model.graph_def_pieces())) == schema.parse(schema.GraphDef, raw)


def test_empty_is_an_empty_graph():
    model = load(b"")
    assert list(model.graph) == []
    assert model.graph_def_pieces()[0].read() == b""  # type: ignore[union-attr]


def test_a_payload_in_a_list_attr_survives():
    node = schema.NodeDef(name="n", op="Custom")
    node.attr["values"].list.tensor.add(dtype=1, tensor_content=bytes(5000)).tensor_shape.dim.add(size=1250)
    model = load(record(1, schema.serialize(node)))
    assert model.graph["n"].attrs["values"][0].nbytes == 5000
    touch(model)
    assert joined(model.graph["n"].pieces()) == schema.serialize(node)


def test_graphs_that_are_read_together_hold_equal_nodes_once():
    one = record(1, schema.NodeDef(name="a", op="NoOp", input=["^x"]).SerializeToString())
    other = record(1, schema.NodeDef(name="b", op="NoOp", input=["^a"]).SerializeToString())
    with read_together():
        first, second = load(one), load(one + other)
    a, again = first.graph["a"], second.graph["a"]
    assert again is not a
    assert (again._message is a._message, again._inputs is a._inputs) == (True, True)
    again.device = "/cpu:0"
    assert (a.device, second.graph["b"].inputs) == ("", ("^a",))
    assert joined(first.graph_def_pieces()) == one
    assert load(one).graph["a"]._message is not a._message
