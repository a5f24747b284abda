"""Parts of every arrangement become the tensor they were cut from; one tensor on the first elements of another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.boxes import whole, within
from graphsurgeon.tensors.joined import JoinedTensor, OverlaidTensor
from graphsurgeon.tensors.values import ArrayTensor, FillTensor, StringTensor, as_tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES
from tests.tensors.streams import (
    RAW_DTYPES,
    DrippingTensor,
    ShortTensor,
    UnreadTensor,
    bits,
    content,
    expected,
    tensors,
    tilings,
    values,
)

LEFT, RIGHT = ((0, 2), (0, 1)), ((0, 2), (1, 2))
TOP, BOTTOM = ((0, 1), (0, 2)), ((1, 2), (0, 2))


def cut(array, boxes, **options):
    """The parts of an array, each a tensor that gives its values a few bytes at a time."""
    return [(box, DrippingTensor(array[within(box, whole(array.shape))], **options)) for box in boxes]


@given(st.data(), tilings(), st.sampled_from([*RAW_DTYPES, dtypes.STRING]), st.sampled_from([16, 64, CHUNK_NBYTES]))
def test_any_tiling(data, tiling, dtype, nbytes):
    shape, boxes = tiling
    array = data.draw(values(shape, dtype))
    # The dots keep a scalar an array.
    places = [(box, (*within(box, whole(shape)), ...)) for box in boxes]
    parts = [(box, data.draw(tensors(array[place], dtype))) for box, place in places]
    joined = JoinedTensor(shape, parts)
    assert (joined.dtype, joined.shape, joined.is_complete) == (dtype, shape, True)
    assert bits(joined) == expected(array, dtype)
    if dtype is not dtypes.STRING:
        assert content(joined, nbytes)[0] == array.tobytes()


def test_parts_are_those_that_were_given():
    parts = cut(np.zeros((2, 2)), [LEFT, RIGHT])
    assert JoinedTensor((2, 2), parts).parts == tuple(parts)
    assert JoinedTensor((2, 2), parts).slices == [((0, 2), (0, 1)), ((0, 2), (1, 1))]
    named = [((0, -1), (0, 1)), ((0, -1), (1, 1))]
    assert JoinedTensor((2, 2), parts, slices=named).slices == named


@pytest.mark.parametrize(
    ("shape", "boxes"),
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
def test_tensors_of_several_bands(shape, boxes):
    array = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    tensor = JoinedTensor(shape, cut(array, boxes, sizes=(7 * 4096 + 3,)))
    assert np.array_equal(tensor.numpy(), array)
    assert max(len(chunk) for chunk in tensor.chunks()) <= CHUNK_NBYTES


def test_woven_parts_share_a_buffer():
    asked = []

    class Asked(ArrayTensor):
        def chunks(self, nbytes=0):
            asked.append(nbytes)
            return super().chunks(nbytes)

    def weave(count, nbytes):
        asked.clear()
        columns = [(((0, 2), (i, i + 1)), Asked(np.full((2, 1), i))) for i in range(count)]
        assert JoinedTensor((2, count), columns).numpy().tolist() == [list(range(count))] * 2
        list(JoinedTensor((2, count), columns).chunks(nbytes))
        return asked

    assert weave(100, CHUNK_NBYTES) == [10_480] * 200
    assert weave(1000, CHUNK_NBYTES) == [4096] * 2000
    assert weave(2, 1 << 14) == [CHUNK_NBYTES // 2] * 2 + [1 << 13] * 2


def test_a_hole_is_refused():
    with pytest.raises(CorruptionError, match="tensor 'w': its only slice has 2 of 4 elements"):
        JoinedTensor((2, 2), cut(np.zeros((2, 2)), [LEFT]), name="w").numpy()


@pytest.mark.parametrize("dtype", [dtypes.FLOAT, dtypes.STRING], ids=lambda dtype: dtype.name)
def test_a_hole_of_exabytes_is_not_allocated(dtype):
    empty = FillTensor(dtype, (0,)) if dtype.itemsize else StringTensor((0,), [])
    with pytest.raises(CorruptionError, match="0 slices"):
        JoinedTensor((1 << 58,), [(((0, 0),), empty)]).numpy()


@pytest.mark.parametrize(
    "boxes",
    [
        [LEFT, LEFT],
        [TOP, TOP],
        [LEFT, ((0, 2), (2, 3))],
        [TOP, LEFT],
        [TOP, ((2, 3), (0, 2))],
        [LEFT, ((1, 3), (1, 2))],
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [dtypes.FLOAT, dtypes.STRING], ids=lambda dtype: dtype.name)
def test_parts_that_overlap_or_lie_outside(boxes, dtype):
    """What they hold is as much as the whole: without a look at their places, some of it would be anything."""

    def part(box):
        shape = [stop - start for start, stop in box]
        return FillTensor(dtype, shape) if dtype.itemsize else StringTensor(shape, [])

    joined = JoinedTensor((2, 2), [(box, part(box)) for box in boxes])
    assert not joined.is_complete
    with pytest.raises(CorruptionError, match=r"JoinedTensor.*: its 2 slices do not lie side by side"):
        joined.numpy()


def test_a_part_of_another_shape_than_its_box():
    parts = [(LEFT, FillTensor(dtypes.FLOAT, (1, 2))), (RIGHT, FillTensor(dtypes.FLOAT, (2, 1)))]
    assert not JoinedTensor((2, 2), parts).is_complete
    with pytest.raises(CorruptionError, match="do not lie side by side"):
        JoinedTensor((2, 2), parts).numpy()


@pytest.mark.parametrize(("num_missing", "kind"), [(4, "fewer"), (1, "fewer"), (-4, "more")])
@pytest.mark.parametrize("boxes", [(LEFT, RIGHT), (TOP, BOTTOM)], ids=["woven", "in sequence"])
def test_a_part_that_is_too_short_or_too_long(boxes, num_missing, kind):
    shape = [stop - start for start, stop in boxes[0]]
    for order in (0, 1), (1, 0):
        made = [FillTensor(dtypes.FLOAT, shape), ShortTensor(dtypes.FLOAT, shape, num_missing)]
        parts = [(box, made[i]) for box, i in zip(boxes, order, strict=True)]
        with pytest.raises(CorruptionError, match=f"gives {kind} bytes than its dtype and shape ask for"):
            JoinedTensor((2, 2), parts).numpy()


def test_an_empty_tensor_of_empty_slices():
    joined = JoinedTensor((0, 2), cut(np.zeros((0, 2)), [((0, 0), (0, 1)), ((0, 0), (1, 2))]))
    assert joined.numpy().shape == (0, 2)


def test_a_slice_that_is_damaged_is_found_when_its_last_piece_is_read():
    class Damaged(ArrayTensor):
        def chunks(self, nbytes=0):
            yield b"\0" * 8
            raise CorruptionError("checksum")

    parts = [(LEFT, ArrayTensor(np.zeros((2, 1)))), (RIGHT, Damaged(np.zeros((2, 1))))]
    with pytest.raises(CorruptionError, match="checksum"):
        JoinedTensor((2, 2), parts).numpy()


def test_numbers_have_no_strings_and_strings_no_raw_values():
    with pytest.raises(UnsupportedError, match="float64 has no strings"):
        list(JoinedTensor((2,), cut(np.zeros((2,)), [((0, 2),)])).strings())
    with pytest.raises(UnsupportedError, match="string has no raw values"):
        list(JoinedTensor((1,), [(((0, 1),), StringTensor((1,), [b"a"]))]).chunks())


@given(st.data(), st.lists(st.integers(0, 5), max_size=3), st.sampled_from(RAW_DTYPES))
def test_first_elements_are_those_of_the_top(data, shape, dtype):
    inner = [data.draw(st.integers(0, dim)) for dim in shape]
    base, top = data.draw(values(shape, dtype)), data.draw(values(inner, dtype))
    made = OverlaidTensor(data.draw(tensors(base, dtype)), data.draw(tensors(top, dtype)))
    wanted = base.copy()
    wanted[tuple(map(slice, inner))] = top
    assert bits(made) == wanted.tobytes()
    assert content(made, 16)[0] == wanted.tobytes()


def test_large_tensors_in_bands():
    base, top = np.zeros((700, 900), np.float32), np.random.default_rng(0).random((650, 900), np.float32)
    overlaid = OverlaidTensor(as_tensor(base), as_tensor(top))
    assert max(map(len, overlaid.chunks())) <= CHUNK_NBYTES
    base[:650] = top
    assert np.array_equal(overlaid.numpy(), base)


@pytest.mark.parametrize(
    ("dtype", "shape"), [(dtypes.FLOAT, (4, 4)), (dtypes.FLOAT, (3,)), (dtypes.DOUBLE, (3, 4))], ids=str
)
def test_what_does_not_lie_within(dtype, shape):
    with pytest.raises(UnsupportedError, match="does not lie within"):
        OverlaidTensor(UnreadTensor(dtypes.FLOAT, (3, 4)), FillTensor(dtype, shape))
