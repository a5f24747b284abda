"""Parts of tensors: as savers write them, cut out of a stream, put together again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon import dtypes
from graphsurgeon.tensor import StringTensor, Tensor, as_tensor
from graphsurgeon.tensor_slice import JoinedTensor, SliceTensor, parse_shape_and_slice
from proto_utils.errors import CorruptionError

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
