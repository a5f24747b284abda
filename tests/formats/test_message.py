"""Files of one message: read lazily, written as the bytes they were, errors with their place."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from graphsurgeon.formats.message import GRAPH_DEF, META_GRAPH, locating, write_pieces
from graphsurgeon.ir.model import Model
from proto_utils import schema
from proto_utils.errors import ChangedError, CorruptionError, LimitError, UnsupportedError
from proto_utils.files import BytesSource, FileSource, Span
from proto_utils.output import Transaction
from proto_utils.splice import join
from proto_utils.wire import fields, len_header
from tests import notation
from tests.models import floats, frozen, meta_graph


def write(path: Path, pieces) -> bytes:
    with Transaction(overwrite=True) as transaction:
        write_pieces(pieces, transaction.create(path))
    return path.read_bytes()


def test_pieces_are_bytes_spans_and_tensors(tmp_path):
    span = Span(BytesSource(b"0123456789"), 2, 5)
    assert write(tmp_path / "x", [b"ab", span, floats(1.0), b"c"]) == b"ab234\x00\x00\x80\x3fc"


def test_file_may_be_written_over_itself(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"hello")
    assert write(path, [Span(FileSource(path), 1, 5), b"!"]) == b"ello!"


def test_a_file_that_is_written_to_meanwhile_is_noticed(tmp_path):
    path, out = tmp_path / "x", tmp_path / "out"
    path.write_bytes(b"hello")
    span = Span(FileSource(path), 1, 5)
    path.write_bytes(b"HELLO!")
    with pytest.raises(ChangedError):
        write(out, [b"x", span])
    assert not out.exists()


MESSAGES = [(GRAPH_DEF, frozen()), (META_GRAPH, meta_graph())]
each_message = pytest.mark.parametrize(("form", "message"), MESSAGES, ids=["GraphDef", "MetaGraphDef"])


def encoded(form, model, *, as_text=False) -> bytes:
    return join(form.encode(model, as_text=as_text))


@each_message
@pytest.mark.parametrize("is_text", [False, True])
def test_read(tmp_path, form, message, is_text):
    (tmp_path / "x").write_bytes(schema.print_text(message).encode() if is_text else message.SerializeToString())
    model = form.read(tmp_path / "x", is_text=is_text)
    assert [node.name for node in model.graph] == ["x", "w", "w/read", "out"]
    assert model.graph["w"].tensor.numpy().tolist() == [1, 2, 3]
    assert model.path == str(tmp_path / "x")
    assert schema.parse(type(message), encoded(form, model)) == message


def test_meta_graph_keeps_what_is_around_the_graph(tmp_path):
    (tmp_path / "x").write_bytes(meta_graph().SerializeToString())
    model = META_GRAPH.read(tmp_path / "x")
    assert model.meta is not None
    assert model.meta.meta_info_def.tensorflow_version == "1.15.0"
    assert model.to_meta_graph_def() == meta_graph()


def test_graph_comes_out_of_a_meta_graph(tmp_path):
    (tmp_path / "x").write_bytes(meta_graph().SerializeToString())
    assert schema.parse(schema.GraphDef, encoded(GRAPH_DEF, META_GRAPH.read(tmp_path / "x"))) == frozen()


@each_message
def test_unedited_message_is_the_bytes_it_was(tmp_path, form, message):
    data = message.SerializeToString(deterministic=False) + b"\x9a\x06\x02hi"  # a field no version knows
    (tmp_path / "x").write_bytes(data)
    assert encoded(form, form.read(tmp_path / "x")) == data


@each_message
def test_text_and_back(tmp_path, form, message):
    (tmp_path / "x").write_bytes(message.SerializeToString())
    text = encoded(form, form.read(tmp_path / "x"), as_text=True)
    assert schema.parse_text(type(message), text) == message


@each_message
def test_text_refuses_to_lose_fields(tmp_path, form, message):
    (tmp_path / "x").write_bytes(message.SerializeToString() + b"\x9a\x06\x02hi")
    with pytest.raises(UnsupportedError, match="unknown"):
        form.encode(form.read(tmp_path / "x"), as_text=True)


def test_damage_is_located(tmp_path):
    (tmp_path / "x.pb").write_bytes(frozen().SerializeToString()[:-3])
    with pytest.raises(CorruptionError) as caught:
        GRAPH_DEF.read(tmp_path / "x.pb")
    assert caught.value.path == str(tmp_path / "x.pb")
    assert caught.value.offset is not None


def test_bad_text_is_located_by_line(tmp_path):
    (tmp_path / "x.pbtxt").write_text("node {\n  nmae: 'x'\n}")
    with pytest.raises(CorruptionError, match="line 2, column 3") as caught:
        GRAPH_DEF.read(tmp_path / "x.pbtxt", is_text=True)
    assert caught.value.path == str(tmp_path / "x.pbtxt")


def test_path_that_is_known_stays():
    with pytest.raises(CorruptionError) as caught, locating("outer"):
        raise CorruptionError("bad", path="inner")
    assert caught.value.path == "inner"


def sparse_graph(path: Path, nbytes: int) -> None:
    """A graph with one constant of `nbytes` zero bytes that take no room on the disk."""
    graph = schema.GraphDef()
    node = graph.node.add(name="w", op="Const")
    node.attr["dtype"].type = 1
    tensor = schema.TensorProto(dtype=1, tensor_shape={"dim": [{"size": nbytes // 4}]}).SerializeToString()
    tensor += len_header(4, nbytes)
    value = len_header(8, len(tensor) + nbytes) + tensor
    entry = b"\x0a\x05value" + len_header(2, len(value) + nbytes) + value
    body = node.SerializeToString() + len_header(5, len(entry) + nbytes) + entry
    head = len_header(1, len(body) + nbytes) + body
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(len(head) + nbytes)


def test_graph_past_two_gibibytes_is_read_without_its_payload(tmp_path):
    path = tmp_path / "big.pb"
    sparse_graph(path, 3 << 30)
    if os.stat(path).st_blocks * 512 > 1 << 20:
        pytest.skip("this file system has no sparse files")
    model = GRAPH_DEF.read(path)
    assert model.graph["w"].tensor.nbytes == 3 << 30
    with pytest.raises(LimitError):
        GRAPH_DEF.encode(model)


def test_every_truncation_is_noticed_or_between_nodes(tmp_path):
    data = frozen().SerializeToString()
    ends = {0, *(field.end for field in fields(data))}
    for cut in range(len(data)):
        (tmp_path / "x").write_bytes(data[:cut])
        if cut in ends:
            assert encoded(GRAPH_DEF, GRAPH_DEF.read(tmp_path / "x")) == data[:cut]
            continue
        with pytest.raises(CorruptionError, match=f"truncated: {cut} of ") as caught:
            GRAPH_DEF.read(tmp_path / "x")
        assert caught.value.path == str(tmp_path / "x")
        assert caught.value.hint == "download it again"


def test_damage_that_is_no_truncation_is_not_called_one(tmp_path):
    # The record of a node ends with the file, a name in it behind that.
    (tmp_path / "x").write_bytes(b"\x0a\x04\x0a\x09ab")
    with pytest.raises(CorruptionError) as caught:
        GRAPH_DEF.read(tmp_path / "x")
    assert "truncated" not in str(caught.value)


def test_text_has_no_field_in_its_op_list_that_older_parsers_do_not_know():
    model = notation.model("x = Placeholder {dtype: f32}; s = Shape(x)")
    text, data = (join(META_GRAPH.encode(model, as_text=as_text)) for as_text in (True, False))
    assert b'name: "Shape"' in text
    assert b"experimental_full_type" not in text
    listed = schema.parse(schema.MetaGraphDef, data).meta_info_def.stripped_op_list
    assert listed.op[-1].output_arg[0].HasField("experimental_full_type")


def test_text_leaves_out_the_types_that_are_inferred_anew():
    """One such field, and no parser before TensorFlow 2.7 reads the text."""
    graph = frozen()
    graph.node[1].experimental_type.type_id = 1000
    body = graph.library.function.add()
    body.signature.name = "f"
    body.signature.input_arg.add(name="x", type=1).experimental_full_type.type_id = 1000
    body.node_def.add(name="y", op="Identity", input=["x"]).experimental_type.type_id = 1000
    model = Model.from_graph_def(graph)
    for form in (GRAPH_DEF, META_GRAPH):
        text = encoded(form, model, as_text=True)
        assert b"experimental" not in text
    assert schema.parse(schema.GraphDef, encoded(GRAPH_DEF, model)) == graph


LONG_TEXT = f'node {{ name: "a" attr {{ key: "value" value {{ tensor {{ tensor_content: "{"a" * 4096}" }} }} }} }}'


def test_text_with_long_values_is_read_as_its_binary_form(tmp_path):
    path, out = tmp_path / "x.pbtxt", tmp_path / "x.pb"
    path.write_text(LONG_TEXT)
    model = GRAPH_DEF.read(path, is_text=True)
    assert write(out, GRAPH_DEF.encode(model)) == schema.serialize(schema.parse_text(schema.GraphDef, LONG_TEXT))
    assert pickle.loads(pickle.dumps(model)).to_graph_def() == model.to_graph_def()
    model.close()
    with pytest.raises(UnsupportedError, match="was closed"):
        model.to_graph_def()


def test_text_that_was_written_to_is_noticed_when_its_values_are_read(tmp_path):
    path = tmp_path / "x.pbtxt"
    path.write_text(LONG_TEXT)
    model = GRAPH_DEF.read(path, is_text=True)
    path.write_text(LONG_TEXT.replace("aaaa", "bbbbb"))
    with pytest.raises(ChangedError):
        model.to_graph_def()


@pytest.mark.parametrize("text", ['node < name: "a" >', "node { name: 'a' }"])
def test_text_that_no_printer_writes_is_read_too(tmp_path, text):
    path = tmp_path / "x.pbtxt"
    path.write_text(text)
    assert [node.name for node in GRAPH_DEF.read(path, is_text=True).to_graph_def().node] == ["a"]
