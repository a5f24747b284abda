"""Repeated tensors are numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.tensors.tiled import tile
from graphsurgeon.tensors.values import StringTensor, as_tensor
from proto_utils.errors import UnsupportedError
from tests.tensors.streams import DrippingTensor, content

WHOLE = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)


@pytest.mark.parametrize(
    "multiples",
    [(1, 1, 1), (3, 1, 1), (1, 2, 1), (1, 1, 5), (2, 3, 2), (1, 0, 1), (0, 1, 2), (1, 1, 100), (100, 1, 1)],
    ids=str,
)
def test_repeated_along_axes(multiples, chunk_nbytes, window_nbytes):
    made = tile(DrippingTensor(WHOLE), multiples)
    expected = np.tile(WHOLE, multiples)
    assert made.shape == expected.shape
    got, longest = content(made, chunk_nbytes)
    assert got == expected.tobytes()
    assert longest <= max(chunk_nbytes, 16)


def test_one_element_many_times(chunk_nbytes):
    made, longest = content(tile(as_tensor(np.array([7], np.int8)), [1000]), chunk_nbytes)
    assert made == b"\7" * 1000
    assert longest == min(chunk_nbytes, 1000)


def test_a_base_that_fits_is_read_once():
    base = DrippingTensor(WHOLE)
    content(tile(base, (5, 5, 5)))
    assert base.num_reads == 1


def test_nothing_repeated():
    assert tile(as_tensor(np.zeros((0, 2))), (3, 3)).numpy().shape == (0, 6)


def test_once_is_the_tensor_itself():
    base = as_tensor(WHOLE)
    assert tile(base, (1, 1, 1)) is base


def test_strings():
    words = StringTensor([1, 2], [b"a", b"b"])
    assert list(tile(words, (2, 2)).strings()) == [b"a", b"b"] * 4


@pytest.mark.parametrize("multiples", [(1,), (1, 1, -1)], ids=str)
def test_what_are_no_multiples(multiples):
    with pytest.raises(UnsupportedError, match=r"for shape \[2, 3, 4\]"):
        tile(as_tensor(WHOLE), multiples)
