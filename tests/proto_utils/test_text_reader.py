"""Text becomes what protobuf makes of it, or is left to protobuf; its long values stay in the file."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st

from proto_utils import schema, text_reader
from proto_utils.errors import ChangedError, CorruptionError
from proto_utils.files import FileSource
from proto_utils.pieced import PiecedSource
from proto_utils.text_reader import read_text
from proto_utils.text_values import TextValue
from tests.models import shared_files

ESCAPED = "a0" * 40 + r"\0013\\\""
LONG = bytes(range(256)) * 40


def pieces_of(path: Path) -> list[Any]:
    """Return the pieces that the text in a file becomes."""
    pieces = read_text(FileSource(path), schema.GraphDef)
    assert pieces is not None
    return list(pieces)


def read(path: Path, text: str | bytes, cls=schema.GraphDef):
    """Return the message that a text becomes, None when it is left to protobuf."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    source = FileSource(path)
    pieces = read_text(source, cls)
    if pieces is None:
        return None
    whole = PiecedSource(pieces, source)
    return cls.FromString(whole.read(0, whole.size))


def by_protobuf(text: str | bytes, cls=schema.GraphDef):
    """Return the message that protobuf makes of a text, None when it makes none."""
    try:
        return schema.parse_text(cls, text)
    except CorruptionError:
        return None


def value(tensor: str) -> str:
    return f'node {{ name: "a" attr {{ key: "value" value {{ tensor {{ {tensor} }} }} }} }}'


UNDERSTOOD = [
    "",
    "# nothing\n",
    'node { name: "a" op: "Const" }',
    'node: { name: "a" }  # a comment\nnode{name:"b"op:"C"}versions{producer:12}',
    "\ufeffversions { producer: 134 min_consumer: 0 }",
    'node { input: "a" input: "^b" input: "" }',
    'node { name: "\\303\\251\\x41\\n\\t\\\\\\"\\\'" }',
    'node { name: "\u00e9" }',
    'node { attr { key: "T" value { type: DT_FLOAT } } attr { key: "Tidx" value { type: DT_INT32 } } }',
    'node { attr { key: "z" value { i: -1 } } attr { key: "a" value { f: -0.0 } } }',
    'node { attr { key: "a" value { i: 0 } } attr { key: "a" value { b: false } } }',
    'node { attr { key: "" value { } } attr { key: "b" } attr { value { i: 3 } } }',
    'node { attr { key: "l" value { list { i: 1 i: 300 i: -9223372036854775808 s: "a" type: DT_FLOAT b: true } } } }',
    'node { op: "later" name: "before" }',
    "library { function { arg_attr { key: 3 value { } } arg_attr { key: 1 value { } } } }",
    value("dtype: DT_FLOAT float_val: 1 float_val: -1.5e-3 float_val: inf float_val: -inf float_val: nan"),
    value(
        "float_val: 3.4028235e+38 double_val: 1e300 double_val: 4.9e-324 int_val: -2147483648 uint32_val: 4294967295"
    ),
    value("float_val: 1 int_val: 2 float_val: 3"),
    value("uint64_val: 18446744073709551615 bool_val: true bool_val: false half_val: 15360"),
    value('tensor_content: "\\000\\377\\0013" string_val: "a" string_val: ""'),
    value('tensor_content: "a\\0"'),
]

LEFT = [
    "versions { producer: 0x10 }",
    "versions { producer: 010 }",
    "versions < producer: 1 >",
    "versions { producer: 1; min_consumer: 2 }",
    "versions { bad_consumers: [1, 2] }",
    'node { name: "a" "b" }',
    "node { name: 'a' }",
    'node { attr { key: "T" value { type: 1 } } }',
    'node { attr { key: "T" value { b: 1 } } }',
    'node { name: "\\u0041" }',
    'node { name: "\\xA" }',
    value("float_val: 1e39"),
    value("float_val: 1.0f"),
    "versions { producer: 0 producer: 3 }",
]

WRONG = [
    "node",
    "node {",
    "}",
    "node { } }",
    "nodes { }",
    "node: 3",
    "versions { producer }",
    "versions { producer: 1 producer: 2 }",
    "versions { producer: 2147483648 }",
    "versions { producer: 1.5 }",
    "versions: { producer: { } }",
    'versions { producer: "1" }',
    "node { name: a }",
    'node { name "a" }',
    'node { name: "a }',
    'node { name: "a\nb" }',
    'node { name: "\\377" }',
    b'node { name: "\xff" }',
    b'# \xff\nnode { name: "a" }',
    'node { attr { key: "T" value { type: DT_NOTHING } } }',
    'node { attr { key: "T" value { i: 1 f: 2 } } }',
    'node { attr { key: "b" value { b: yes } } }',
    "versions { producer: - 1 }",
    value("int_val: 1 int_val: 2147483648"),
]


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_what_printers_write_is_understood(tmp_path, text):
    found, wanted = read(tmp_path / "x", text), by_protobuf(text.encode())
    assert wanted is not None
    assert schema.serialize(found) == schema.serialize(wanted)


@pytest.mark.parametrize("text", LEFT)
def test_what_is_uncommon_is_left_to_protobuf(tmp_path, text):
    assert read(tmp_path / "x", text) is None
    assert by_protobuf(text) is not None


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_left_to_protobuf(tmp_path, text):
    assert read(tmp_path / "x", text) is None
    assert by_protobuf(text) is None


@pytest.mark.parametrize("escape", ["q", "400", "?", "\n", "u00e9"])
def test_escapes_that_protobuf_takes_in_its_own_way_are_left_to_it(tmp_path, escape):
    assert read(tmp_path / "x", f'node {{ name: "\\{escape}" }}') is None


def test_messages_nested_deep_are_left_to_protobuf(tmp_path):
    depth = 200
    text = 'node { attr { key: "f" value { ' + 'func { attr { key: "f" value { ' * depth + "} } } " * (depth + 1)
    assert read(tmp_path / "x", text) is None


def test_the_bytes_are_those_of_deterministic_serialization(tmp_path):
    text = 'node { op: "B" name: "a" attr { key: "b" value { i: 0 } } attr { key: "a" value { s: "" } } } version: 0'
    path = tmp_path / "x"
    path.write_text(text)
    assert read_text(FileSource(path), schema.GraphDef) == [schema.serialize(schema.parse_text(schema.GraphDef, text))]


@pytest.mark.parametrize("window", [3, 7, 64])
@pytest.mark.parametrize("text", [*UNDERSTOOD, value("float_val: 0.25 " * 30), value(f'tensor_content: "{ESCAPED}"')])
def test_where_the_window_ends_does_not_matter(tmp_path, monkeypatch, window, text):
    monkeypatch.setattr(text_reader, "_WINDOW_NBYTES", window)
    found = read(tmp_path / "x", text)
    assert schema.serialize(found) == schema.serialize(by_protobuf(text.encode()))


@pytest.mark.parametrize("window", [7, 1000, 1 << 20])
def test_long_texts_stay_in_the_file(tmp_path, monkeypatch, window):
    monkeypatch.setattr(text_reader, "_WINDOW_NBYTES", window)
    monkeypatch.setattr(text_reader, "_LONG_STATEMENT_NBYTES", max(64, min(window, 4096)))
    path, message = tmp_path / "x", schema.GraphDef()
    for number in range(3):
        message.node.add(name=f"n{number}").attr["value"].tensor.tensor_content = LONG
    path.write_text(schema.print_text(message))
    pieces = pieces_of(path)
    assert [piece.nbytes for piece in pieces[1::2]] == [len(LONG)] * 3
    assert b"".join(piece if isinstance(piece, bytes) else b"".join(piece.chunks()) for piece in pieces) == (
        schema.serialize(message)
    )


@pytest.mark.parametrize("field", ["float_val", "int_val", "int64_val", "bool_val", "double_val"])
def test_long_runs_of_numbers_stay_in_the_file(tmp_path, field):
    message = schema.GraphDef()
    tensor = message.node.add().attr["value"].tensor
    getattr(tensor, field).extend([0, 1, 1, 0, 1] * 10_000)
    tensor.dtype = 1
    path = tmp_path / "x"
    path.write_text(schema.print_text(message))
    pieces = pieces_of(path)
    assert sum(len(piece) for piece in pieces[::2]) < 1024 + 64
    assert any(isinstance(piece, TextValue) for piece in pieces)
    assert schema.serialize(read(path, path.read_bytes())) == schema.serialize(message)


def test_what_is_out_of_order_beside_a_long_value_is_left_to_protobuf(tmp_path):
    text = value(f'tensor_content: "{"a" * 5000}" dtype: DT_INT8')
    assert read(tmp_path / "x", text) is None
    assert by_protobuf(text) is not None


@pytest.mark.parametrize("end", ["\\q", "\n", "\u00e9", "\\12", ""])
def test_long_texts_that_go_wrong_are_left_to_protobuf(tmp_path, monkeypatch, end):
    monkeypatch.setattr(text_reader, "_WINDOW_NBYTES", 1024)
    monkeypatch.setattr(text_reader, "_LONG_STATEMENT_NBYTES", 1024)
    assert read(tmp_path / "x", f'node {{ attr {{ key: "v" value {{ s: "{"a" * 5000}{end}') is None


def test_a_text_that_is_written_to_meanwhile_is_noticed(tmp_path):
    path = tmp_path / "x"
    path.write_text(value(f'tensor_content: "{"a" * 5000}"'))
    whole = PiecedSource(pieces_of(path), FileSource(path))
    path.write_text(value(f'tensor_content: "{"b" * 5001}"'))
    with pytest.raises(ChangedError):
        whole.read(0, whole.size)


def test_shared_texts_are_what_protobuf_makes_of_them(tmp_path):
    paths = shared_files(".pbtxt")
    if not paths:
        pytest.skip("../shared/models is not beside the project")
    num_read = 0
    for path in paths:
        text = path.read_bytes()
        cls = schema.SavedModel if text.startswith(b"saved_model") else schema.GraphDef
        found = read(tmp_path / "x", text, cls)
        if found is not None:
            num_read += 1
            assert schema.serialize(found) == schema.serialize(by_protobuf(text, cls)), path
    assert num_read > 0.95 * len(paths)


TOKENS = st.sampled_from(
    ["{", "}", ":", '"', "\\", "#", "\n", " ", "<", "[", "]", ",", "0", "1.5", "-", "nan", "inf", "name", "op", "attr",
     "key", "value", "tensor", "float_val: 1", "int_val: 3", "type: DT_INT8", "DT_FLOAT", "true", '"a"', "'b'", "\\0",
     "\\x4", "\u00e9", "input", "i: 7", "b: true", "list {", "versions {", "tensor_content:", "e5", "_"]
)  # fmt: skip
BASE = text_format.MessageToString(
    schema.parse_text(schema.GraphDef, UNDERSTOOD[12].replace("node {", 'node { name: "n" op: "P" input: "m"'))
) + value('dtype: DT_FLOAT tensor_shape { dim { size: 3 } } float_val: 1 float_val: 2.5 tensor_content: "\\001a"')


@given(st.data())
def test_texts_with_faults_are_never_understood_in_another_way(tmp_path_factory, data):
    text = BASE
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        text = text[:start] + data.draw(TOKENS) + text[start + data.draw(st.integers(0, 4)) :]
    found = read(tmp_path_factory.getbasetemp() / "faulty", text)
    if found is not None:
        wanted = by_protobuf(text.encode())
        assert wanted is not None
        assert schema.serialize(found) == schema.serialize(wanted)


@given(st.lists(st.floats(width=32, allow_nan=False)), st.lists(st.floats(allow_nan=False)))
def test_floats_are_rounded_as_protobuf_rounds_them(tmp_path_factory, singles, doubles):
    message = schema.GraphDef()
    tensor = message.node.add().attr["value"].tensor
    tensor.float_val.extend(singles)
    tensor.double_val.extend(doubles)
    found = read(tmp_path_factory.getbasetemp() / "floats", schema.print_text(message))
    assert schema.serialize(found) == schema.serialize(message)


def test_nan_is_the_quiet_one(tmp_path):
    (found,) = read(tmp_path / "x", value("float_val: nan")).node[0].attr["value"].tensor.float_val
    assert math.isnan(found)
    assert struct.pack("<f", found) == b"\x00\x00\xc0\x7f"
