"""The range of values, in one pass."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.value_range import value_range
from graphsurgeon.tensors.values import FillTensor, as_tensor
from proto_utils.errors import UnsupportedError


@pytest.mark.parametrize("kind", [np.float32, np.float16, ml_dtypes.bfloat16, np.float64, np.int32])
def test_least_and_greatest(kind: Any):
    values: Any = np.arange(-3, 600_000 if kind in (np.float32, np.int32) else 90).astype(kind)
    found = value_range(as_tensor(values))
    assert (found.low, found.high) == (-3, values.max())
    assert found.low.dtype == values.dtype
    assert found.is_finite


def test_what_is_no_number():
    values = np.zeros(300_000, np.float32)
    values[-1] = np.inf
    assert not value_range(as_tensor(values)).is_finite
    values[7] = np.nan
    found = value_range(as_tensor(values))
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_none_and_one_that_repeats():
    assert value_range(as_tensor(np.zeros(0, np.float32))) == (0, 0)
    assert value_range(FillTensor(dtypes.FLOAT, [1 << 40], np.float32(7).tobytes())) == (7, 7)
    with pytest.raises(UnsupportedError, match="in no order"):
        value_range(as_tensor(np.zeros(1, np.complex64)))
