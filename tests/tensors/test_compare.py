"""Two tensors side by side, in whatever pieces each of them comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.errors import CorruptionError, UnsupportedError
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.compare import aligned, first_difference, index_of, is_same_place, same_bytes, same_values
from graphsurgeon.tensors.tensor import FillTensor, OpaqueTensor, RawTensor, StringTensor, Tensor, as_tensor
from proto_utils.files import BytesSource, Span


class Cut(Tensor):
    """A tensor that comes in pieces of given sizes, through one reused buffer as files do."""

    def __init__(self, array: np.ndarray[Any, Any], sizes: list[int]) -> None:
        super().__init__(dtypes.DType.of(array.dtype), array.shape)
        self.data = array.tobytes()
        self.sizes = sizes

    def chunks(self) -> Iterator[memoryview]:
        buffer = bytearray(len(self.data) or 1)
        position = number = 0
        while position < len(self.data):
            piece = self.data[position : position + self.sizes[number % len(self.sizes)]]
            buffer[:] = b"\xee" * len(buffer)
            buffer[: len(piece)] = piece
            yield memoryview(buffer)[: len(piece)]
            position += len(piece)
            number += 1


class Unread(Tensor):
    """A tensor that must not be read."""

    def chunks(self) -> Iterator[bytes]:
        raise AssertionError("read")


SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=5)


@given(st.integers(0, 50), SIZES, SIZES)
def test_pieces_are_whole_elements_side_by_side(count: int, sizes: list[int], others: list[int]):
    array = np.arange(count, dtype=np.int64)
    gathered: tuple[bytearray, bytearray] = (bytearray(), bytearray())
    for x, y in aligned(Cut(array, sizes), Cut(array + 1, others)):
        assert len(x) == len(y)
        assert len(x) % 8 == 0
        gathered[0].extend(x)
        gathered[1].extend(y)
    assert tuple(map(bytes, gathered)) == (array.tobytes(), (array + 1).tobytes())


@given(st.integers(1, 60), st.integers(0, 59), SIZES, SIZES)
def test_first_difference(count: int, at: int, sizes: list[int], others: list[int]):
    a = np.arange(count, dtype=np.int32)
    b = a.copy()
    b[at % count :] += 1
    assert first_difference(Cut(a, sizes), Cut(a, others)) is None
    assert first_difference(Cut(a, sizes), Cut(b, others)) == [at % count]


def test_too_few_bytes():
    short = Cut(np.zeros(4, np.int32), [16])
    short.data = short.data[:8]
    with pytest.raises(CorruptionError, match="different numbers of bytes"):
        list(aligned(short, Cut(np.zeros(4, np.int32), [16])))
    short.data = short.data[:7]
    with pytest.raises(CorruptionError, match="inside an element"):
        list(aligned(short, Cut(np.zeros(4, np.int32), [16])))


def test_same_place_is_not_read():
    one = Unread(dtypes.FLOAT, [3])
    assert same_values(one, one)
    source = BytesSource(bytes(16))
    a, b = (RawTensor(dtypes.FLOAT, [2], Span(source, 4, 12)) for _ in range(2))
    assert is_same_place(a, b)
    assert not is_same_place(a, RawTensor(dtypes.FLOAT, [2], Span(source, 8, 16)))
    assert not is_same_place(a, RawTensor(dtypes.FLOAT, [2], Span(BytesSource(bytes(16)), 4, 12)))


def test_claimed_exabytes_that_are_described_alike():
    a, b = (FillTensor(dtypes.FLOAT, [1 << 40], b"\0\0\0\1") for _ in range(2))
    assert same_values(a, b)


def test_another_description_of_the_same():
    assert same_values(FillTensor(dtypes.FLOAT, [3]), as_tensor(np.zeros(3, np.float32)))
    assert not same_values(FillTensor(dtypes.FLOAT, [3]), as_tensor(np.array([0, 0, -0.0], np.float32)))


def test_dtype_and_shape_count():
    zeros = np.zeros((2, 3), np.float32)
    assert not same_values(as_tensor(zeros), as_tensor(zeros.reshape(3, 2)))
    assert not same_values(as_tensor(zeros), as_tensor(zeros.astype(np.int32)))


def test_strings():
    a = StringTensor([2, 2], [b"a", b"b", b"c"])
    assert same_values(a, StringTensor([2, 2], [b"a", b"b", b"c", b"c"]))
    assert first_difference(a, StringTensor([2, 2], [b"a", b"b"])) == [1, 0]


def test_nobody_knows_the_values_of_a_resource():
    with pytest.raises(UnsupportedError):
        same_values(OpaqueTensor(dtypes.RESOURCE, []), OpaqueTensor(dtypes.RESOURCE, []))


@pytest.mark.parametrize("nbytes", [0, 1, 8, 13, 64])
def test_same_bytes(nbytes: int):
    data = bytearray(range(nbytes))
    assert same_bytes(memoryview(data), memoryview(bytes(data)))
    for i in range(nbytes):
        other = bytearray(data)
        other[i] ^= 0x80
        assert not same_bytes(memoryview(data), memoryview(other))


def test_index_of():
    assert index_of(0, ()) == []
    assert [index_of(i, (2, 3)) for i in range(6)] == [list(i) for i in np.ndindex(2, 3)]
