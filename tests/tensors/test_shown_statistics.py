"""Statistics as they are shown."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.tensors.shown_statistics import histogram, sparkline, statistics_of
from graphsurgeon.tensors.statistics import statistics
from graphsurgeon.tensors.values import ArrayTensor, StringTensor, as_tensor


def test_statistics_as_json():
    found = statistics_of(as_tensor(np.array([0, 1, 2, np.nan, np.inf, 5], np.float32)))
    assert found is not None
    assert (found["minimum"], found["maximum"], found["mean"]) == (0, 5, 2)
    assert (found["num_zeros"], found["num_nan"], found["num_infinite"]) == (1, 1, 1)
    assert found["standard_deviation"] == pytest.approx(np.std([0, 1, 2, 5]))
    assert found["norm"] == pytest.approx(np.sqrt(30))
    assert sum(found["histogram"]) == 4


def test_what_has_none():
    assert statistics_of(StringTensor([], [b"a"])) is None
    assert statistics_of(ArrayTensor(np.zeros(2, np.complex64))) is None
    empty = statistics_of(as_tensor(np.zeros((0, 3), np.float32)))
    assert empty is not None
    assert (empty["minimum"], empty["mean"], empty["histogram"]) == (None, None, [])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_a_histogram_is_about_that_of_numpy(dtype):
    values = np.random.default_rng(3).normal(0.3, 2, 20_000).astype(dtype)
    found = histogram(statistics(as_tensor(values)))
    wanted, _ = np.histogram(values, 16)
    assert sum(found) == values.size
    # Buckets are 10 % wide, bins a sixteenth of all.
    assert np.abs(np.array(found) - wanted).max() < 0.02 * values.size


def test_values_that_are_all_the_same():
    assert histogram(statistics(as_tensor(np.full(7, 3, np.int32)))) == [7]
    assert histogram(statistics(as_tensor(np.array([-1e308, 1e308] * 2)))) == [4]


def test_lines():
    assert sparkline([0, 1, 4, 8, 800]) == " ▁▁▁█"
    assert sparkline([1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇█"
    assert sparkline([0, 4, 8], is_plain=True) == " =@"
    assert sparkline([]) == ""
