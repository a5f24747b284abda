"""The values of slices, as messages hold them."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.formats.v1_tensors import least_nbytes, v1_slice
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import BytesSource, Span
from tests.formats.v1_files import STORED, data_entry, whole


def stored(dtype: DType, shape: list[int], message: bytes) -> Tensor:
    return v1_slice("w", dtype, shape, lambda: Span(BytesSource(message, "file"), 0, len(message)))


def message(dtype: DType, content: Any) -> bytes:
    return data_entry("w", dtype, whole([1]), content)[1]


@pytest.mark.parametrize("dtype", STORED, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("count", [0, 1, 2, 4, 9])
def test_more_or_fewer_values_than_listed(dtype: DType, count: int):
    content: Any = [b"a"] * count if dtype is dtypes.STRING else bytes(count * dtype.itemsize)
    with pytest.raises(CorruptionError, match="tensor 'w'") as caught:
        stored(dtype, [3], message(dtype, content)).numpy()
    assert caught.value.path == "file"


def test_more_varints_than_elements_that_take_as_many_bytes():
    """Three numbers of two bytes each, where two are listed."""
    with pytest.raises(CorruptionError, match="more than the 2 values"):
        list(stored(dtypes.INT32, [2], message(dtypes.INT32, b"\xff\0\0\0" * 3)).chunks())


def test_negative_numbers_in_ten_bytes():
    assert stored(dtypes.INT8, [3], message(dtypes.INT8, b"\xff\x80\x7f")).numpy().tolist() == [-1, -128, 127]


def test_values_of_single_records():
    """A writer may leave numbers unpacked, and a message in two parts."""
    raw = message(dtypes.FLOAT, bytes(4))
    raw += bytes([0x12, 15, 0x1A, 13, 0x2D, 1, 2, 3, 4, 0x2A, 4, 5, 6, 7, 8, 0x38, 5])
    assert b"".join(map(bytes, stored(dtypes.FLOAT, [3], raw).chunks())) == bytes([0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
    raw = message(dtypes.INT32, b"\1\0\0\0") + bytes([0x12, 7, 0x1A, 5, 0x38, 2, 0x38, 0x80, 1])
    assert stored(dtypes.INT32, [3], raw).numpy().tolist() == [1, 2, 128]


def test_other_fields_mean_nothing():
    """Metadata beside the data, and the list of another dtype in it."""
    raw = bytes([0x0A, 2, 0x12, 0]) + message(dtypes.INT32, b"\7\0\0\0") + message(dtypes.INT64, bytes(8))
    assert stored(dtypes.INT32, [1], raw).numpy().tolist() == [7]


def test_a_record_past_the_end():
    raw = message(dtypes.FLOAT, bytes(12))
    for end in range(len(raw)):
        with pytest.raises(CorruptionError):
            list(stored(dtypes.FLOAT, [3], raw[:end]).chunks())


def test_a_packed_record_that_ends_inside_an_element():
    raw = bytes([0x12, 9, 0x1A, 7, 0x2A, 5, 1, 2, 3, 4, 5])
    with pytest.raises(CorruptionError, match="5 bytes cannot be 1 values"):
        list(stored(dtypes.FLOAT, [1], raw).chunks())


@pytest.mark.parametrize("dtype", [dtypes.FLOAT, dtypes.INT32, dtypes.BOOL], ids=lambda dtype: dtype.name)
def test_pieces_are_of_the_size_asked_for(dtype: DType):
    size = 100_000
    tensor: Any = stored(dtype, [size], message(dtype, bytes(size * dtype.itemsize)))
    pieces = [len(piece) for piece in tensor.chunks(1 << 12)]
    assert (sum(pieces), max(pieces) <= 1 << 12) == (size * dtype.itemsize, True)


def test_strings_and_numbers_are_told_apart():
    with pytest.raises(UnsupportedError, match="has no strings"):
        list(stored(dtypes.FLOAT, [1], message(dtypes.FLOAT, bytes(4))).strings())
    with pytest.raises(UnsupportedError, match="'w' of dtype string has no raw values"):
        list(stored(dtypes.STRING, [1], message(dtypes.STRING, [b"a"])).chunks())


@pytest.mark.parametrize("dtype", STORED, ids=lambda dtype: dtype.name)
def test_values_take_no_less_than_is_said(dtype: DType):
    content: Any = [b""] * 50 if dtype is dtypes.STRING else bytes(50 * dtype.itemsize)
    assert least_nbytes(dtype, 50) <= len(message(dtype, content)) <= least_nbytes(dtype, 50) + 40
