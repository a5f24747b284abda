"""Tensors rounded to few values."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.tensors.rounded import RoundedTensor
from graphsurgeon.tensors.values import as_tensor
from proto_utils.errors import UnsupportedError
from proto_utils.threads import set_num_threads
from tests.tensors.streams import DrippingTensor, content


def _rounded(values: Any, count: int) -> Any:
    return RoundedTensor(as_tensor(values), float(values.min()), float(values.max()), count)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("count", [3, 4, 17, 256])
@pytest.mark.parametrize("offset", [0, 5, -5])
def test_so_many_values_ends_and_zero(kind: Any, count: int, offset: float):
    values: Any = (np.random.default_rng(0).uniform(-3, 4, 50_000) + offset).astype(kind)
    values[:2] = (0, 0) if offset == 0 else (offset, offset)
    tensor = _rounded(values, count)
    found = tensor.numpy()
    assert found.dtype == values.dtype
    left = np.unique(found.astype(np.float64))
    assert len(left) <= count
    assert len(left) == count or kind is ml_dtypes.bfloat16 or kind is np.float16
    assert (found.min(), found.max()) == (values.min(), values.max())
    assert offset or found[0] == 0
    error = np.abs(found.astype(np.float64) - values.astype(np.float64)).max()
    assert error <= tensor.largest_error * (1 + 1e-4)
    assert error > tensor.largest_error / 2 or kind is ml_dtypes.bfloat16


def test_nearest_and_stream():
    values = np.array([-4, -2.9, -1, 0, 0.9, 3.1, 8], np.float32)
    assert _rounded(values, 4).numpy().tolist() == [-4, -4, 0, 0, 0, 4, 8]
    many = np.random.default_rng(1).standard_normal(100_000).astype(np.float32)
    tensor = _rounded(many, 16)
    assert b"".join(map(bytes, tensor.chunks(4096))) == tensor.numpy().tobytes()


def test_many_values_and_numbers_at_the_limits():
    values = np.array([-1e300, 1e-3, 1.7e308])
    assert _rounded(values, 1 << 16).numpy().tolist() == [-1e300, 0, 1.7e308]
    small = np.array([0, 1e-40, 3e-40], np.float32)
    assert _rounded(small, 4).numpy().tolist() == small.tolist()


def test_refusals():
    with pytest.raises(UnsupportedError, match="2 values are too few for both ends and 0"):
        _rounded(np.array([-1, 0, 1], np.float32), 2)
    with pytest.raises(UnsupportedError, match="no floating-point numbers"):
        _rounded(np.array([1, 2]), 2)
    with pytest.raises(UnsupportedError, match="too close"):
        _rounded(np.array([0, 5e-324]), 2)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [3, 4, 7, 16, 300])
@pytest.mark.parametrize(("low", "high"), [(-1.0, 3.0), (-3.0, 1.0), (-2.0, 2.0), (1.0, 3.0), (-3.0, -1.0)])
def test_threads_and_signs(monkeypatch, threads, count, low, high):
    monkeypatch.setattr("proto_utils.threads._chosen", [threads])
    values = np.random.default_rng(count).uniform(low, high, 5000).astype(np.float32)
    values[:2] = low, high
    made = RoundedTensor(DrippingTensor(values), low, high, count)
    got = np.frombuffer(content(made, 4096)[0], np.float32)
    assert set(got) <= set(made.values)
    # None of the others is nearer by more than what rounding in single precision may add.
    distances = np.abs(values[:, None].astype(np.float64) - made.values.astype(np.float64))
    assert np.all(np.abs(got.astype(np.float64) - values) <= distances.min(axis=1) + 1e-5)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_threads_work_on_pieces_of_their_own(count):
    values = np.random.default_rng(1).standard_normal(100_000).astype(np.float32)
    made = RoundedTensor(DrippingTensor(values), float(values.min()), float(values.max()), 17)
    set_num_threads(count)
    try:
        found = np.frombuffer(b"".join(map(bytes, made.chunks(1 << 12))), np.float32)
    finally:
        set_num_threads(None)
    assert set(found.tolist()) <= set(made.values.tolist())
    assert np.abs(found - values).max() <= made.largest_error
