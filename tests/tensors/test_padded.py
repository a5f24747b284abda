"""Padded tensors are numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.tensors.padded import PaddedTensor
from graphsurgeon.tensors.values import StringTensor, as_tensor
from proto_utils.errors import UnsupportedError
from tests.tensors.streams import DrippingTensor, content

WHOLE = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)


@pytest.mark.parametrize(
    "paddings",
    [[(0, 0)] * 3, [(1, 2), (0, 0), (0, 0)], [(0, 0), (0, 0), (3, 1)], [(0, 9), (2, 0), (0, 1)], [(1, 1)] * 3],
    ids=str,
)
def test_a_border_of_one_value(paddings, chunk_nbytes):
    made = PaddedTensor(DrippingTensor(WHOLE), paddings, np.int16(-3).tobytes())
    expected = np.pad(WHOLE, paddings, constant_values=-3)
    assert made.shape == expected.shape
    assert content(made, chunk_nbytes)[0] == expected.tobytes()
    assert content(made, chunk_nbytes)[1] <= chunk_nbytes


def test_zero_by_default():
    assert PaddedTensor(as_tensor([1.5]), [(1, 1)]).numpy().tolist() == [0, 1.5, 0]


def test_around_nothing_and_a_scalar():
    assert PaddedTensor(as_tensor(np.zeros((0, 2), np.int8)), [(1, 0), (0, 1)]).numpy().tolist() == [[0, 0, 0]]
    assert PaddedTensor(as_tensor(7), []).numpy() == 7


def test_strings():
    words = StringTensor([2], [b"a", b"b"])
    assert list(PaddedTensor(words, [(1, 2)]).strings()) == [b"", b"a", b"b", b"", b""]
    assert list(PaddedTensor(words, [(0, 1)], b"pad").strings()) == [b"a", b"b", b"pad"]


@pytest.mark.parametrize("paddings", [[], [(0, 1)], [(0, -1), (0, 0), (0, 0)]], ids=str)
def test_what_are_no_paddings(paddings):
    with pytest.raises(UnsupportedError, match=r"for shape \[2, 3, 4\]"):
        PaddedTensor(as_tensor(WHOLE), paddings)


def test_a_value_of_another_size():
    with pytest.raises(UnsupportedError, match="a value of 4 bytes in a tensor of int16"):
        PaddedTensor(as_tensor(WHOLE), [(0, 0)] * 3, b"1234")
