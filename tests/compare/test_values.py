"""Distances of values: exact, whatever the dtype, and the same in however many pieces."""

from __future__ import annotations

import json
import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graphsurgeon.compare.values import Tolerance, ValueDiff, diff_values
from graphsurgeon.errors import UnsupportedError
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import ArrayTensor, OpaqueTensor, StringTensor, as_tensor


def found(a: Any, b: Any, dtype: Any) -> ValueDiff:
    """The difference of two arrays that differ."""
    difference = diff_values(as_tensor(np.array(a, dtype)), as_tensor(np.array(b, dtype)))
    assert difference is not None
    json.dumps(difference.to_json(), allow_nan=False)
    return difference


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "u8", "?", "c8", "c16", ml_dtypes.bfloat16, ml_dtypes.int4])
def test_equal(dtype: Any):
    array = np.array([0, 1, 1], dtype)
    assert diff_values(as_tensor(array), as_tensor(array.copy())) is None


@pytest.mark.parametrize(
    "dtype", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "c8", "c16", ml_dtypes.bfloat16, ml_dtypes.int4]
)
def test_absolute_and_relative(dtype: Any):
    difference = found([[0, 1], [2, 3]], [[0, 2], [-2, 3]], dtype)
    assert (difference.num_elements, difference.num_different) == (4, 2)
    assert (difference.max_absolute, difference.max_relative) == (4, 2.0)
    assert (difference.first.index, difference.first.a) == ([0, 1], number(1, dtype))
    assert difference.largest is not None
    assert (difference.largest.index, difference.largest.b) == ([1, 0], number(-2, dtype))
    assert (difference.num_same_number, difference.num_nonfinite) == (0, 0)


def number(value: int, dtype: Any) -> Any:
    return [value, 0] if np.dtype(dtype).kind == "c" else value


def test_integers_are_exact_at_full_width():
    low, high = -(2**63), 2**63 - 1
    difference = found([low, 0], [high, 0], np.int64)
    assert difference.max_absolute == 2**64 - 1
    assert (difference.first.a, difference.first.b) == (low, high)
    assert found([0], [2**64 - 1], np.uint64).max_absolute == 2**64 - 1
    assert found([2**53], [2**53 + 1], np.int64).max_absolute == 1


def test_quantized_values_are_integers():
    a, b = (ArrayTensor(np.array([1, n], np.uint8), dtypes.QUINT8) for n in (0, 255))
    difference = diff_values(a, b)
    assert difference is not None
    assert (difference.max_absolute, difference.largest and difference.largest.b) == (255, 255)


def test_flags_have_no_distance():
    difference = found([True, False], [True, True], np.bool_)
    assert (difference.num_different, difference.max_absolute, difference.largest) == (1, None, None)
    assert (difference.first.index, difference.first.a, difference.first.b) == ([1], False, True)


def test_bits_of_one_number():
    difference = found([0.0, 1], [-0.0, 1], np.float32)
    assert (difference.num_different, difference.num_same_number, difference.max_absolute) == (1, 1, None)
    a, b = (np.array([bits], np.uint32).view(np.float32) for bits in (0x7FC00000, 0x7FC00001))
    difference = found(a, b, np.float32)
    assert (difference.num_same_number, difference.num_nonfinite) == (1, 0)


def test_same_nan_is_equal():
    nan = as_tensor(np.array([np.nan, np.inf], np.float32))
    assert diff_values(nan, as_tensor(np.array([np.nan, np.inf], np.float32))) is None


def test_nan_and_infinity_have_no_distance():
    difference = found([np.nan, np.inf, 1, 5], [1, -np.inf, np.inf, 7], np.float32)
    assert (difference.num_different, difference.num_nonfinite, difference.max_absolute) == (4, 3, 2.0)
    assert difference.largest is not None
    assert difference.largest.index == [3]
    assert (difference.first.a, difference.first.b) == ("nan", 1.0)
    assert found([np.inf], [np.nan], np.float64).to_json()["max_absolute"] is None


def test_distance_past_float64():
    difference = found([1e308], [-1e308], np.float64)
    assert difference.max_absolute == math.inf
    assert difference.to_json()["max_absolute"] == "inf"
    assert difference.max_relative == 2.0


def test_smallest_numbers():
    difference = found([5e-324, 0], [0, 0], np.float64)
    assert (difference.max_absolute, difference.max_relative) == (5e-324, 1.0)


def test_strings():
    a, b = StringTensor([2, 2], [b"a", b"b"]), StringTensor([2, 2], [b"a", b"b", b"b", b"\xff"])
    difference = diff_values(a, b)
    assert difference is not None
    assert (difference.num_different, difference.max_absolute, difference.first.index) == (1, None, [1, 1])
    assert (difference.first.a, difference.first.b) == ("b", {"hex": "ff"})
    assert diff_values(a, StringTensor([2, 2], [b"a", b"b", b"b"])) is None


def test_scalar():
    difference = found(3, 4, np.int32)
    assert (difference.num_elements, difference.first.index) == (1, [])


def test_resources_cannot_be_compared():
    with pytest.raises(UnsupportedError):
        diff_values(OpaqueTensor(dtypes.RESOURCE, []), OpaqueTensor(dtypes.RESOURCE, []))


@given(hnp.arrays(np.float32, st.integers(1, 30)), st.data())
def test_against_numpy(a: np.ndarray[Any, Any], data: st.DataObject):
    b = data.draw(hnp.arrays(np.float32, len(a)))
    difference = diff_values(as_tensor(a), as_tensor(b))
    bits = a.view(np.uint32) != b.view(np.uint32)
    assert (difference.num_different if difference else 0) == bits.sum()
    if difference is not None:
        finite = np.isfinite(a) & np.isfinite(b)
        wide = np.abs(a[finite].astype(np.float64) - b[finite].astype(np.float64))
        assert (difference.max_absolute or 0) == (wide.max() if len(wide) else 0)
        assert difference.first.index == [int(bits.argmax())]


def test_many_blocks_and_sparse_changes():
    a = np.zeros(1_000_003, np.float32)
    b = a.copy()
    b[[5, 300_000, 1_000_002]] = [1, -3, 2]
    difference = found(a, b, np.float32)
    assert (difference.num_different, difference.max_absolute) == (3, 3.0)
    assert difference.first.index == [5]
    assert difference.largest is not None
    assert difference.largest.index == [300_000]


#: Each as float32 has it, which older releases of hypothesis and numpy insist on.
NUMBERS = st.sampled_from([float(np.float32(each)) for each in (0.0, -0.0, 1, 1.001, 100, 101, -3)])


@given(
    st.sampled_from(["f2", "f4", "f8", "i4", "c8", ml_dtypes.bfloat16]).flatmap(
        lambda dtype: st.tuples(
            st.just(np.dtype(dtype)),
            *[hnp.arrays(np.float32, 9, elements=NUMBERS)] * 2,
        )
    ),
    st.sampled_from([0.0, 1e-3, 0.02]),
    st.sampled_from([0.0, 1e-2, 1.5]),
)
def test_within_a_tolerance_as_numpy_has_it(sides: Any, rtol: float, atol: float):
    dtype, *both = sides
    a, b = (side.astype(dtype) for side in both)
    difference = diff_values(as_tensor(a), as_tensor(b), Tolerance(rtol, atol))
    wide = np.complex128 if dtype.kind == "c" else np.float64
    close = np.isclose(a.astype(wide), b.astype(wide), rtol=rtol, atol=atol)
    assert (0 if difference is None else difference.num_different) == np.count_nonzero(~close)
    if difference is not None:
        assert difference.first.index == [int(np.argmin(close))]


def test_what_no_tolerance_makes_equal():
    nan, inf = math.nan, math.inf
    a = np.array([nan, nan, inf, inf, -inf, 0.0, 1.0], np.float32)
    b = np.array([-nan, 1.0, inf, -inf, 5.0, -0.0, inf], np.float32)
    difference = diff_values(as_tensor(a), as_tensor(b), Tolerance(0.5, 100.0))
    assert difference is not None
    assert (difference.num_different, difference.first.index) == (4, [1])
    assert (difference.num_nonfinite, difference.num_same_number) == (4, 0)
    flags = as_tensor(np.array([True, False])), as_tensor(np.array([True, True]))
    assert diff_values(*flags, Tolerance(1.0, 9.0)) is not None
    far = as_tensor(np.array([0], np.uint64)), as_tensor(np.array([2**64 - 1], np.uint64))
    assert diff_values(*far, Tolerance(0.0, 1e3)) is not None
    assert diff_values(*far, Tolerance(1.0, 0.0)) is None
