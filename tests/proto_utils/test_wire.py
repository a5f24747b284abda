"""Records are found, and nothing impossible is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proto_utils import schema
from proto_utils.errors import CorruptionError
from proto_utils.wire import I32, I64, LEN, START_GROUP, VARINT, Field, fields, len_header, tag


def test_one_record_of_each_type():
    raw = b"\x08\x96\x01" + b"\x11" + bytes(8) + b"\x1a\x02ab" + b"\x25" + bytes(4)
    assert list(fields(raw)) == [
        Field(1, VARINT, 0, 1, 3),
        Field(2, I64, 3, 4, 12),
        Field(3, LEN, 12, 14, 16),
        Field(4, I32, 16, 17, 21),
    ]


def test_a_part_of_a_buffer():
    assert [field.number for field in fields(b"\xff\x08\x01\x10\x01\xff", 1, 5)] == [1, 2]


def test_headers():
    assert tag(5, LEN) == b"\x2a"
    assert len_header(5, 300) == b"\x2a\xac\x02"


def test_groups_are_skipped_whole():
    inner = tag(7, START_GROUP) + b"\x08\x01" + b"\x12\x01x" + tag(7, 4)
    raw = tag(9, START_GROUP) + inner + tag(9, 4) + b"\x08\x05"
    assert [(field.number, field.end) for field in fields(raw)] == [(9, len(raw) - 2), (1, len(raw))]


@pytest.mark.parametrize(
    "raw",
    [b"\x00\x01", b"\x0e", b"\x0f", b"\x0c", b"\x0b\x14", b"\x0b", b"\x0a\x05abc", b"\x09\0\0", b"\x0d\0", b"\x08"]
    + [
        b"\x08\x80",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x80\x80\x80\x80\x10\x01",
        tag(9, START_GROUP) * 200,
    ],
    ids=["field 0", "type 6", "type 7", "end", "wrong end", "no end", "short", "short 8", "short 4", "no value"]
    + ["cut varint", "huge length", "huge number", "too deep"],
)
def test_what_cannot_be_is_corruption(raw: bytes):
    with pytest.raises(CorruptionError):
        list(fields(raw))


def test_a_record_may_not_run_past_its_message():
    with pytest.raises(CorruptionError, match="past the end"):
        list(fields(b"\x0a\x05abcdefg", 0, 5))


@given(st.binary(max_size=60))
def test_any_bytes_end_or_are_corruption(raw: bytes):
    try:
        found = list(fields(raw))
    except CorruptionError:
        return
    assert b"".join(raw[field.record : field.end] for field in found) == raw


@given(st.binary(max_size=40))
def test_what_protobuf_parses_is_walked(raw: bytes):
    """Our walker is no stricter than protobuf about unknown fields."""
    try:
        schema.parse(schema.TensorShapeProto.Dim, raw)
    except CorruptionError:
        return
    list(fields(raw))
