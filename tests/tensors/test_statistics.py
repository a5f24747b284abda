"""Statistics of tensors are those of numpy, whichever way values are counted; buckets hold what they should."""

from __future__ import annotations

import itertools
import math

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.statistics import Statistics, statistics
from graphsurgeon.tensors.values import ArrayTensor, FillTensor, StringTensor
from proto_utils.errors import UnsupportedError

RNG = np.random.default_rng(7)
SPREAD = np.concatenate([RNG.normal(size=300_000) * 10.0 ** RNG.integers(-14, 22, 300_000), [0.0, -0.0, 1e-40, -1e-40]])


def numpy_counts(values: np.ndarray, found: Statistics) -> list[int]:
    """How many values are in each bucket, counted one bucket at a time."""
    exact = values[np.isfinite(values)].astype(np.float64)
    edges = [-math.inf, *found.limits[:-1], math.inf]
    return [int(np.count_nonzero((exact >= low) & (exact < high))) for low, high in itertools.pairwise(edges)]


@pytest.mark.parametrize(
    "dtype", [np.float32, np.float64, np.float16, ml_dtypes.bfloat16, np.int64, np.int32, np.int8, bool]
)
def test_they_are_those_of_numpy(dtype: type):
    with np.errstate(over="ignore", invalid="ignore"):
        values: np.ndarray = (SPREAD if np.dtype(dtype).kind in "fV" else RNG.integers(-120, 120, 70_000)).astype(dtype)
    found = statistics(ArrayTensor(values))
    exact = values.astype(np.float64)
    finite = exact[np.isfinite(exact)]
    assert found.num_elements == values.size
    assert found.num_infinite == np.count_nonzero(np.isinf(exact))
    assert found.num_zeros == np.count_nonzero(exact == 0)
    assert (found.minimum, found.maximum) == (finite.min(), finite.max())
    assert found.mean == pytest.approx(finite.mean())
    assert found.standard_deviation == pytest.approx(finite.std())
    assert found.norm == pytest.approx(math.sqrt((finite * finite).sum()))
    assert found.counts == numpy_counts(values.astype(np.float64), found)
    assert sum(found.counts) == finite.size


def test_values_that_are_not_finite_are_counted_and_left_out():
    for dtype in (np.float32, np.float64, np.float16):
        found = statistics(ArrayTensor(np.array([1, np.nan, -np.inf, np.inf, np.nan, 3], dtype)))
        assert found[:4] == (6, 2, 2, 0)
        assert (found.minimum, found.maximum, found.sum, found.sum_squares) == (1, 3, 4, 10)


def test_without_finite_values_there_is_no_mean():
    for values in (np.zeros([0, 3], np.float32), np.full(2, np.nan), np.full(2, np.inf, np.float16)):
        found = statistics(ArrayTensor(values))
        assert math.isnan(found.minimum)
        assert math.isnan(found.mean)
        assert math.isnan(found.standard_deviation)
        assert (found.norm, sum(found.counts)) == (0.0, 0)


def test_a_fill_is_not_expanded():
    found = statistics(FillTensor(dtypes.FLOAT, (1 << 40,), np.array([3, 2], np.float32).tobytes()))
    assert (found.num_elements, found.sum, found.num_zeros) == (1 << 40, 1 + 2.0 * (1 << 40), 0)
    assert sum(found.counts) == 1 << 40
    assert statistics(FillTensor(dtypes.HALF, (5,), b"")).num_zeros == 5


def test_numbers_in_no_order_are_refused():
    for tensor in (ArrayTensor(np.ones(2, np.complex64)), StringTensor((1,), [b"a"])):
        with pytest.raises(UnsupportedError, match="no statistics"):
            statistics(tensor)
