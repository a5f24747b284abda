"""SavedModels in chunks are put together to what they were; `tests/tf` holds that against TensorFlow."""

from __future__ import annotations

import pytest

from graphsurgeon.formats.chunked import merge_chunks
from graphsurgeon.formats.load import load
from proto_utils import schema
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import BytesSource
from tests.formats.chunked_files import (
    COMPRESSIONS,
    RiegeliFile,
    chunked_field,
    chunked_file,
    chunked_message,
    message_of,
    split,
)
from tests.models import meta_graph, saved_model


def merged(data):
    source = merge_chunks(BytesSource(data, "saved_model.cpb"))
    return schema.parse(schema.SavedModel, source.read(0, source.size))


def tree(*places, first=0):
    return chunked_message(first, b"".join(message_of(2, place) for place in places))


@pytest.fixture
def model():
    found = saved_model(meta_graph(), meta_graph())
    for meta in found.meta_graphs:
        meta.graph_def.node[1].attr["value"].tensor.tensor_content = bytes(range(200))
    return found


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("together", [1, 3, 100])
def test_chunks_are_put_together(model, compression, together):
    assert merged(split(model, compression=compression, together=together)) == model


def test_a_directory_with_chunks_is_a_saved_model(model, tmp_path):
    (tmp_path / "saved_model.cpb").write_bytes(split(model))
    for path in (tmp_path, tmp_path / "saved_model.cpb"):
        found = load(path)
        assert [node.name for node in found.graph] == ["x", "w", "w/read", "out"]
        assert bytes(found.graph["w"].proto.attr["value"].tensor.tensor_content)[:3] == b"\0\1\2"


def test_chunks_may_begin_the_message_be_missing_and_be_nested():
    graph = schema.GraphDef(node=[schema.NodeDef(name="a", op="NoOp")])
    later = schema.GraphDef(node=[schema.NodeDef(name="b", op="NoOp")])
    inner = message_of(2, chunked_field([2], 0, message_of(2, chunked_field([], 1))))
    data = chunked_file(
        [schema.serialize(graph), schema.serialize(later)],
        tree(chunked_field([2, [0]], None, inner), first=None),
    )
    wanted = schema.SavedModel()
    wanted.meta_graphs.add().graph_def.node.extend([*graph.node, *later.node])
    assert merged(data) == wanted


BASE = schema.serialize(saved_model())


@pytest.mark.parametrize(
    ("places", "reason"),
    [
        ([chunked_field([2, [5], 2], 1)], "element 5 of field 2, which has 1"),
        ([chunked_field([99], 1)], "field 99 of tensorflow.SavedModel"),
        ([chunked_field([1], 1)], "saved_model_schema_version, which is no message"),
        ([chunked_field([[0]], 1)], "belongs to no field"),
        ([chunked_field([2, [0], 2, "x"], 1)], "which is no map"),
        ([chunked_field([], 7)], "there are 2"),
        ([chunked_field([], 1), chunked_field([], 1)], "used twice"),
    ],
)
def test_places_that_are_not_there(places, reason):
    with pytest.raises((CorruptionError, UnsupportedError), match=reason) as caught:
        merged(chunked_file([BASE, b""], tree(*places)))
    assert caught.value.path == "saved_model.cpb"


def test_a_file_that_says_something_wrong_of_itself():
    with pytest.raises(CorruptionError, match=r"chunk 0 has .* where nothing is"):
        merged(chunked_file([BASE], tree(), change=lambda position: position + 1))
    with pytest.raises(CorruptionError, match="without any chunk"):
        merged(bytes(RiegeliFile().data))
    with pytest.raises(UnsupportedError, match="no SavedModel"):
        merged(chunked_file([schema.serialize(schema.GraphDef())], tree()))


def test_messages_in_chunks_are_not_nested_for_ever():
    place = chunked_field([], None)
    for _ in range(150):
        place = chunked_field([], None, message_of(2, place))
    with pytest.raises(CorruptionError, match="nested deeper than 100"):
        merged(chunked_file([BASE], tree(place)))
