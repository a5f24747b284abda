"""Parts of tensors: as savers write them, cut out of a stream, put together again."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.slices import JoinedTensor, SliceTensor, parse_shape_and_slice
from graphsurgeon.tensors.tensor import RawTensor, Stored, StringTensor, Tensor, as_tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import FileSource, Span

WHOLE = np.arange(24, dtype=np.float32).reshape(4, 3, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        (" ", None),
        ("10 4 3,2:-", ((10, 4), ((3, 2), (0, 4)))),
        ("10 4 3,2:0,4", ((10, 4), ((3, 2), (0, 4)))),
        ("7 -", ((7,), ((0, 7),))),
    ],
)
def test_parse(text, expected):
    assert parse_shape_and_slice(text) == expected


@pytest.mark.parametrize("text", ["10", "10 4 3,2", "10 x 0,1:-", "a 0,1", "10 1", "10 0,1:0,1"])
def test_what_is_no_slice(text):
    with pytest.raises(CorruptionError, match="not a shape and slice"):
        parse_shape_and_slice(text)


@given(st.data())
def test_a_slice_is_numpys(data):
    extents = []
    for dim in WHOLE.shape:
        start = data.draw(st.integers(0, dim))
        extents.append((start, data.draw(st.integers(0, dim - start))))
    index = tuple(slice(start, start + length) for start, length in extents)
    made = SliceTensor(as_tensor(WHOLE), extents)
    assert made.shape == WHOLE[index].shape
    assert made.numpy().tolist() == WHOLE[index].tolist()


def test_strings():
    whole = StringTensor((2, 2), [b"a", b"b", b"c", b"d"])
    assert list(SliceTensor(whole, [(0, 2), (1, 1)]).strings()) == [b"b", b"d"]


@pytest.mark.parametrize("extents", [[(0, 5), (0, 3), (0, 2)], [(-1, 2), (0, 3), (0, 2)], [(0, 4), (0, 3)]])
def test_not_within(extents):
    with pytest.raises(CorruptionError, match="is not within a tensor of shape"):
        SliceTensor(as_tensor(WHOLE), extents)


class Chunked(Tensor):
    """A tensor that streams in small pieces and counts them."""

    read = 0

    def chunks(self):
        """Yield five bytes at a time."""
        raw = WHOLE.tobytes()
        for start in range(0, len(raw), 5):
            type(self).read += 1
            yield raw[start : start + 5]


class Unread(Tensor):
    """A tensor that must not be read."""

    def chunks(self):
        """Fail."""
        raise CorruptionError("was read")


def test_rows_stream():
    rows = SliceTensor(Chunked(dtypes.FLOAT, WHOLE.shape), [(1, 2), (0, 3), (0, 2)])
    assert max(len(bytes(chunk)) for chunk in rows.chunks()) == 5
    assert b"".join(map(bytes, rows.chunks())) == WHOLE[1:3].tobytes()


def test_a_slice_reads_to_the_end_where_checksums_are():
    Chunked.read = 0
    list(SliceTensor(Chunked(dtypes.FLOAT, WHOLE.shape), [(0, 1), (0, 3), (0, 2)]).chunks())
    assert Chunked.read == -(-WHOLE.nbytes // 5)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_parts_are_put_together(axis):
    parts = []
    for start, length in ((1, WHOLE.shape[axis] - 1), (0, 1)):
        extents = tuple((start, length) if i == axis else (0, dim) for i, dim in enumerate(WHOLE.shape))
        parts.append((extents, SliceTensor(as_tensor(WHOLE), extents)))
    joined = JoinedTensor(WHOLE.shape, parts)
    assert joined.numpy().tolist() == WHOLE.tolist()
    assert len(list(joined.chunks())) == (2 if axis == 0 else 1)


def test_strings_are_put_together():
    parts = [(((0, 2), (i, 1)), StringTensor((2, 1), [b"%d" % i, b"x"])) for i in range(2)]
    assert list(JoinedTensor((2, 2), parts).strings()) == [b"0", b"1", b"x", b"x"]


class Counting(FileSource):
    """A file that knows which bytes of it were read."""

    def __init__(self, path):
        super().__init__(path)
        self.touched: set[int] = set()

    def chunks(self, start, end, nbytes=1 << 20):
        """Note what is asked for."""
        self.touched.update(range(start, end))
        return super().chunks(start, end, nbytes)

    def read(self, start, end):
        """Note what is asked for."""
        self.touched.update(range(start, end))
        return super().read(start, end)


# The run of values of WHOLE, 4 x 3 x 2, that holds the part.
RUNS = {
    "rows": ([(1, 2), (0, 3), (0, 2)], 6, 18),
    "one row": ([(3, 1), (0, 3), (0, 2)], 18, 24),
    "rows within a row": ([(2, 1), (1, 2), (0, 2)], 14, 18),
    "one element": ([(2, 1), (1, 1), (1, 1)], 15, 16),
    "columns": ([(1, 2), (1, 1), (0, 2)], 6, 18),
    "the last axis": ([(0, 4), (0, 3), (1, 1)], 0, 24),
    "nothing": ([(1, 0), (0, 3), (0, 2)], 6, 6),
    "nothing of each": ([(1, 1), (0, 3), (0, 0)], 6, 12),
}


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("is_raw", [True, False], ids=["a span", "a data file"])
def test_a_part_that_is_not_checked_reads_its_run_only(tmp_path, name, is_raw):
    extents, first, last = RUNS[name]
    (tmp_path / "x").write_bytes(b"." * 8 + WHOLE.tobytes())
    source = Counting(tmp_path / "x")

    class StoredTensor(Chunked):
        stored = Stored(source, 8, WHOLE.nbytes, 0, False)

    base = (
        RawTensor(dtypes.FLOAT, WHOLE.shape, Span(source, 8, 8 + WHOLE.nbytes))
        if is_raw
        else StoredTensor(dtypes.FLOAT, WHOLE.shape)
    )
    part = SliceTensor(base, extents, checked=False)
    expected = WHOLE[tuple(slice(start, start + length) for start, length in extents)]
    assert part.numpy().tolist() == expected.tolist()
    assert source.touched == set(range(8 + 4 * first, 8 + 4 * last))


def test_values_of_the_other_byte_order_are_not_taken_as_they_lie(tmp_path):
    (tmp_path / "x").write_bytes(WHOLE.astype(">f4").tobytes())

    class Swapped(Chunked):
        stored = Stored(FileSource(tmp_path / "x"), 0, WHOLE.nbytes, 0, True)

    part = SliceTensor(Swapped(dtypes.FLOAT, WHOLE.shape), [(1, 1), (0, 3), (0, 2)], checked=False)
    assert part.numpy().tolist() == WHOLE[1:2].tolist()


@given(st.data())
def test_a_part_of_a_partitioned_tensor_is_of_its_slices(data):
    """Whatever way it is cut, slices that have nothing of the part are not read."""
    cuts = [sorted({0, dim, data.draw(st.integers(0, dim))}) for dim in WHOLE.shape]
    boxes = list(product(*(list(pairwise(ends)) for ends in cuts)))
    extents = []
    for dim in WHOLE.shape:
        start = data.draw(st.integers(0, dim))
        extents.append((start, data.draw(st.integers(0, dim - start))))
    index = tuple(slice(start, start + length) for start, length in extents)
    wanted = np.zeros(WHOLE.shape, dtype=bool)
    wanted[index] = True

    def stored(box):
        where = tuple(slice(*bounds) for bounds in box)
        return as_tensor(WHOLE[where]) if wanted[where].any() else Unread(dtypes.FLOAT, WHOLE[where].shape)

    class Partitioned(Unread):
        parts = tuple((box, stored(box)) for box in boxes)

    part = SliceTensor(Partitioned(dtypes.FLOAT, WHOLE.shape), extents, checked=False)
    assert part.numpy().tolist() == WHOLE[index].tolist()


def test_slices_that_do_not_cover_the_part():
    class Partitioned(Unread):
        parts = ((((0, 2), (0, 3), (0, 2)), as_tensor(WHOLE[:2])),)

    whole = Partitioned(dtypes.FLOAT, WHOLE.shape)
    assert SliceTensor(whole, [(1, 1), (0, 3), (0, 2)], checked=False).numpy().tolist() == WHOLE[1:2].tolist()
    with pytest.raises(CorruptionError, match="hold 6 of the 12 elements"):
        SliceTensor(whole, [(1, 2), (0, 3), (0, 2)], checked=False).numpy()


def test_a_part_may_drop_axes():
    part = SliceTensor(as_tensor(WHOLE), [(1, 1), (0, 3), (1, 1)], shape=[3])
    assert part.numpy().tolist() == WHOLE[1, :, 1].tolist()
    assert SliceTensor(StringTensor((2,), [b"a", b"b"]), [(1, 1)], shape=()).numpy().tolist() == b"b"


@pytest.mark.parametrize("checked", [True, False])
def test_strings_have_no_raw_part(checked):
    with pytest.raises(UnsupportedError):
        list(SliceTensor(StringTensor((2,), [b"a", b"b"]), [(1, 1)], checked=checked).chunks())
