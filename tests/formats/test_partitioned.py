"""Slices of every arrangement become the tensor they were cut from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats.partitioned import PartitionedTensor
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import ArrayTensor, StringTensor, Tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES


def cut(array, boxes):
    """The parts of an array, each a tensor that gives its values a few bytes at a time."""
    return [(box, Dripping(array[tuple(slice(*bounds) for bounds in box)])) for box in boxes]


class Dripping(Tensor):
    """Gives its values in pieces that fit nothing, through one reused buffer."""

    def __init__(self, array):
        super().__init__(dtypes.DType.of(array.dtype), array.shape)
        self.content = array.tobytes()

    def chunks(self):
        buffer = bytearray(7 * 4096 + 3)
        for start in range(0, len(self.content), len(buffer)):
            piece = self.content[start : start + len(buffer)]
            buffer[: len(piece)] = piece
            yield memoryview(buffer)[: len(piece)]


def whole(array, boxes):
    return PartitionedTensor("w", dtypes.DType.of(array.dtype), array.shape, cut(array, boxes))


@st.composite
def tilings(draw):
    """A shape, and boxes that tile it: cut again and again at any axis."""
    shape = draw(st.lists(st.integers(1, 7), min_size=1, max_size=4))
    boxes = [tuple((0, dim) for dim in shape)]
    for _ in range(draw(st.integers(0, 6))):
        box = boxes.pop(draw(st.integers(0, len(boxes) - 1)))
        axis = draw(st.integers(0, len(shape) - 1))
        start, stop = box[axis]
        middle = draw(st.integers(start, stop))
        boxes += [(*box[:axis], bounds, *box[axis + 1 :]) for bounds in ((start, middle), (middle, stop))]
    return shape, draw(st.permutations(boxes))


@given(tilings())
def test_any_tiling(tiling):
    shape, boxes = tiling
    array = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    assert np.array_equal(whole(array, boxes).numpy(), array)


@given(tilings())
def test_any_tiling_of_strings(tiling):
    shape, boxes = tiling
    array = np.empty(shape, dtype=object)
    array.reshape(-1)[:] = [b"%d" % i for i in range(array.size)]
    parts = []
    for box in boxes:
        part = array[tuple(slice(*bounds) for bounds in box)]
        parts.append((box, StringTensor(part.shape, part.reshape(-1).tolist())))
    assert list(PartitionedTensor("w", dtypes.STRING, shape, parts).strings()) == array.reshape(-1).tolist()


@pytest.mark.parametrize(
    ("shape", "cuts"),
    [
        ((700, 3000), [((0, 700), (0, 1000)), ((0, 700), (1000, 3000))]),
        (
            (2, 1000, 1000),
            [((0, 2), (0, 300), (0, 1000)), ((0, 2), (300, 1000), (0, 400)), ((0, 2), (300, 1000), (400, 1000))],
        ),
        ((1, 1, 900_000), [((0, 1), (0, 1), (0, 5)), ((0, 1), (0, 1), (5, 900_000))]),
        ((3, 400_000), [((0, 3), (0, 1)), ((0, 3), (1, 400_000))]),
    ],
    ids=str,
)
def test_tensors_of_several_bands(shape, cuts):
    array = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    tensor = whole(array, cuts)
    assert np.array_equal(tensor.numpy(), array)
    assert max(len(chunk) for chunk in tensor.chunks()) <= CHUNK_NBYTES


def test_a_hole_is_refused():
    with pytest.raises(CorruptionError, match="tensor 'w': its 1 slices hold 2 of 4 elements"):
        whole(np.zeros((2, 2)), [((0, 2), (0, 1))]).numpy()


@pytest.mark.parametrize("dtype", [dtypes.FLOAT, dtypes.STRING], ids=lambda dtype: dtype.name)
def test_a_hole_of_exabytes_is_not_allocated(dtype):
    with pytest.raises(CorruptionError, match="0 slices"):
        PartitionedTensor("w", dtype, (1 << 58,), []).numpy()


def test_an_empty_tensor_of_empty_slices():
    assert whole(np.zeros((0, 2)), [((0, 0), (0, 1)), ((0, 0), (1, 2))]).numpy().shape == (0, 2)


def test_a_slice_that_is_damaged_is_found_when_its_last_piece_is_read():
    class Damaged(ArrayTensor):
        def chunks(self):
            yield b"\0" * 8
            raise CorruptionError("checksum")

    parts = [(((0, 2), (0, 1)), ArrayTensor(np.zeros((2, 1)))), (((0, 2), (1, 2)), Damaged(np.zeros((2, 1))))]
    with pytest.raises(CorruptionError, match="checksum"):
        PartitionedTensor("w", dtypes.DOUBLE, (2, 2), parts).numpy()


def test_numbers_have_no_strings():
    with pytest.raises(UnsupportedError, match="'w' is a float64"):
        list(whole(np.zeros((2,)), [((0, 2),)]).strings())
