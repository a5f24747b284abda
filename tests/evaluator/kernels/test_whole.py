"""Double precision in between."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.evaluator.kernels.whole import in_double, numpy_function


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.complex64, np.int32])
def test_the_result_is_of_the_type_of_the_first(dtype: type):
    a: np.ndarray[Any, Any] = np.array([1, 4], dtype)
    assert in_double(lambda x: x * x)(a).dtype == a.dtype


def test_it_is_rounded_once():
    third = np.array([1 / 3], np.float32)
    assert in_double(lambda x: x * 3 - 1)(third)[0] != third[0] * np.float32(3) - np.float32(1)


def test_functions_of_numpy_are_found_by_name():
    assert numpy_function("add")(1, 2) == 3
