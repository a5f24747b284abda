"""The message classes: private, lazy, strict about text, and honest about bytes."""

from __future__ import annotations

import ast
import inspect
import os
import pickle
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import EncodeError
from hypothesis import given
from hypothesis import strategies as st

from proto_utils import schema
from proto_utils.errors import CorruptionError, LimitError, NotFoundError, UnsupportedError

UNKNOWN_FIELD = b"\x98\x06\x05"  # field 99, varint 5


def run(root: Path, code: str, implementation: str = "") -> str:
    """Run code in a fresh interpreter and return what it printed."""
    variables = dict(os.environ, PYTHONPATH=str(root))
    if implementation:
        variables["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = implementation
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def node_with_unknown_field() -> schema.NodeDef:
    return schema.parse(schema.NodeDef, b"\x0a\x01a" + UNKNOWN_FIELD)


# The pool


def test_import_does_not_load_protobuf(root: Path):
    assert run(root, "import sys; from proto_utils import schema; print('google.protobuf' in sys.modules)") == "False"


def test_nothing_of_protobuf_in_python_is_imported_where_its_c_does_the_work(root: Path):
    code = (
        "import sys; from proto_utils import schema\n"
        "graph = schema.parse(schema.GraphDef, b''); graph.node.add(name='a').attr['x'].i = 1\n"
        "schema.serialize(graph), schema.MetaGraphDef(graph_def=graph), schema.quoted('a')\n"
        "print([name for name in ('descriptor_pool', 'text_format') if f'google.protobuf.{name}' in sys.modules])"
    )
    assert run(root, code, "upb") == "[]"


def test_classes_are_those_that_protobuf_itself_would_find(root: Path):
    code = (
        "from proto_utils import schema; ours = schema.GraphDef\n"
        "from google.protobuf import message_factory\n"
        "print(message_factory.GetMessageClass(ours.DESCRIPTOR) is ours, ours.__module__)\n"
        "node = ours.DESCRIPTOR.fields_by_name['node'].message_type\n"
        "print(message_factory.GetMessageClass(node) is schema.NodeDef is type(ours().node.add()))"
    )
    assert run(root, code) == "True None\nTrue"


BESIDE_ANOTHER = """
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from proto_utils import schema
def register():
    file = descriptor_pb2.FileDescriptorProto(name="graph.proto", package="tensorflow", syntax="proto3")
    file.message_type.add(name="NodeDef").field.add(name="other", number=1, type=5, label=1)
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.NodeDef"))
{steps}
assert theirs(other=7).other == 7 and schema.NodeDef(name="a").name == "a"
assert schema.message_class_like("NodeDef", theirs()) is theirs
print("sound")
"""


@pytest.mark.parametrize("implementation", ["upb", "python"])
@pytest.mark.parametrize("steps", ["theirs = register(); schema.NodeDef", "schema.NodeDef; theirs = register()"])
def test_default_pool_may_hold_the_same_names(root: Path, steps: str, implementation: str):
    assert run(root, BESIDE_ANOTHER.format(steps=steps), implementation) == "sound"


def test_default_pool_stays_empty(root: Path):
    code = (
        "from proto_utils import schema; schema.SavedModel\n"
        "from google.protobuf import descriptor_pool\n"
        "try: print(descriptor_pool.Default().FindMessageTypeByName('tensorflow.NodeDef'))\n"
        "except KeyError: print('absent')"
    )
    assert run(root, code) == "absent"


@pytest.mark.parametrize("implementation", ["upb", "python"])
def test_threads_share_one_pool(root: Path, implementation: str):
    code = (
        "import threading; from proto_utils import schema\n"
        "barrier, found = threading.Barrier(8), []\n"
        "def use(): barrier.wait(); found.append(schema.NodeDef().DESCRIPTOR.file.pool)\n"
        "threads = [threading.Thread(target=use) for _ in range(8)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()\n"
        "print(len(found), len(set(map(id, found))))"
    )
    assert run(root, code, implementation) == "8 1"


@pytest.mark.parametrize("implementation", ["upb", "python"])
def test_nested_names(root: Path, implementation: str):
    code = (
        "from proto_utils import schema\n"
        "print(schema.TrackableObjectGraph.TrackableObject.SerializedTensor.DESCRIPTOR.full_name, schema.SaverDef.V2)"
    )
    assert run(root, code, implementation) == "tensorflow.TrackableObjectGraph.TrackableObject.SerializedTensor 2"


def test_class_is_made_once():
    assert schema.NodeDef is schema.NodeDef
    assert type(schema.GraphDef().node.add()) is schema.NodeDef


@pytest.mark.parametrize("name", ["NoSuchMessage", "__path__", "DataType"])
def test_no_such_name(name: str):
    with pytest.raises(AttributeError, match=name):
        getattr(schema, name)


# Bytes


def test_serialize_sorts_map_entries():
    forward, backward = schema.NodeDef(), schema.NodeDef()
    names = [f"attr_{number}" for number in range(50)]
    for name, other in zip(names, reversed(names), strict=True):
        forward.attr[name].i = 1
        backward.attr[other].i = 1
    assert schema.serialize(forward) == schema.serialize(backward)
    assert list(schema.parse(schema.NodeDef, schema.serialize(forward)).attr) != []


def test_a_message_that_protobuf_does_not_serialize_is_too_large():
    class Large:
        DESCRIPTOR = schema.NodeDef.DESCRIPTOR

        def SerializeToString(self, deterministic: bool) -> bytes:
            raise EncodeError("Failed to serialize proto")

        def ByteSize(self) -> int:
            return 3 << 30

    with pytest.raises(LimitError, match="the size of a NodeDef in bytes is 3,221,225,472") as caught:
        schema.serialize(Large())  # type: ignore[arg-type]
    assert "checkpoint" in str(caught.value.hint)


def test_serialize_refuses_what_no_one_can_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(schema, "MAX_MESSAGE_NBYTES", 9)
    with pytest.raises(LimitError) as caught:
        schema.serialize(schema.NodeDef(name="12345678"))
    assert (caught.value.size, caught.value.limit) == (10, 9)


def test_unknown_fields_survive():
    data = b"\x0a\x01a" + UNKNOWN_FIELD
    assert schema.serialize(schema.parse(schema.NodeDef, data)) == data


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_parse_takes_any_buffer(kind: Any):
    assert schema.parse(schema.NodeDef, kind(b"\x0a\x01a")).name == "a"


def test_parsed_message_keeps_no_reference():
    data = bytearray(b"\x0a\x01a")
    node = schema.parse(schema.NodeDef, data)
    data[2:] = b"b"
    assert node.name == "a"


@pytest.mark.parametrize("nbytes", range(1, 10))
def test_truncation_is_corruption(nbytes: int):
    data = schema.serialize(schema.NodeDef(name="12345678"))
    with pytest.raises(CorruptionError) as caught:
        schema.parse(schema.NodeDef, data[:nbytes], path="graph.pb", offset=7)
    assert (caught.value.path, caught.value.offset) in [("graph.pb", 7), ("graph.pb", 8)]
    assert caught.value.reason.startswith("not a NodeDef: no field begins here: ")


def test_explicit_zero_differs_from_absent():
    extent = schema.TensorSliceProto.Extent(start=3, length=0)
    assert extent.HasField("length")
    assert schema.serialize(extent) == b"\x08\x03\x10\x00"
    assert not schema.TensorSliceProto.Extent(start=3).HasField("length")
    assert schema.serialize(schema.GraphDebugInfo.FileLineCol(line=0)) == b"\x10\x00"


# Text


def test_text_of_what_tensorflow_writes():
    text = 'model_checkpoint_path: "model.ckpt-1"\nall_model_checkpoint_paths: "model.ckpt-1"\n'
    state = schema.parse_text(schema.CheckpointState, text)
    assert state.all_model_checkpoint_paths == ["model.ckpt-1"]
    assert schema.print_text(state) == text


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ('node {\n  name: "a"\n  frob: 3\n}', "line 3, column 3", "frob"),
        ('node {\n  99: 3\n}', "line 2, column 3", "99"),
        ('node {\n  name: "a" name: "b"\n}', "line 2, column 19", "name"),
        ('node {\n  attr { key: "T" value { type: DT_NEW } }\n}', "line 2, column 33", "DT_NEW"),
        ("versions {\n producer: 99999999999 }", "line 2, column 12", "99999999999"),
        ("versions {", "line 1, column 10", "'}' is missing"),
        ("\n[foo.bar]: 1", "line 2, column ", "extension"),
    ],
)  # fmt: skip
def test_text_with_an_error_is_refused_with_its_place(text: str, where: str, what: str):
    with pytest.raises(CorruptionError) as caught:
        schema.parse_text(schema.GraphDef, text, path="graph.pbtxt")
    assert caught.value.path == "graph.pbtxt"
    assert f"not the text of a GraphDef: {where}" in caught.value.reason
    assert what in caught.value.reason


def test_text_error_does_not_quote_megabytes():
    with pytest.raises(CorruptionError) as caught:
        schema.parse_text(schema.TensorProto, f'tensor_content: "{"x" * 1_000_000}" dtype: DT_NEW')
    assert len(caught.value.reason) < 600
    assert "line 1, column 1000027" in caught.value.reason
    assert "no DataType is called 'DT_NEW'" in caught.value.reason


@pytest.mark.parametrize("text", [b'node { name: "\xff" }', 'node { name: "\\377" }'])
def test_text_that_is_not_utf8(text: str | bytes):
    with pytest.raises(CorruptionError, match="not UTF-8"):
        schema.parse_text(schema.GraphDef, text)


@pytest.mark.parametrize("number", [1 << 31, -(1 << 31) - 1, 10**30])
def test_text_with_a_number_that_no_field_holds(number: int):
    with pytest.raises(CorruptionError, match=str(number)):
        schema.parse_text(schema.TensorProto, f"dtype: {number}")


def test_text_nested_too_deep():
    depth = 2000
    with pytest.raises(CorruptionError, match="StructuredValue"):
        schema.parse_text(schema.StructuredValue, "list_value { values { " * depth + "} } " * depth)


def test_text_any_of_a_known_type():
    text = "any_info { [type.googleapis.com/tensorflow.SaverDef] { max_to_keep: 5 } }"
    info = schema.parse_text(schema.MetaGraphDef.MetaInfoDef, text)
    saver = schema.SaverDef()
    assert info.any_info.Unpack(saver)
    assert saver.max_to_keep == 5


def test_text_any_of_an_unknown_type():
    text = "any_info { [type.googleapis.com/tensorflow.Later] { max_to_keep: 5 } }"
    with pytest.raises(CorruptionError, match=r"tensorflow\.Later"):
        schema.parse_text(schema.MetaGraphDef.MetaInfoDef, text)


@pytest.mark.parametrize("inside", [b"", b"\x20\x05", UNKNOWN_FIELD, b"not a message"])
@pytest.mark.parametrize("type_name", ["SaverDef", "Later"])
def test_text_of_any_loses_nothing(inside: bytes, type_name: str):
    info = schema.MetaGraphDef.MetaInfoDef()
    info.any_info.type_url = f"type.googleapis.com/tensorflow.{type_name}"
    info.any_info.value = inside
    back = schema.parse_text(schema.MetaGraphDef.MetaInfoDef, schema.print_text(info))
    assert schema.serialize(back) == schema.serialize(info)


def test_the_largest_float_is_printed_with_all_digits():
    largest = 3.4028234663852886e38
    tensor = schema.TensorProto(
        float_val=[largest, -largest, 3e38],
        scomplex_val=[largest],
        double_val=[3.4028235e38],
        string_val=[b"f: 3.4028235e+38"],
    )
    text = schema.print_text(tensor)
    assert text.count("3.4028234663852886e+38\n") == 3
    assert "double_val: 3.4028235e+38\n" in text
    assert "f: 3.4028235e+38" in text
    assert schema.parse_text(schema.TensorProto, text) == tensor
    # What parsers in Python read is a double, which some compare with the largest float.
    assert float("3.4028234663852886e+38") <= largest < float("3.4028235e+38")


def test_print_text_knows_every_float_field():
    sources = [path.read_text() for path in Path(schema.__file__).parent.joinpath("protos").glob("*.proto")]
    names = {name for text in sources for name in re.findall(r"^\s*(?:repeated )?float (\w+) =", text, re.MULTILINE)}
    doubles = {name for text in sources for name in re.findall(r"^\s*(?:repeated )?double (\w+) =", text, re.MULTILINE)}
    known = {
        name for name in names | doubles if re.search(schema.__dict__["_LARGEST_FLOAT"], f"  {name}: 3.4028235e+38")
    }
    assert known == names > {"float_val"}


def test_print_text_refuses_unknown_fields_and_says_where():
    graph = schema.GraphDef()
    graph.node.add(name="first")
    attrs = graph.node.add(name="second").attr
    attrs["N"].i = 1
    attrs["value"].tensor.MergeFromString(UNKNOWN_FIELD)
    with pytest.raises(UnsupportedError, match=r"node\[1\]\.attr\[value\]\.tensor\.99"):
        schema.print_text(graph)
    with pytest.raises(UnsupportedError, match=r"NodeDef: 99 "):
        schema.print_text(node_with_unknown_field())


@given(
    name=st.text(),
    raw=st.binary(),
    number=st.integers(-(2**63), 2**63 - 1),
    floats=st.lists(st.floats(width=32, allow_nan=False)),
    doubles=st.lists(st.floats(allow_nan=False)),
)
def test_text_round_trip(name: str, raw: bytes, number: int, floats: list[float], doubles: list[float]):
    node = schema.NodeDef(name=name, input=[name])
    node.attr[name].tensor.tensor_content = raw
    node.attr["number"].i = number
    node.attr["values"].tensor.float_val.extend(floats)
    node.attr["doubles"].tensor.double_val.extend(doubles)
    text = schema.print_text(node)
    assert text.isascii()
    assert schema.serialize(schema.parse_text(schema.NodeDef, text)) == schema.serialize(node)


def test_text_of_not_a_number():
    tensor = schema.TensorProto(float_val=[float("nan"), float("inf"), float("-inf")])
    back = schema.parse_text(schema.TensorProto, schema.print_text(tensor))
    assert struct.pack("<3f", *back.float_val) == struct.pack("<3f", *tensor.float_val)


# Other pools


def test_convert_copies():
    node = node_with_unknown_field()
    copy = schema.convert(node, schema.NodeDef)
    copy.name = "changed"
    assert node.name == "a"
    assert schema.serialize(copy).endswith(UNKNOWN_FIELD)


def test_message_class_like_our_own():
    assert schema.message_class_like("MetaGraphDef.MetaInfoDef", schema.NodeDef()) is schema.MetaGraphDef.MetaInfoDef


def test_message_class_like_of_a_pool_without_it():
    from google.protobuf import wrappers_pb2

    with pytest.raises(NotFoundError) as caught:
        schema.message_class_like("NoSuchMessage", wrappers_pb2.BoolValue())
    assert (caught.value.kind, caught.value.name) == ("message", "tensorflow.NoSuchMessage")


# The stub


@pytest.fixture(scope="module")
def stub(root: Path) -> ast.Module:
    return ast.parse((root / "proto_utils" / "schema.pyi").read_text(encoding="utf-8"))


def test_stub_has_the_real_signatures(stub: ast.Module):
    functions = {node.name: node for node in stub.body if isinstance(node, ast.FunctionDef)}
    real = {name for name, value in vars(schema).items() if inspect.isfunction(value) and not name.startswith("_")}
    assert set(functions) == real
    for name, node in functions.items():
        arguments = [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
        assert arguments == list(inspect.signature(getattr(schema, name)).parameters)


def test_stub_has_the_real_containers(stub: ast.Module):
    real = {
        "RepeatedScalar": schema.NodeDef().input,
        "RepeatedMessage": schema.GraphDef().node,
        "ScalarMap": schema.FunctionDef().ret,
        "MessageMap": schema.NodeDef().attr,
        "AnyMessage": schema.MetaGraphDef.MetaInfoDef().any_info,
        "Enum": schema.SaverDef.CheckpointFormatVersion,
        "Message": schema.NodeDef(),
    }
    classes = {node.name: node for node in stub.body if isinstance(node, ast.ClassDef)}
    for name, value in real.items():
        methods = [node.name for node in classes[name].body if isinstance(node, ast.FunctionDef)]
        assert [method for method in methods if not hasattr(value, method)] == []


def test_stub_has_every_field(stub: ast.Module):
    messages = [node for node in stub.body if isinstance(node, ast.ClassDef) and is_message(node)]
    assert len(messages) > 60
    for node in messages:
        assert_same_fields(node, getattr(schema, node.name))


def is_message(node: ast.ClassDef) -> bool:
    """Whether a class of the stub is one of our messages; decorated ones exist for type checkers only."""
    return [ast.unparse(base) for base in node.bases] == ["Message"] and not node.decorator_list


def assert_same_fields(node: ast.ClassDef, cls: Any) -> None:
    """The stub of a message names its fields, its nested messages and its enums' values, and nothing else."""
    descriptor = cls.DESCRIPTOR
    nested = {inner.name: inner for inner in node.body if isinstance(inner, ast.ClassDef)}
    plain = {
        inner.target.id
        for inner in node.body
        if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name)
    }
    properties = {inner.name for inner in node.body if isinstance(inner, ast.FunctionDef) and inner.decorator_list}
    enums = {enum.name for enum in descriptor.enum_types} | set(descriptor.enum_values_by_name)
    assert plain | properties == set(descriptor.fields_by_name) | enums
    for name, inner in nested.items():
        assert_same_fields(inner, getattr(cls, name))


def test_messages_are_pickled():
    node = schema.NodeDef(name="n", op="NoOp", attr={"a": schema.AttrValue(i=1)})
    again = pickle.loads(pickle.dumps(node))
    assert again == node
    assert type(again) is schema.NodeDef


@pytest.mark.parametrize("text", ["node { name: 'a", "node { name: 'a{' ", 'node { attr { key: "x" value { i:'])
def test_a_text_that_ends_inside_a_message_is_perhaps_truncated(text):
    with pytest.raises(CorruptionError) as caught:
        schema.parse_text(schema.GraphDef, text)
    assert caught.value.hint == "it ends inside a message: truncated? download it again"


@pytest.mark.parametrize("text", ["nmae: 3", "node { name: 'x{' } }"])
def test_other_mistakes_in_a_text_are_not(text):
    with pytest.raises(CorruptionError) as caught:
        schema.parse_text(schema.GraphDef, text)
    assert "truncated" not in str(caught.value.hint)
