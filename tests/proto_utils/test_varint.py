"""Varints both ways, and every way they can be broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proto_utils.errors import CorruptionError
from proto_utils.varint import decode_varint, encode_varint


@pytest.mark.parametrize(
    ("value", "raw"),
    [(0, b"\0"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02"), (2**64 - 1, b"\xff" * 9 + b"\x01")],
)
def test_known_values(value: int, raw: bytes):
    assert encode_varint(value) == raw
    assert decode_varint(raw, 0) == (value, len(raw))


@given(st.integers(0, 2**64 - 1), st.binary(max_size=3), st.binary(max_size=3))
def test_what_is_encoded_is_decoded_in_place(value: int, before: bytes, after: bytes):
    raw = encode_varint(value)
    assert decode_varint(before + raw + after, len(before)) == (value, len(before) + len(raw))


@given(st.integers(0, 2**64 - 1))
def test_every_truncation_is_corruption(value: int):
    raw = encode_varint(value)
    for length in range(len(raw)):
        with pytest.raises(CorruptionError) as caught:
            decode_varint(b"x" + raw[:length], 1)
        assert caught.value.offset == 1


def test_more_than_ten_bytes_are_corruption():
    with pytest.raises(CorruptionError, match="longer than 10"):
        decode_varint(b"\x80" * 20, 3)


def test_bits_past_64_are_dropped_as_protobuf_does():
    assert decode_varint(b"\xff" * 9 + b"\x7f", 0) == (2**64 - 1, 10)


def test_an_overlong_zero_is_zero():
    assert decode_varint(b"\x80\x80\x00", 0) == (0, 3)


def test_a_negative_number_is_refused():
    with pytest.raises(ValueError, match="range"):
        encode_varint(-1)
