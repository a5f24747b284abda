"""Elements read as many at a time as asked for, whatever the chunks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.pieces import ElementReader, raw_chunks, raw_dtype, run
from graphsurgeon.tensors.values import ArrayTensor, OpaqueTensor, StringTensor
from proto_utils.errors import CorruptionError, UnsupportedError
from tests.tensors.streams import RAW_DTYPES, SIZES, DrippingTensor, ShortTensor, tensors, values

WHOLE = np.arange(20, dtype=np.int32)


@given(st.data(), st.sampled_from(RAW_DTYPES), st.integers(0, 30))
def test_any_way_to_read_gives_the_values_in_order(data, dtype, size):
    array = data.draw(values((size,), dtype))
    reader = ElementReader(data.draw(tensors(array, dtype)))
    found, left = b"", size
    while left:
        count = data.draw(st.integers(0, left))
        way = data.draw(st.sampled_from(["take", "read", "pieces", "skip"]))
        if way == "skip":
            start = (size - left) * dtype.itemsize
            reader.skip(count)
            found += array.tobytes()[start : start + count * dtype.itemsize]
        elif way == "pieces":
            found += b"".join(map(bytes, reader.pieces(count)))
        else:
            found += bytes(reader.take(count)) if way == "take" else reader.read(count).tobytes()
        left -= count
    reader.end()
    assert found == array.tobytes()


@given(st.data(), SIZES, st.integers(0, 20))
def test_a_run_reads_to_the_end(data, sizes, stop):
    tensor, start = DrippingTensor(WHOLE, sizes=sizes), data.draw(st.integers(0, stop))
    assert b"".join(map(bytes, run(tensor, start, stop))) == WHOLE[start:stop].tobytes()
    assert tensor.num_reads == 1


def test_elements_in_the_shape_of_a_box():
    reader = ElementReader(ArrayTensor(WHOLE), WHOLE.dtype)
    assert reader.read_box(((3, 5), (0, 2))).tolist() == [[0, 1], [2, 3]]


def test_what_a_chunk_holds_is_not_copied():
    piece = ElementReader(ArrayTensor(WHOLE), WHOLE.dtype).read(5)
    assert np.shares_memory(piece, WHOLE)


@pytest.mark.parametrize(("size", "num_missing"), [(4, 4), (4, 1), (4, 16), (4, -4), (0, -4)])
def test_a_length_that_does_not_fit(size, num_missing):
    kind = "fewer" if num_missing > 0 else "more"
    with pytest.raises(CorruptionError, match=f"gives {kind} bytes than its dtype and shape ask for"):
        ElementReader(ShortTensor(dtypes.INT32, [size], num_missing)).read(size)


def test_what_comes_behind_the_last_element():
    class Checked(ArrayTensor):
        def chunks(self, nbytes=0):
            yield from super().chunks()
            raise CorruptionError("a checksum")

    reader = ElementReader(Checked(WHOLE))
    reader.read(20)
    with pytest.raises(CorruptionError, match="a checksum"):
        reader.end()


def test_a_tensor_without_elements_is_read_for_its_checksum():
    tensor = DrippingTensor(WHOLE[:0])
    ElementReader(tensor, WHOLE.dtype)
    assert tensor.num_reads == 1


def test_values_in_another_form():
    words = StringTensor([3], [b"a", b"bc", b""])
    reader = ElementReader(words, np.dtype("S2"), chunks=[b"a", b"", b"\0b", b"c\0\0"])
    assert reader.read(3).tolist() == [b"a", b"bc", b""]
    reader.end()


@pytest.mark.parametrize("tensor", [StringTensor([1], [b"a"]), OpaqueTensor(dtypes.RESOURCE, [1])], ids=repr)
def test_what_has_no_raw_values(tensor):
    with pytest.raises(UnsupportedError, match="has no raw values"):
        ElementReader(tensor)


@pytest.mark.parametrize("itemsize", [1, 2, 4, 8, 16])
def test_raw_dtypes_keep_every_bit(itemsize):
    content = bytes(range(240, 256)) * 5
    moved = np.frombuffer(content, raw_dtype(itemsize))[::-1].copy()[::-1]
    assert raw_dtype(itemsize).itemsize == itemsize
    assert moved.tobytes() == content


def test_arrays_go_out_in_chunks(chunk_nbytes):
    views = list(raw_chunks(WHOLE.reshape(4, 5), chunk_nbytes))
    assert b"".join(views) == WHOLE.tobytes()
    assert max(map(len, views)) <= chunk_nbytes
