"""Another shape over the same values, which stay where they are."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.tensor import Stored
from graphsurgeon.tensors.values import RawTensor, StringTensor, as_tensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import BytesSource, Span

WHOLE = as_tensor(np.arange(12, dtype=np.float32).reshape(3, 4))


@pytest.mark.parametrize(
    ("shape", "expected"), [((12,), (12,)), ((2, -1, 3), (2, 2, 3)), ((-1,), (12,)), ((12, 1), (12, 1))], ids=str
)
def test_values_are_the_same(shape, expected):
    made = ReshapedTensor(WHOLE, shape)
    assert made.shape == expected
    assert made.numpy().tolist() == WHOLE.numpy().reshape(expected).tolist()


def test_a_scalar_and_nothing():
    assert ReshapedTensor(as_tensor([[5]]), ()).numpy().tolist() == 5
    assert ReshapedTensor(as_tensor(np.zeros((0, 3))), (2, 0)).shape == (2, 0)


@pytest.mark.parametrize("shape", [(5,), (-1, -1), (5, -1), (-12,), (-2, -6), (0, -1), ()], ids=str)
def test_other_numbers_of_elements(shape):
    with pytest.raises(UnsupportedError, match=r"\[3, 4\] has 12 elements, shape .* has another number"):
        ReshapedTensor(WHOLE, shape)


def test_bytes_stay_where_they_are():
    base = RawTensor(dtypes.INT32, [2, 3], Span(BytesSource(bytes(24)), 0, 24))
    made = ReshapedTensor(base, [6])
    assert made.span is base.span
    assert made.stored is None


def test_what_is_stored_stays_stored():
    class Kept(StringTensor):
        stored = Stored(None, 3, 9, 1, False)  # type: ignore[arg-type]

    words = Kept([2], [b"ab", b"c"])
    made = ReshapedTensor(words, [1, 2])
    assert made.stored is words.stored
    assert (list(made.strings()), made.nbytes) == ([b"ab", b"c"], 3)
