"""Parts by ranges are numpy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tensor import StringTensor, as_tensor
from proto_utils.errors import UnsupportedError
from tests.tensors.streams import DrippingTensor, content

WHOLE = np.arange(4 * 3 * 5, dtype=np.int16).reshape(4, 3, 5)


def check(ranges):
    made, unchecked = (SlicedTensor(DrippingTensor(WHOLE), ranges, checked=checked) for checked in (True, False))
    expected = WHOLE[tuple(slice(r.start, r.stop, r.step) for r in ranges)]
    assert made.shape == expected.shape
    assert content(made)[0] == expected.tobytes()
    assert content(unchecked)[0] == expected.tobytes()


@given(st.data())
def test_a_part_is_numpys(data):
    bounds = [(data.draw(st.integers(0, dim)), data.draw(st.integers(0, dim)), dim) for dim in WHOLE.shape]
    check([range(start, stop, data.draw(st.integers(1, 6))) for start, stop, _ in bounds])


@pytest.mark.parametrize(
    "ranges",
    [
        (range(4), range(3), range(5)),
        (range(1, 3), range(3), range(5)),
        (range(0, 4, 3), range(1, 3), range(0, 5, 2)),
        (range(3, 4), range(2, 3), range(4, 5)),
        (range(2, 2), range(3), range(5)),
    ],
    ids=str,
)
def test_parts_in_small_bands(ranges, chunk_nbytes):
    check(ranges)


def test_all_of_the_base_is_read():
    base = DrippingTensor(WHOLE)
    content(SlicedTensor(base, [range(1), range(3), range(5)]))
    assert base.num_reads == 1


def test_strings_and_scalars():
    words = StringTensor([3], [b"a", b"b", b"c"])
    assert list(SlicedTensor(words, [range(0, 3, 2)]).strings()) == [b"a", b"c"]
    assert SlicedTensor(as_tensor(7), []).numpy() == 7


@pytest.mark.parametrize(
    "ranges", [[range(4)], [range(5)] * 3, [range(-1, 2), range(3), range(5)], [range(3, 0, -1), range(3), range(5)]]
)
def test_what_is_no_part(ranges):
    with pytest.raises(UnsupportedError, match=r"is not a part of shape \[4, 3, 5\]"):
        SlicedTensor(as_tensor(WHOLE), ranges)
