"""Numbers as users write them."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.scalars import raw_scalar, scalar
from proto_utils.errors import UnsupportedError


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        ("0.1", "float32", np.float32(0.1)),
        (0.1, "float64", 0.1),
        ("9223372036854775807", "int64", 2**63 - 1),
        ("3.0", "int8", 3),
        ("1e3", "int32", 1000),
        ("true", "bool", True),
        ("1+2j", "complex64", 1 + 2j),
        (-0.0, "float16", 0),
        ("inf", "bfloat16", np.inf),
        ("text", "string", b"text"),
        (b"\xff", "string", b"\xff"),
        (7, "string", b"7"),
    ],
)
def test_of_a_dtype(value, dtype, expected):
    made = scalar(value, DType.from_name(dtype))
    assert (made.dtype.name, made.shape) == (dtype, ())
    assert made.numpy().item() == expected


def test_raw():
    assert raw_scalar(1, DType.from_name("float32")) == b"\0\0\x80\x3f"
    assert raw_scalar("a", DType.from_name("string")) == b"a"


@pytest.mark.parametrize(
    ("value", "dtype", "reason"),
    [
        ("x", "float32", "'x' is no number"),
        (b"x", "float32", "b'x' is no float32"),
        (0.5, "int8", "0.5 is no int8"),
        ("nan", "int8", "nan is no int8"),
        ("inf", "int8", "inf is no int8"),
        ("1e400", "float64", "1e400 is out of the range of float64"),
        ("-1e400", "float32", "-1e400 is out of the range of float32"),
        (1e39, "float32", "1e.39 is out of the range of float32"),
        (2**63, "int64", "9223372036854775808 is out of the range of int64"),
        (2**64, "int64", "a number of 64 bits"),
        ("1", "resource", "resource"),
        ("1", "qint8", "qint8"),
        (1j, "float32", "imaginary"),
        ("300", "bool", "300 is no bool"),
        ("nan", "bool", "nan is no bool"),
    ],
)
def test_what_a_dtype_has_not(value, dtype, reason):
    with pytest.raises(UnsupportedError, match=reason):
        scalar(value, DType.from_name(dtype))


@pytest.mark.parametrize(
    ("value", "dtype", "nearest"),
    [(300, "int8", 127), ("-1", "uint8", 0), (2**70, "int64", 2**63 - 1), (1e39, "float16", 65504), ("7", "int4", 7)],
)
def test_the_nearest_in_range(value, dtype, nearest):
    assert scalar(value, DType.from_name(dtype), saturate=True).numpy() == nearest


@pytest.mark.parametrize(("value", "expected"), [("1e30", 2**63 - 1), (-1e30, -(2**63)), (2**70, 2**63 - 1)])
def test_the_nearest_number_is_exact(value, expected):
    assert scalar(value, DType.from_name("int64"), saturate=True).numpy().item() == expected
