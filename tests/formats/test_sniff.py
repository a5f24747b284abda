"""Telling the graph formats apart by their first records."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats.kinds import binary_kind
from graphsurgeon.formats.sniff import first_field, is_text
from proto_utils import schema
from proto_utils.files import BytesSource
from proto_utils.wire import len_header
from tests.models import frozen, meta_graph, saved_model


def kind(data: bytes):
    return binary_kind(BytesSource(data))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (frozen(), "graph_def"),
        (schema.GraphDef(versions={"producer": 134}), "graph_def"),
        (meta_graph(), "meta_graph"),
        (schema.MetaGraphDef(graph_def=frozen()), "meta_graph"),
        (schema.MetaGraphDef(meta_info_def={"tensorflow_version": "2.21.0"}), "meta_graph"),
        (saved_model(), "saved_model"),
        (schema.SavedModel(meta_graphs=[meta_graph()]), "saved_model"),
    ],
)
def test_messages(message, expected):
    assert kind(message.SerializeToString()) == expected


def test_graph_of_functions_only():
    graph = schema.GraphDef()
    graph.library.function.add().signature.name = "f"
    assert kind(graph.SerializeToString()) == "graph_def"


@pytest.mark.parametrize("message", [frozen(), meta_graph(), saved_model()])
def test_truncated_file_keeps_its_kind(message):
    data = message.SerializeToString()
    assert {kind(data[:cut]) for cut in range(len(data) - 40, len(data))} == {kind(data)}


def test_long_string_list_before_the_graph():
    meta = meta_graph()
    for i in range(5000):
        meta.meta_info_def.stripped_op_list.op.add(name=f"Op{i}", summary="x" * 50)
    assert kind(meta.SerializeToString()) == "meta_graph"


def test_long_name_of_the_first_node():
    graph = schema.GraphDef(node=[schema.NodeDef(name="n" * 70_000, op="NoOp")])
    assert binary_kind(BytesSource(schema.serialize(graph))) == "graph_def"


def test_heads_only_are_read():
    graph = frozen()
    graph.node[1].attr["value"].tensor.tensor_content = bytes(1 << 20)
    source = CountingSource(graph.SerializeToString())
    assert binary_kind(source) == "graph_def"
    assert source.nbytes_read < 20_000


class CountingSource(BytesSource):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.nbytes_read = 0

    def read(self, start: int, end: int) -> bytes:
        self.nbytes_read += end - start
        return super().read(start, end)


@given(st.binary(max_size=200))
def test_other_bytes_are_no_graph_or_parse_as_one(data):
    """What is taken for a graph begins with a record of it: nothing random does."""
    found = kind(data)
    # A field that nobody knows may be before it.
    assert found is None or {0x0A, 0x12, 0x22, 0x08} & {*data}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'node {\n name: "x"', "node"),
        (b"# a comment\n\n# another\nversions <", "versions"),
        (b"  model_checkpoint_path : ", "model_checkpoint_path"),
        (b"\xef\xbb\xbfnode {", "node"),
        (b"just words", ""),
        (b"a,b,c\n1,2,3", ""),
    ],
)
def test_first_field(text, expected):
    assert first_field(text) == expected


def test_text_may_be_cut_inside_a_character():
    assert is_text("grün".encode()[:3])


@pytest.mark.parametrize("data", [b"", b"\x0a\x05\x0a\x01x", b"caf\xe9 x" * 9])
def test_what_is_no_text(data):
    assert not is_text(data)


@pytest.mark.parametrize("where", ["before", "behind"])
def test_fields_of_later_versions_do_not_hide_a_graph(where: str):
    """What we do not know yet is kept, so it must not keep us from recognising the rest."""
    graph = schema.GraphDef(node=[schema.NodeDef(name="x", op="Placeholder")])
    meta = schema.MetaGraphDef(meta_info_def={"tensorflow_version": "9.0"}, graph_def=graph)
    unknown = len_header(999, 3) + b"new"
    for message, expected in ((graph, "graph_def"), (meta, "meta_graph")):
        data = schema.serialize(message)
        assert kind(unknown + data if where == "before" else data + unknown) == expected
