"""What tensors made of another one share: strings go through numpy, and some dtypes have no elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.elementwise import ScaledTensor
from graphsurgeon.tensors.padded import PaddedTensor
from graphsurgeon.tensors.rearranged import ReversedTensor, TransposedTensor
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.tiled import tile
from graphsurgeon.tensors.values import OpaqueTensor, StringTensor, as_tensor
from proto_utils.errors import UnsupportedError
from tests.tensors.streams import DrippingTensor, content

WORDS = StringTensor([3], [b"a", b"", b"\xff\0"])


def test_strings_are_elements():
    assert list(ReversedTensor(WORDS, [0]).strings()) == [b"\xff\0", b"", b"a"]


def test_strings_have_no_raw_values():
    with pytest.raises(UnsupportedError, match="dtype string has no raw values"):
        ReversedTensor(WORDS, [0]).chunks()


def test_numbers_are_no_strings():
    with pytest.raises(UnsupportedError, match="dtype int64 has no strings"):
        next(ReversedTensor(as_tensor([1, 2]), [0]).strings())


@pytest.mark.parametrize("dtype", [dtypes.RESOURCE, dtypes.VARIANT], ids=str)
def test_what_has_no_elements(dtype):
    with pytest.raises(UnsupportedError, match="has no elements to arrange"):
        ReversedTensor(OpaqueTensor(dtype, [2]), [0])


@given(st.data())
def test_any_chain_is_numpys(data):
    """Transforms of transforms, each of which reads the one below in its own way."""
    values: Any = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)
    made: Tensor = DrippingTensor(values)
    for _ in range(data.draw(st.integers(1, 5))):
        axis, count = data.draw(st.integers(0, 2)), data.draw(st.integers(1, 3))
        kind = data.draw(st.sampled_from(["transpose", "reverse", "slice", "pad", "tile", "reshape", "scale"]))
        if kind == "transpose":
            perm = data.draw(st.permutations(range(3)))
            made, values = TransposedTensor(made, perm), values.transpose(perm)
        elif kind == "reverse":
            made, values = ReversedTensor(made, [axis]), np.flip(values, axis)
        elif kind == "slice":
            ranges = [range(0, dim, count if i == axis else 1) for i, dim in enumerate(values.shape)]
            made, values = SlicedTensor(made, ranges), values[np.ix_(*ranges)]
        elif kind == "pad":
            widths = [(count, 1) if i == axis else (0, 0) for i in range(3)]
            made, values = PaddedTensor(made, widths), np.pad(values, widths)
        elif kind == "tile":
            multiples = [count if i == axis else 1 for i in range(3)]
            made, values = tile(made, multiples), np.tile(values, multiples)
        elif kind == "reshape":
            shape = (values.shape[2], values.shape[0], values.shape[1])
            made, values = ReshapedTensor(made, shape), values.reshape(shape)
        else:
            made, values = ScaledTensor(made, as_tensor(np.float32(2))), values * 2
    assert made.shape == values.shape
    assert content(made)[0] == values.tobytes()
