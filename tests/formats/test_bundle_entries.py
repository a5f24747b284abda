"""Entries of an index: the short way gives what protobuf gives, and the long way is taken by what is unusual."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats.bundle_entries import EntryDecoder
from graphsurgeon.formats.entry_table import BundleEntry
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from proto_utils.errors import CorruptionError
from proto_utils.varint import encode_varint
from tests.counting import parses
from tests.formats.bundle_files import entry, refusal

PLAIN = entry(dtypes.FLOAT, [2, 3], 1 << 40, shard_id=2, crc32c=0xDEADBEEF)
FOUND = BundleEntry(dtypes.FLOAT, (2, 3), 2, 1 << 40, 24, 0xDEADBEEF)


def decoder() -> EntryDecoder:
    return EntryDecoder(3, "x.index")


@pytest.fixture
def parsed(monkeypatch) -> list[bytes]:
    """What protobuf was given to parse."""
    return parses(monkeypatch, "BundleEntryProto")


def test_usual_entries_need_no_protobuf(parsed):
    decode = decoder().decode
    assert [decode(f"w{i}", PLAIN) for i in range(5)] == [FOUND] * 5
    assert decode("empty", b"\x08\x01\x12\x06\x12\x00\x12\x02\x08\x03\x35\x01\x00\x00\x00").shape == (0, 3)
    assert parsed == []
    decode("long", PLAIN.replace(b"\x08\x01", b"\x08\x81\x00"))
    assert len(parsed) == 1


@pytest.mark.parametrize(
    "shape",
    [b"\x18\x01", b"\x12\x02\x10\x03", b"\x12\x04\x08\x02\x08\x03", b"\x12\x0b\x08" + b"\xff" * 9 + b"\x01"],
    ids=["unknown rank", "no size", "a size twice", "a negative size"],
)
def test_shapes_in_other_forms_are_what_protobuf_makes_of_them(shape):
    dims = b"\x12\x00" + shape
    value = b"\x08\x01\x12" + bytes([len(dims)]) + dims + b"\x35\x01\x00\x00\x00"
    found: list[BundleEntry] = []
    reason = refusal(lambda: found.append(decoder().decode("w", value)))
    proto = schema.BundleEntryProto.FromString(value).shape
    sizes = tuple(dim.size for dim in proto.dim)
    assert (reason is not None) == (proto.unknown_rank or min(sizes, default=0) < 0)
    assert [each.shape for each in found] == ([] if reason is not None else [sizes])


@pytest.mark.parametrize(
    ("dtype", "shape", "nbytes"),
    [(dtypes.FLOAT, [], 4), (dtypes.FLOAT, [0, 5], 0), (dtypes.STRING, [2], 9), (dtypes.INT64, [1 << 30, 7], None)],
)
def test_zeros_that_are_left_out(dtype, shape, nbytes):
    found = decoder().decode("w", entry(dtype, shape, nbytes=nbytes, crc32c=1))
    assert (found.dtype, found.shape, found.shard_id, found.offset, found.unknown) == (dtype, tuple(shape), 0, 0, b"")
    assert nbytes in (found.nbytes, None)


@pytest.mark.parametrize(
    "value",
    [
        PLAIN[12:] + PLAIN[:12],
        PLAIN.replace(b"\x18\x02", b"\x18\x82\x00"),
        PLAIN.replace(b"\x18\x02", b"\x18\x01\x18\x02"),
        PLAIN.replace(b"\x08\x01", b"\x08\x81\x00"),
    ],
    ids=["in another order", "a long varint", "a field twice", "a long dtype"],
)
def test_what_writers_do_not_do_is_read_as_protobuf_does(value):
    assert decoder().decode("w", value) == FOUND


@pytest.mark.parametrize("unknown", [b"\x58\x05", b"\x1a\x01x", b"\x5b\x08\x01\x5c"], ids=["new", "type", "group"])
@pytest.mark.parametrize("place", [0, 12, 14, len(PLAIN)])
def test_unknown_fields_are_kept(unknown, place):
    assert decoder().decode("w", PLAIN[:place] + unknown + PLAIN[place:]) == FOUND._replace(unknown=unknown)


def test_an_error_names_the_tensor_whoever_had_the_shape_first():
    made = decoder()
    made.decode("first", PLAIN)
    with pytest.raises(CorruptionError, match=r"tensor 'second': impossible place, 24 bytes at .* of shard 7 of 3"):
        made.decode("second", PLAIN.replace(b"\x18\x02", b"\x18\x07"))


def test_shards_past_32_bits_wrap_as_protobuf_has_it():
    wide = PLAIN.replace(b"\x18\x02", b"\x18" + encode_varint((1 << 32) + 2))
    assert decoder().decode("w", wide).shard_id == schema.BundleEntryProto.FromString(wide).shard_id == 2


@given(data=st.data())
def test_any_change_is_read_as_protobuf_does(data):
    value = bytearray(PLAIN)
    for _ in range(data.draw(st.integers(1, 3))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    value = value[: data.draw(st.integers(0, len(value)))]
    made, found = decoder(), []
    made.decode("before", PLAIN)
    if refusal(lambda: found.append(made.decode("w", bytes(value)))) is None:
        message = schema.BundleEntryProto.FromString(bytes(value))
        place = (message.shard_id, message.offset, message.size, message.crc32c)
        assert (found[0].dtype.number, *found[0][2:6]) == (message.dtype, *place)
        assert list(found[0].shape) == [dim.size for dim in message.shape.dim]
