"""The list of tensors in a V1 shard: kinds that are decoded once, and what goes the long way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats import v1_list
from graphsurgeon.formats.v1_list import Listed, StoredSlice, TensorList, V1Entry
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.varint import encode_varint
from tests.counting import parses
from tests.formats.bundle_files import refusal
from tests.formats.v1_files import meta, whole

KIND = Listed(V1Entry(dtypes.FLOAT, (2, 3)), (StoredSlice(whole([2, 3]), ((0, 2), (0, 3)), 4),))


def listed(value: bytes) -> list[tuple[str, Listed]]:
    return list(TensorList(value, 4, 1000, "x"))


def records(value: bytes) -> list[bytes]:
    """The records of tensors in a list."""
    message = schema.SavedTensorSlices.FromString(value)
    return [schema.serialize(tensor) for tensor in message.meta.tensor]


def wrapped(*tensors: bytes, versions: bytes = b"") -> bytes:
    content = b"".join(b"\x0a" + encode_varint(len(tensor)) + tensor for tensor in tensors) + versions
    return b"\x0a" + encode_varint(len(content)) + content


ONE = records(meta([("w", 1, [2, 3], [whole([2, 3])])]))[0]


@pytest.fixture
def parsed(monkeypatch) -> list[bytes]:
    """What protobuf was given to parse."""
    return parses(monkeypatch, "SavedSliceMeta")


def test_one_kind_is_parsed_once_and_shared(parsed):
    found = listed(meta([(f"w{i}", 1, [2, 3], [whole([2, 3])]) for i in range(5)]))
    assert found == [(f"w{i}", KIND) for i in range(5)]
    assert len(parsed) == 1
    assert all(each is found[0][1] for _, each in found)


def test_kinds_that_are_remembered_have_a_limit(monkeypatch, parsed):
    monkeypatch.setattr(v1_list, "_MAX_KINDS", 1)
    value = meta([(f"w{i}", 1, [1 + i % 2], [whole([1])]) for i in range(6)])
    assert [each.entry.shape for _, each in listed(value)] == [(1,), (2,)] * 3
    assert len(parsed) == 1 + 3


def test_long_names_and_slices():
    name, slices = "x" * 300, [((0, 1), (0, -1)), ((1, 1), (0, -1))]
    found = listed(meta([(name, 1, [2, 3], slices), ("é", 1, [2, 3], [whole([2, 3])])]))
    assert found[0][0] == name
    assert [part.extents for part in found[0][1].parts] == slices
    assert found[1] == ("é", KIND)


@pytest.mark.parametrize(
    "record",
    [
        ONE[3:] + ONE[:3],
        b"\x0a\x01v" + ONE,
        b"\x0a\x81\x00w" + ONE[3:],
        ONE + b"\x58\x05",
    ],
    ids=["name last", "name twice", "long varint", "unknown field"],
)
def test_what_writers_do_not_do_is_read_as_protobuf_does(record):
    assert listed(wrapped(record)) == [("w", KIND)]


def test_messages_in_parts_are_one():
    """As protobuf has it: fields of either are fields of the whole."""
    version = schema.serialize(schema.SavedTensorSliceMeta(versions=schema.VersionDef(min_consumer=2)))
    assert listed(wrapped(ONE) + wrapped(ONE[:2] + b"v" + ONE[3:])) == [("w", KIND), ("v", KIND)]
    with pytest.raises(UnsupportedError, match="reader of version 2"):
        listed(wrapped(ONE) + wrapped(versions=version))


def test_a_tensor_without_slices_does_not_exist():
    assert listed(meta([("w", 1, [2], [])])) == []


def test_an_error_names_its_tensor_and_not_the_first_of_the_kind():
    bad = meta([("first", 1, [1 << 40], [whole([1])]), ("second", 1, [1 << 40], [whole([1])])])
    with pytest.raises(CorruptionError, match="tensor 'first': slice '-' takes"):
        listed(bad)


@pytest.mark.parametrize(
    "value",
    [wrapped(ONE)[:-1], b"\x0a\x05\x0a\x09abc", b"\xff", wrapped(b"\x0a\x02\xff\xfe"), wrapped(ONE) + b"\x12\x01\0"],
)
def test_damage(value):
    with pytest.raises(CorruptionError):
        listed(value)


@given(data=st.data())
def test_any_change_is_read_as_protobuf_does(data):
    value = bytearray(meta([("a", 1, [2, 3], [whole([2, 3])]), ("b", 1, [2, 3], [whole([2, 3])])]))
    for _ in range(data.draw(st.integers(1, 3))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    found = []
    if refusal(lambda: found.extend(listed(bytes(value)))) is None:
        message = schema.SavedTensorSlices.FromString(bytes(value))
        expected = [tensor for tensor in message.meta.tensor if tensor.slice]
        assert [name for name, _ in found] == [tensor.name for tensor in expected]
        for (_, each), tensor in zip(found, expected, strict=True):
            assert (each.entry.dtype.number, len(each.parts)) == (tensor.type, len(tensor.slice))
            assert list(each.entry.shape) == [dim.size for dim in tensor.shape.dim]
