"""Tensors times a factor for each slice."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.tensors.weighted import WeightedTensor
from proto_utils.errors import UnsupportedError


@pytest.mark.parametrize(("axis", "num_axes"), [(0, 1), (1, 1), (2, 1), (1, 2), (0, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_every_axis(axis, num_axes, dtype):
    values = np.arange(60).reshape(3, 4, 5).astype(dtype)
    shape = values.shape[axis : axis + num_axes]
    factors = np.linspace(-1, 2, int(np.prod(shape)))
    wide = factors.reshape((1,) * axis + shape + (1,) * (3 - axis - num_axes))
    made = WeightedTensor(as_tensor(values), factors, axis, num_axes)
    np.testing.assert_array_equal(made.numpy(), (values.astype(np.float64) * wide).astype(dtype))
    assert b"".join(map(bytes, made.chunks(28))) == made.numpy().tobytes()


def test_empty():
    assert WeightedTensor(as_tensor(np.zeros((0, 3), np.float32)), np.ones(3), 1).numpy().shape == (0, 3)


@pytest.mark.parametrize(("values", "count"), [(np.zeros((2, 3), np.float32), 2), (np.zeros((2, 3), np.int32), 3)])
def test_refusals(values, count):
    with pytest.raises(UnsupportedError, match=r"factors|floating"):
        WeightedTensor(as_tensor(values), np.ones(count), 1)
