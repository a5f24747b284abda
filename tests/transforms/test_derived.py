"""What tensors made of another one share: strings go through numpy, and some dtypes have no elements."""

from __future__ import annotations

import pytest

from graphsurgeon import dtypes
from graphsurgeon.tensor import OpaqueTensor, StringTensor, as_tensor
from graphsurgeon.transforms.rearranged import ReversedTensor
from proto_utils.errors import UnsupportedError

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
