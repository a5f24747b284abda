"""Slice keys: TensorFlow's bytes, and the order they keep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats.slices import (
    box_of,
    encode_number,
    encode_signed,
    encode_slice_key,
    encode_string,
    format_slice,
    slice_of_proto,
)
from proto_utils import schema
from proto_utils.errors import CorruptionError

INT64 = st.integers(-(2**63), 2**63 - 1) | st.sampled_from(
    [s * 2**k + d for k in range(63) for s in (1, -1) for d in (-1, 0)]
)
EXTENTS = st.tuples(st.integers(0, 2**62), st.integers(0, 2**62)) | st.just((0, -1))
SLICES = st.lists(EXTENTS, min_size=1, max_size=6).map(tuple)


# Keys that TensorFlow wrote for partitioned variables.
@pytest.mark.parametrize(
    ("extents", "key"),
    [
        (((0, 3), (0, -1)), "00 77 00 01 01 02 80 83 80 7f"),
        (((64, 8192), (5, -1), (0, 1)), "00 77 00 01 01 03 c0 40 e0 20 00 80 7f 80 81"),
    ],
)
def test_slice_key_bytes(extents, key):
    kept = tuple((start, length) if length >= 0 else (0, -1) for start, length in extents)
    assert encode_slice_key(b"w", kept) == bytes.fromhex(key)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, "80"),
        (63, "bf"),
        (64, "c040"),
        (-1, "7f"),
        (-64, "40"),
        (-65, "3fbf"),
        (-0x800, "3800"),
        (0x424242, "f0424242"),
    ]
    + [(2**63 - 1, "ffc07fffffffffffffff"), (-(2**63), "003f8000000000000000")],
)
def test_signed_bytes(value, code):
    assert encode_signed(value).hex() == code


@given(st.binary(max_size=20), st.binary(max_size=20), SLICES, SLICES)
def test_slices_and_tensors_have_keys_of_their_own(a, b, one, other):
    assert (encode_slice_key(a, one) == encode_slice_key(b, other)) == ((a, one) == (b, other))


@given(INT64, INT64)
def test_signed_keeps_order(a, b):
    assert (encode_signed(a) < encode_signed(b)) == (a < b)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_number_keeps_order(a, b):
    assert (encode_number(a) < encode_number(b)) == (a < b)


@given(*[st.lists(st.sampled_from([0, 1, 2, 254, 255]), max_size=8).map(bytes)] * 2)
def test_string_keeps_order(a, b):
    assert (encode_string(a) < encode_string(b)) == (a < b)


def test_slice_of_proto_tells_all_from_none():
    message = schema.TensorSliceProto()
    message.extent.add()
    message.extent.add(start=2, length=0)
    assert slice_of_proto(message) == ((0, -1), (2, 0))


def test_format_slice_is_tensorflows_spelling():
    assert format_slice(((0, 3), (0, -1))) == "0,3:-"


def test_box_of():
    assert box_of(((1, 2), (0, -1)), (3, 7)) == ((1, 3), (0, 7))


@pytest.mark.parametrize(
    "extents", [((0, 4), (0, -1)), ((-1, 2), (0, 1)), ((3, 1), (0, -1)), ((1, -1), (0, 1)), ((0, -1),)], ids=str
)
def test_a_slice_outside_its_tensor_is_refused(extents):
    with pytest.raises(CorruptionError, match="slice"):
        box_of(extents, (3, 7))
