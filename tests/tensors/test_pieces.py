"""Elements read as many at a time as asked for, whatever the chunks."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.pieces import ElementReader, extents, raw_chunks, raw_dtype
from graphsurgeon.tensors.tensor import ArrayTensor, Tensor
from proto_utils.errors import CorruptionError
from tests.tensors.streams import DrippingTensor

WHOLE = np.arange(20, dtype=np.int32)


class Wrong(Tensor):
    """A tensor that yields as much as it was told to."""

    def __init__(self, size, nbytes):
        super().__init__(dtypes.INT32, [size])
        self.given = nbytes

    def chunks(self):
        yield bytes(self.given)


@pytest.mark.parametrize("nbytes", [1, 4, 7, 16, 100])
def test_reads_are_in_order(nbytes):
    reader = ElementReader(DrippingTensor(WHOLE, nbytes=nbytes), WHOLE.dtype)
    assert [value for count in (1, 3, 0, 7, 9) for value in reader.read(count)] == WHOLE.tolist()


def test_what_a_chunk_holds_is_not_copied():
    tensor = ArrayTensor(WHOLE)
    piece = ElementReader(tensor, WHOLE.dtype).read(5)
    assert np.shares_memory(piece, WHOLE)


@pytest.mark.parametrize(
    ("size", "nbytes", "kind"), [(4, 12, "fewer"), (4, 20, "more"), (0, 4, "more"), (4, 0, "fewer")]
)
def test_a_length_that_does_not_fit(size, nbytes, kind):
    with pytest.raises(CorruptionError, match=f"gives {kind} bytes than its dtype and shape ask for"):
        ElementReader(Wrong(size, nbytes), WHOLE.dtype).read(size)


def test_a_tensor_without_elements_is_read_for_its_checksum():
    tensor = DrippingTensor(WHOLE[:0])
    ElementReader(tensor, WHOLE.dtype)
    assert tensor.num_reads == 1


@pytest.mark.parametrize("itemsize", [1, 2, 4, 8, 16])
def test_raw_dtypes_keep_every_bit(itemsize):
    content = bytes(range(240, 256)) * 5
    moved = np.frombuffer(content, raw_dtype(itemsize))[::-1].copy()[::-1]
    assert raw_dtype(itemsize).itemsize == itemsize
    assert moved.tobytes() == content


def test_arrays_go_out_in_chunks(chunk_nbytes):
    views = list(raw_chunks(WHOLE.reshape(4, 5)))
    assert b"".join(views) == WHOLE.tobytes()
    assert max(map(len, views)) <= chunk_nbytes


def test_extents():
    assert extents(((1, 4), (0, 2))) == (3, 2)
