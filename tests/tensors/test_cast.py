"""Casts: numpy's rounding where TensorFlow's is that too (tests/tf compares with TensorFlow), and what has no place."""

from __future__ import annotations

import re

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.errors import PassError
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.cast import CastTensor
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.values import ArrayTensor, OpaqueTensor, StringTensor, as_tensor
from proto_utils.errors import UnsupportedError
from tests.tensors.streams import DrippingTensor, content

ONE_BYTE = [DType.from_number(number) for number in range(24, 29)]


def cast(values, dtype, **options):
    return CastTensor(as_tensor(np.asarray(values)), DType.from_name(dtype), name="w", **options).numpy()


@pytest.mark.parametrize("target", ["float16", "bfloat16", "float64", "int32", "int8", "complex64", "bool"])
def test_values_in_range(target, chunk_nbytes):
    values = (np.random.default_rng(1).standard_normal((5, 9)) * 20).astype(np.float32)
    made = CastTensor(DrippingTensor(values), DType.from_name(target))
    got, longest = content(made, chunk_nbytes)
    assert got == values.astype(DType.from_name(target).numpy()).tobytes()
    assert longest <= chunk_nbytes


@pytest.mark.parametrize("target", ONE_BYTE, ids=str)
@given(bits=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=50))
def test_one_byte_floats_are_rounded_as_ml_dtypes_rounds(target, bits):
    values = np.array(bits, np.uint32).view(np.float32)
    values = values[abs(values) <= float(ml_dtypes.finfo(target.numpy()).max)]
    made = CastTensor(as_tensor(values), target)
    assert content(made)[0] == values.astype(target.numpy()).tobytes()


@pytest.mark.parametrize("target", ONE_BYTE, ids=str)
def test_one_byte_floats_between_neighbours(target):
    """On a tie, and on the numbers of float32 next to it."""
    exact = np.unique(np.arange(256, dtype=np.uint8).view(target.numpy()).astype(np.float32))
    exact = exact[np.isfinite(exact)]
    ties = (exact[1:] + exact[:-1]) / 2
    values = np.concatenate([exact, ties, np.nextafter(ties, np.float32(-9e9)), np.nextafter(ties, np.float32(9e9))])
    assert content(CastTensor(as_tensor(values), target))[0] == values.astype(target.numpy()).tobytes()


def test_a_double_goes_to_half_by_way_of_float32():
    value = 1 + 2**-11 + 2**-30
    assert cast(value, "float16") == 1
    assert np.float16(value) != 1


def test_fractions_are_dropped():
    assert cast([1.9, -1.9, 255.9, -0.9], "int16").tolist() == [1, -1, 255, 0]
    assert cast([255.9, -0.9], "uint8").tolist() == [255, 0]


def test_what_is_not_finite_already_stays():
    assert repr(cast(np.array([np.inf, -np.inf, np.nan], np.float32), "float16").tolist()) == "[inf, -inf, nan]"


def test_what_rounds_into_the_range_is_in_it():
    assert cast(np.float32(65519), "float16") == 65504
    assert cast(2147483647.9, "int32") == 2147483647


@pytest.mark.parametrize(
    ("values", "target", "said"),
    [
        (np.array([[1, 2], [3, 65520]], np.float32), "float16", "65520.0 at [1, 1]"),
        (np.array([1e300]), "float32", "1e+300 at [0]"),
        (np.array([1e300]), "float16", "1e+300 at [0]"),
        (np.array([1, -7e4, 1], np.float32), "float16", "-70000.0 at [1]"),
        (np.array([-1, -3.4e38], np.float32), "bfloat16", "-3.3999999521443642e+38 at [1]"),
        (np.array(3.4e38, np.float32), "bfloat16", "3.3999999521443642e+38 at []"),
        (np.array([0, np.nan], np.float32), "int32", "nan at [1]"),
        (np.array([np.inf], np.float32), "int64", "inf at [0]"),
        (np.array([-1.0]), "uint8", "-1.0 at [0]"),
        (np.array([2.0**31], np.float32), "int32", "2147483648.0 at [0]"),
        (np.array([300, -1]), "uint8", "300 at [0]"),
        (np.array([5, -9]), "int4", "-9 at [1]"),
        (np.array([2**63], np.uint64), "int64", "9223372036854775808 at [0]"),
        (np.array([480.0], np.float32), "float8_e4m3fn", "480.0 at [0]"),
        (np.array([np.inf], np.float32), "float8_e4m3fn", "inf at [0]"),
        (np.array([9.0], np.float32), "float4_e2m1fn", "9.0 at [0]"),
        (np.array([[1j, 1e300 + 1j]]), "complex64", "1e+300 at [0, 1]"),
        (np.array([1e300]), "complex64", "1e+300 at [0]"),
        (np.array([[1, 1, 1j, 1, 1e300j]]), "complex64", "1e+300 at [0, 4]"),
    ],
)  # fmt: skip
def test_what_has_no_place(values, target, said):
    with pytest.raises(PassError, match=re.escape(f"tensor 'w': the value {said} has no place in {target}")):
        cast(values, target)


def test_the_place_is_of_the_whole_tensor(chunk_nbytes):
    values = np.zeros((4, 5), np.float32)
    values[3, 2] = 1e9
    with pytest.raises(PassError, match=re.escape("1000000000.0 at [3, 2]")):
        content(CastTensor(as_tensor(values), dtypes.INT8, name="w"), chunk_nbytes)


@pytest.mark.parametrize(
    ("values", "target", "expected"),
    [
        (np.array([1e9, -1e9, np.inf], np.float32), "float16", [65504, -65504, 65504]),
        (np.array([1e9, -1e9, 3.7]), "int8", [127, -128, 3]),
        (np.array([1e20, -1e20], np.float32), "int32", [2147483520, -2147483648]),
        (np.array([1e20]), "int32", [2147483647]),
        (np.array([40000, -40000], np.float16), "int16", [32752, -32768]),
        (np.array([300, -5]), "uint8", [255, 0]),
        (np.array([70000]), "float16", [65504]),
        (np.array([2**63], np.uint64), "int64", [2**63 - 1]),
        (np.array([1e9, -1e9], np.float32), "int4", [7, -8]),
        (np.array([1e300 - 1e300j]), "complex64", [complex(np.finfo("f4").max, np.finfo("f4").min)]),
        (np.array([5, -5]), "int64", [5, -5]),
    ],
)  # fmt: skip
def test_saturated(values, target, expected):
    made = cast(values, target, saturate=True)
    assert made.tolist() == expected


def test_nan_has_no_nearest_integer():
    with pytest.raises(PassError, match="the value nan at") as caught:
        cast(np.float32(np.nan), "int32", saturate=True)
    assert caught.value.hint is None


def test_truth_of_numbers():
    assert cast([0.0, -0.0, 0.5, np.nan], "bool").tolist() == [False, False, True, True]
    assert cast([True, False], "float16").tolist() == [1, 0]


@pytest.mark.parametrize("number", [14, 24, 29, 30, 31, 32, 19], ids=lambda number: DType.from_number(number).name)
def test_narrow_types_go_to_wide_ones(number):
    dtype = DType.from_number(number)
    values = np.array([0, 1]).astype(dtype.numpy())
    assert CastTensor(ArrayTensor(values, dtype), dtypes.INT64).numpy().tolist() == [0, 1]


@pytest.mark.parametrize(
    "base",
    [StringTensor([1], [b"1"]), OpaqueTensor(dtypes.VARIANT, []), ArrayTensor(np.zeros(1, "i1"), dtypes.QINT8)],
    ids=repr,
)
def test_what_is_no_number(base):
    with pytest.raises(UnsupportedError, match="are no numbers to cast"):
        CastTensor(base, dtypes.FLOAT)


def test_imaginary_parts_are_not_dropped():
    with pytest.raises(UnsupportedError, match="would drop the imaginary parts"):
        cast([1j], "float32")
    assert cast([1j, 0], "bool").tolist() == [True, False]
