"""What is wrong with a message is found exactly where a parser refuses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proto_utils import schema
from proto_utils.diagnosis import find_fault
from proto_utils.errors import CorruptionError


def serialized() -> bytearray:
    node = schema.NodeDef(name="conv1", op="Conv2D", input=["x", "abc"])
    node.attr["T"].list.type.extend([1, 300])
    return bytearray(schema.serialize(schema.GraphDef(node=[schema.NodeDef(name="a", op="NoOp"), node])))


@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        (b"abc", b"a\xffc", "node 'conv1'.input[1]", r"its bytes are no text in UTF-8: b'a\xffc'"),
        (b"conv1", b"conv\xff", "node 'conv\ufffd'.name", "no text in UTF-8"),
        (b"T\x12", b"T\x17", "node 'conv1'.attr['T']", "no field begins here: impossible tag"),
        (b"\x01\xac\x02", b"\x01\xac\x82", "node 'conv1'.attr['T'].list.type[0]", "numbers ends inside a varint"),
        (b"Conv2D", b"Conv2D", None, None),
    ],
)
def test_where_and_why(old, new, place, reason):
    data = bytes(serialized()).replace(old, new)
    fault = find_fault(schema.GraphDef.DESCRIPTOR, data)
    if place is None:
        assert fault is None
        return
    assert fault is not None
    assert fault.place == place
    assert reason in fault.reason
    assert data.find(new) <= fault.offset <= data.find(new) + len(new)
    with pytest.raises(CorruptionError, match="not a GraphDef: node") as caught:
        schema.parse(schema.GraphDef, data, path="x.pb", offset=1000)
    assert (caught.value.path, caught.value.offset) == ("x.pb", 1000 + fault.offset)


def test_of_a_part_of_a_file_the_place_is_told_in_the_part():
    data = bytes(serialized()).replace(b"abc", b"a\xffc")
    with pytest.raises(CorruptionError, match=r"at its byte \d+") as caught:
        schema.parse(schema.GraphDef, data, path="x.pb", offset=7, is_stripped=True)
    assert caught.value.offset == 7


def test_messages_nested_too_deep():
    data = b""
    for _ in range(150):
        data = schema.serialize(schema.FullTypeDef(type_id=1)) + b"\x12" + _varint(len(data)) + data
    fault = find_fault(schema.FullTypeDef.DESCRIPTOR, data)
    assert fault is not None
    assert "nested deeper than 100" in fault.reason
    assert fault.place.startswith("args[0].args[0]")
    assert fault.place.endswith("args[0].args[0]")
    assert len(fault.place) < 300


def _varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128, value >> 7])


@given(st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_fault_is_found_when_protobuf_refuses_and_only_then(fixtures: Path, data: st.DataObject):
    content = bytearray((fixtures / data.draw(st.sampled_from(["cond.pb", "dtypes.pb"]))).read_bytes())
    for offset in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=3)):
        content[offset] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    try:
        schema.GraphDef.FromString(bytes(content))
        is_sound = True
    except (DecodeError, UnicodeDecodeError):
        is_sound = False
    assert (find_fault(schema.GraphDef.DESCRIPTOR, bytes(content)) is None) == is_sound
