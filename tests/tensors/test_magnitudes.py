"""Magnitudes: integers in the order of sizes, and the k-th largest of them without sorting."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.errors import UnsupportedError
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.magnitudes import (
    as_number,
    kth_largest,
    magnitude_chunks,
    magnitude_of,
    magnitudes,
    require_magnitudes,
)
from graphsurgeon.tensors.values import as_tensor

KINDS = [np.float16, np.float32, np.float64, ml_dtypes.bfloat16]


@pytest.mark.parametrize("kind", KINDS)
def test_the_kth_largest_is_what_sorting_gives(kind):
    values = np.random.default_rng(1).normal(size=500).astype(kind)
    tensor = as_tensor(values)
    require_magnitudes(tensor.dtype)
    for k in (1, 2, 250, 499, 500):
        found = kth_largest(lambda: magnitude_chunks(tensor, 64), k, tensor.dtype.itemsize * 8)
        assert as_number(found, tensor.dtype) == float(np.sort(np.abs(values))[::-1][k - 1])


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=50), st.data())
def test_of_any_integers(numbers, data):
    k = data.draw(st.integers(1, len(numbers)))
    values = np.array(numbers, np.uint32)
    assert kth_largest(lambda: np.array_split(values, 3), k, 32) == sorted(numbers)[-k]


def test_signs_do_not_count():
    assert magnitudes(np.array([-2.0, 2.0, -0.0], np.float32).view(np.uint32)).tolist() == [1 << 30, 1 << 30, 0]


def test_a_number_is_rounded_to_the_dtype():
    assert as_number(magnitude_of(0.7, dtypes.FLOAT), dtypes.FLOAT) == float(np.float32(0.7))
    assert as_number(magnitude_of(1e9, dtypes.HALF), dtypes.HALF) == float("inf")


def test_no_number_has_no_magnitude():
    with pytest.raises(UnsupportedError, match="NaN"):
        list(magnitude_chunks(as_tensor(np.array([1, np.nan], np.float32))))
    assert len(list(magnitude_chunks(as_tensor(np.array([np.inf], np.float32))))) == 1
    with pytest.raises(UnsupportedError, match="int32"):
        require_magnitudes(dtypes.INT32)
