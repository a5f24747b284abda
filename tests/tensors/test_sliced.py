"""Parts by ranges are numpy's, whatever the base; slices are of as equal a length as can be, the longer ones first."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors import dtypes, sliced
from graphsurgeon.tensors.boxes import whole, within
from graphsurgeon.tensors.joined import JoinedTensor
from graphsurgeon.tensors.sliced import DividedTensor, SlicedTensor
from graphsurgeon.tensors.tensor import Stored
from graphsurgeon.tensors.values import RawTensor, StringTensor, as_tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES, FileSource, Span
from proto_utils.strided import fill_strided
from tests.tensors.streams import (
    RAW_DTYPES,
    DrippingTensor,
    UnreadTensor,
    bits,
    content,
    expected,
    tensors,
    tilings,
    values,
)

AXES = [slice(None), slice(1, 3), slice(0, 4, 2), slice(2, 2), slice(1, None)]
WHOLE = np.arange(24, dtype=np.float32).reshape(4, 3, 2)


@st.composite
def parts_of(draw, shape):
    """Ranges along every axis, some of them empty, some with steps; whole axes are likely."""
    ranges = []
    for dim in shape:
        start, stop = sorted((draw(st.integers(0, dim)), draw(st.integers(0, dim))))
        step = draw(st.sampled_from([1, 1, 2, 3, 6]))
        ranges.append(draw(st.sampled_from([range(start, stop, step), range(dim)])))
    return ranges


def index(ranges):
    # The dots keep a scalar an array, with all of its bits.
    return (*(slice(r.start, r.stop, r.step) for r in ranges), ...)


@given(st.data(), st.lists(st.integers(0, 5), max_size=4), st.sampled_from([*RAW_DTYPES, dtypes.STRING]))
def test_a_part_is_numpys(data, shape, dtype):
    array, ranges = data.draw(values(shape, dtype)), data.draw(parts_of(shape))
    wanted = array[index(ranges)]
    base = data.draw(tensors(array, dtype))
    for checked in (True, False):
        made = SlicedTensor(base, ranges, checked=checked)
        assert (made.dtype, made.shape) == (dtype, wanted.shape)
        assert bits(made) == expected(wanted, dtype)
        flat = SlicedTensor(base, ranges, checked=checked, shape=[wanted.size])
        assert (flat.shape, bits(flat)) == ((wanted.size,), bits(made))
        if dtype is not dtypes.STRING:
            assert content(made, 16)[0] == wanted.tobytes()


def test_a_scalar_string_is_its_own_part():
    assert list(SlicedTensor(as_tensor(np.array(b"word", object)), []).strings()) == [b"word"]


@given(st.data(), tilings(min_dim=1))
def test_a_part_of_a_partitioned_tensor_is_of_its_slices(data, tiling):
    """Whatever way it is cut, slices that have nothing of the part are not read."""
    shape, boxes = tiling
    array, ranges = np.arange(np.prod(shape, dtype=int)).reshape(shape), data.draw(parts_of(shape))
    is_wanted = np.zeros(shape, dtype=bool)
    is_wanted[index(ranges)] = True

    def stored(box):
        where = within(box, whole(shape))
        return as_tensor(array[where]) if is_wanted[where].any() else UnreadTensor(dtypes.INT64, array[where].shape)

    joined = JoinedTensor(shape, [(box, stored(box)) for box in boxes])
    assert SlicedTensor(joined, ranges, checked=False).numpy().tolist() == array[index(ranges)].tolist()


def test_slices_that_do_not_cover_the_part():
    joined = JoinedTensor(WHOLE.shape, [(((0, 2), (0, 3), (0, 2)), as_tensor(WHOLE[:2]))])
    rows = [range(1, 2), range(3), range(2)]
    assert SlicedTensor(joined, rows, checked=False).numpy().tolist() == WHOLE[1:2].tolist()
    with pytest.raises(CorruptionError, match="have 6 of the 12 elements"):
        SlicedTensor(joined, [range(1, 3), *rows[1:]], checked=False).numpy()


@pytest.mark.parametrize(
    "ranges",
    [
        (range(4), range(3), range(2)),
        (range(1, 3), range(3), range(2)),
        (range(0, 4, 3), range(1, 3), range(0, 2, 2)),
        (range(3, 4), range(2, 3), range(1, 2)),
        (range(2, 2), range(3), range(2)),
        (range(9, 9), range(3), range(2)),
    ],
    ids=str,
)
def test_all_of_the_base_is_read_in_small_pieces(ranges, chunk_nbytes):
    base = DrippingTensor(WHOLE)
    made, longest = content(SlicedTensor(base, ranges), chunk_nbytes)
    assert made == WHOLE[index(ranges)].tobytes()
    assert longest <= chunk_nbytes
    assert base.num_reads == 1


def test_rows_are_not_copied():
    base = as_tensor(WHOLE)
    (piece,) = SlicedTensor(base, [range(1, 3), range(3), range(2)]).chunks()
    assert np.shares_memory(np.frombuffer(piece, np.uint8), np.frombuffer(next(base.chunks()), np.uint8))


class Counting(FileSource):
    """A file that knows which bytes of it were read."""

    def __init__(self, path):
        super().__init__(path)
        self.touched: set[int] = set()

    def chunks(self, start, end, nbytes=CHUNK_NBYTES):
        """Note what is asked for."""
        self.touched.update(range(start, end))
        return super().chunks(start, end, nbytes)

    def read(self, start, end):
        """Note what is asked for."""
        self.touched.update(range(start, end))
        return super().read(start, end)


# The run of values of WHOLE, 4 x 3 x 2, that holds the part.
RUNS = {
    "rows": (((1, 3), (0, 3), (0, 2)), 6, 18),
    "one row": (((3, 4), (0, 3), (0, 2)), 18, 24),
    "rows within a row": (((2, 3), (1, 3), (0, 2)), 14, 18),
    "one element": (((2, 3), (1, 2), (1, 2)), 15, 16),
    "columns": (((1, 3), (1, 2), (0, 2)), 6, 18),
    "the last axis": (((0, 4), (0, 3), (1, 2)), 0, 24),
    "nothing": (((1, 1), (0, 3), (0, 2)), 6, 6),
    "nothing of each": (((1, 2), (0, 3), (0, 0)), 6, 6),
}


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("is_raw", [True, False], ids=["a span", "a data file"])
def test_a_part_that_is_not_checked_reads_its_run_only(tmp_path, name, is_raw):
    box, first, last = RUNS[name]
    (tmp_path / "x").write_bytes(b"." * 8 + WHOLE.tobytes())
    source = Counting(tmp_path / "x")

    class StoredTensor(UnreadTensor):
        stored = Stored(source, 8, WHOLE.nbytes, 0, False)

    base = (
        RawTensor(dtypes.FLOAT, WHOLE.shape, Span(source, 8, 8 + WHOLE.nbytes))
        if is_raw
        else StoredTensor(dtypes.FLOAT, WHOLE.shape)
    )
    part = SlicedTensor.of_box(base, box, checked=False)
    assert part.numpy().tolist() == WHOLE[within(box, whole(WHOLE.shape))].tolist()
    assert source.touched == set(range(8 + 4 * first, 8 + 4 * last))


def test_steps_of_rows_read_from_the_first_to_the_last(tmp_path):
    (tmp_path / "x").write_bytes(WHOLE.tobytes())
    source = Counting(tmp_path / "x")
    base = RawTensor(dtypes.FLOAT, WHOLE.shape, Span(source, 0, WHOLE.nbytes))
    part = SlicedTensor(base, [range(1, 4, 2), range(3), range(2)], checked=False)
    assert part.numpy().tolist() == WHOLE[1:4:2].tolist()
    assert source.touched == set(range(24, 96))


@pytest.mark.parametrize("axes", [*product(AXES, repeat=3)], ids=str)
def test_what_lies_between_runs_of_a_file_is_not_read(tmp_path, monkeypatch, axes, chunk_nbytes):
    whole = np.arange(5 * 4 * 6, dtype=np.int32).reshape(5, 4, 6)
    save_checkpoint({"first": whole[::-1], "w": whole}, tmp_path / "m")
    base = load_checkpoint(tmp_path / "m")["w"]
    ranges = [range(*axis.indices(dim)) for axis, dim in zip(axes, whole.shape, strict=True)]
    wanted = whole[axes]
    for gap in (8, 1 << 13):
        monkeypatch.setattr(sliced, "_MIN_GAP_NBYTES", gap)
        made, longest = content(SlicedTensor(base, ranges, checked=False), chunk_nbytes)
        assert made == wanted.tobytes()
        assert longest <= chunk_nbytes


def test_few_bytes_of_long_rows_are_read(tmp_path, monkeypatch):
    whole = np.arange(9 * 5000, dtype=np.int32).reshape(9, 5000)
    save_checkpoint({"w": whole}, tmp_path / "m")
    base = load_checkpoint(tmp_path / "m")["w"]
    read: list[int] = []

    def counted(source, view, *more):
        read.append(len(view))
        fill_strided(source, view, *more)

    monkeypatch.setattr(sliced, "fill_strided", counted)
    part = SlicedTensor.of_box(base, ((2, 8), (40, 47)), checked=False)
    assert part.numpy().tolist() == whole[2:8, 40:47].tolist()
    assert read == [6 * 28]


@pytest.mark.parametrize("name", RUNS)
def test_where_a_run_is_stored(tmp_path, name):
    box, first, last = RUNS[name]
    save_checkpoint({"w": WHOLE}, tmp_path / "m")
    part = SlicedTensor.of_box(load_checkpoint(tmp_path / "m")["w"], box)
    if part.size != last - first or not part.size:
        assert part.stored is None
    else:
        stored = part.stored
        assert stored is not None
        assert (stored.offset, stored.nbytes, stored.checksum) == (4 * first, 4 * (last - first), None)


def test_values_of_the_other_byte_order_are_not_taken_as_they_lie(tmp_path):
    (tmp_path / "x").write_bytes(WHOLE.astype(">f4").tobytes())

    class Swapped(DrippingTensor):
        stored = Stored(FileSource(tmp_path / "x"), 0, WHOLE.nbytes, 0, True)

    part = SlicedTensor(Swapped(WHOLE), [range(1, 2), range(3), range(2)], checked=False)
    assert part.stored is None
    assert part.numpy().tolist() == WHOLE[1:2].tolist()


@pytest.mark.parametrize("checked", [True, False])
def test_strings_have_no_raw_part(checked):
    with pytest.raises(UnsupportedError):
        list(SlicedTensor(StringTensor((2,), [b"a", b"b"]), [range(1, 2)], checked=checked).chunks())


@pytest.mark.parametrize(
    "ranges", [[range(4)], [range(5)] * 3, [range(-1, 2), range(3), range(2)], [range(3, 0, -1), range(3), range(2)]]
)
def test_what_is_no_part(ranges):
    with pytest.raises(UnsupportedError, match=r"is not a part of shape \[4, 3, 2\]"):
        SlicedTensor(as_tensor(WHOLE), ranges)


@pytest.mark.parametrize("box", [((0, 5), (0, 3), (0, 2)), ((-1, 1), (0, 3), (0, 2)), ((0, 4), (0, 3))])
def test_a_box_that_is_not_within(box):
    extents = [(start, stop - start) for start, stop in box]
    with pytest.raises(CorruptionError) as caught:
        SlicedTensor.of_box(as_tensor(WHOLE), box)
    assert caught.value.reason == f"slice {extents} is not within a tensor of shape [4, 3, 2]"


ROWS = np.arange(22, dtype=np.int16).reshape(11, 2)


@pytest.mark.parametrize("count", range(1, 12))
def test_slices(count):
    made = DividedTensor(as_tensor(ROWS), count)
    lengths = [box[0][1] - box[0][0] for box, _ in made.parts]
    assert sum(lengths) == 11
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] - lengths[-1] <= 1
    assert np.concatenate([part.numpy() for _, part in made.parts]).tolist() == ROWS.tolist()
    assert made.numpy().tolist() == ROWS.tolist()


@given(st.data(), st.lists(st.integers(1, 5), min_size=1, max_size=3), st.sampled_from([*RAW_DTYPES, dtypes.STRING]))
def test_what_is_divided_can_be_joined_again(data, shape, dtype):
    array, axis = data.draw(values(shape, dtype)), data.draw(st.integers(0, len(shape) - 1))
    made = DividedTensor(data.draw(tensors(array, dtype)), data.draw(st.integers(1, shape[axis])), axis)
    assert bits(JoinedTensor(shape, made.parts)) == bits(made) == expected(array, dtype)


def test_one_slice_verifies_all_and_the_others_read_their_rows(tmp_path, monkeypatch):
    save_checkpoint({"w": ROWS}, tmp_path / "m")
    read: list[int] = []
    chunks = FileSource.chunks

    def counted(self, start, end, *more):
        read.append(end - start)
        return chunks(self, start, end, *more)

    monkeypatch.setattr(FileSource, "chunks", counted)
    made = DividedTensor(load_checkpoint(tmp_path / "m")["w"], 3)
    assert np.concatenate([part.numpy() for _, part in made.parts]).tolist() == ROWS.tolist()
    assert read == [44, 16, 12]


@pytest.mark.parametrize(("count", "axis"), [(0, 0), (12, 0), (3, 1), (1, 2), (1, -1)])
def test_what_is_refused(count, axis):
    with pytest.raises(UnsupportedError):
        DividedTensor(as_tensor(ROWS), count, axis)
