"""Random numbers have the moments they should; tests/tf compares them with TensorFlow's."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.evaluator.distributions import FLOATS, INTEGERS, Distribution
from graphsurgeon.evaluator.philox import Philox
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType

SEEDED = Philox.of_seeds(11, 12)
FLOAT_TYPES = sorted(FLOATS, key=lambda dtype: dtype.number)
INTEGER_TYPES = sorted(INTEGERS, key=lambda dtype: dtype.number)


def drawn(kind: str, dtype: DType, low: int = 0, high: int = 0) -> np.ndarray:
    values = Distribution(kind, dtype, low, high).draw(SEEDED, 0, 50_000).reshape(-1)
    assert values.dtype == dtype.numpy()
    return values.astype(np.float64) if dtype.is_floating else values


@pytest.mark.parametrize("dtype", FLOAT_TYPES, ids=lambda dtype: dtype.name)
def test_uniform(dtype: DType):
    values = drawn("uniform", dtype)
    assert values.min() >= 0
    assert values.max() < 1
    assert abs(values.mean() - 0.5) < 0.01
    assert abs(values.std() - 12**-0.5) < 0.01


@pytest.mark.parametrize("dtype", FLOAT_TYPES, ids=lambda dtype: dtype.name)
def test_normal(dtype: DType):
    values = drawn("normal", dtype)
    assert abs(values.mean()) < 0.02
    assert abs(values.std() - 1) < 0.02
    assert 3 < abs(values).max() < 6


@pytest.mark.parametrize("dtype", FLOAT_TYPES, ids=lambda dtype: dtype.name)
def test_truncated_normal(dtype: DType):
    values = drawn("truncated_normal", dtype)
    assert abs(values).max() <= 2
    assert abs(values.mean()) < 0.02
    # The standard deviation of a normal distribution that is cut at two of its own.
    assert abs(values.std() - 0.8796) < 0.02


@pytest.mark.parametrize("dtype", INTEGER_TYPES, ids=lambda dtype: dtype.name)
def test_integers(dtype: DType):
    low = 0 if dtype.kind == "u" else -3
    values, counts = np.unique(drawn("integer", dtype, low, 7), return_counts=True)
    assert values.tolist() == list(range(low, 7))
    assert counts.min() > 0.9 * counts.max()
    full = drawn("full_integer", dtype)
    assert len(np.unique(full)) > 0.99 * len(full)


@pytest.mark.parametrize("kind", ["uniform", "normal", "truncated_normal"])
@pytest.mark.parametrize("dtype", FLOAT_TYPES, ids=lambda dtype: dtype.name)
def test_groups_do_not_depend_on_each_other(kind: str, dtype: DType):
    of = Distribution(kind, dtype)
    whole = of.draw(SEEDED, 0, 500)
    assert whole.shape == (500, of.group_size)
    assert np.array_equal(np.concatenate([of.draw(SEEDED, 0, 123), of.draw(SEEDED, 123, 377)]), whole)


def test_a_double_takes_two_numbers():
    assert Distribution("normal", dtypes.DOUBLE).group_size == 2
    assert Distribution("normal", dtypes.HALF).group_size == 4
