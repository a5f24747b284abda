"""Two tensors side by side, in whatever pieces each of them comes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphsurgeon as gs
from graphsurgeon.errors import CorruptionError, UnsupportedError
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.compare import (
    aligned,
    first_difference,
    index_of,
    is_same_place,
    read_small_pairs,
    same_bytes,
    same_values,
)
from graphsurgeon.tensors.values import FillTensor, OpaqueTensor, RawTensor, StringTensor, as_tensor
from proto_utils.files import BytesSource, Span
from tests.tensors.streams import SIZES, DrippingTensor, ShortTensor, UnreadTensor


@given(st.integers(0, 50), SIZES, SIZES)
def test_pieces_are_whole_elements_side_by_side(count: int, sizes: list[int], others: list[int]):
    array = np.arange(count, dtype=np.int64)
    gathered: tuple[bytearray, bytearray] = (bytearray(), bytearray())
    for x, y in aligned(DrippingTensor(array, sizes=sizes), DrippingTensor(array + 1, sizes=others)):
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
    assert first_difference(DrippingTensor(a, sizes=sizes), DrippingTensor(a, sizes=others)) is None
    assert first_difference(DrippingTensor(a, sizes=sizes), DrippingTensor(b, sizes=others)) == [at % count]


@pytest.mark.parametrize(("num_missing", "kind"), [(8, "fewer"), (9, "fewer"), (-4, "more")])
def test_another_number_of_bytes(num_missing: int, kind: str):
    other, whole = ShortTensor(dtypes.INT32, [4], num_missing), as_tensor(np.zeros(4, np.int32))
    for pair in (other, whole), (whole, other):
        with pytest.raises(CorruptionError, match=f"gives {kind} bytes"):
            list(aligned(*pair))


def test_same_place_is_not_read():
    one = UnreadTensor(dtypes.FLOAT, [3])
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


def test_small_pairs_of_one_kind_are_read(tmp_path):
    gs.save_checkpoint({"a": [1], "b": [True], "c": np.zeros(9999)}, tmp_path / "x")
    gs.save_checkpoint({"a": [2], "b": [1.0], "c": np.zeros(9999)}, tmp_path / "y")
    x, y = gs.load_checkpoint(tmp_path / "x"), gs.load_checkpoint(tmp_path / "y")
    found = read_small_pairs([(x[name], y[name]) for name in "abc"])
    assert found == [(np.int64(1).tobytes(), np.int64(2).tobytes()), None, None]
    # What is the same in one file has no need to be.
    assert read_small_pairs([(x[name], gs.load_checkpoint(tmp_path / "x")[name]) for name in "abc"]) == [None] * 3
    assert read_small_pairs([(x["a"], as_tensor([1]))]) == [None]
    assert read_small_pairs([]) == []
