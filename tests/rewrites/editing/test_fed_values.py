"""Values are parsed in the dtype of their input, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.rewrites.editing.fed_values import fed_value, pairs_of
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType


def value(given: object, dtype: DType, shape: Shape | None = None) -> object:
    made = fed_value(given, dtype, shape, "x", "test")
    assert made.dtype is dtype
    return list(made.strings()) if dtype is dtypes.STRING else made.numpy().tolist()


@pytest.mark.parametrize(
    ("given", "dtype", "wanted"),
    [
        ("true", dtypes.BOOL, True),
        ("0", dtypes.BOOL, False),
        ("0.5", dtypes.FLOAT, 0.5),
        (1, dtypes.FLOAT, 1.0),
        ("[1, 2]", dtypes.INT32, [1, 2]),
        ([[1.0], [2.5]], dtypes.DOUBLE, [[1.0], [2.5]]),
        (np.array([1, 2]), dtypes.INT32, [1, 2]),
        ("[True, False]", dtypes.BOOL, [True, False]),
        ("[a", dtypes.STRING, [b"[a"]),
    ],
)
def test_values(given, dtype, wanted):
    assert value(given, dtype) == wanted


@pytest.mark.parametrize(
    ("given", "dtype"),
    [("maybe", dtypes.BOOL), (2, dtypes.BOOL), ("1.5", dtypes.INT32), ("300", dtypes.UINT8), ("[1, x]", dtypes.FLOAT),
     (["a"], dtypes.FLOAT), ("1", dtypes.RESOURCE), ([1.5], dtypes.INT32)],
)  # fmt: skip
def test_what_is_no_value(given, dtype):
    with pytest.raises(PassError, match="node 'x'"):
        value(given, dtype)


@pytest.mark.parametrize(
    ("given", "dtype", "hint"),
    [
        ("maybe", dtypes.BOOL, "0 or 1, true or false"),
        ("true,keep_prob=1", dtypes.BOOL, "give every NAME=VALUE as one of its own, for values may hold commas"),
        ("300", dtypes.UINT8, None),  # nothing here has an option to saturate
        ([300], dtypes.UINT8, None),
    ],
)
def test_hints(given, dtype, hint):
    with pytest.raises(PassError) as caught:
        value(given, dtype)
    assert caught.value.hint == hint


def test_shapes():
    assert value([1, 2], dtypes.INT32, Shape([None])) == [1, 2]
    with pytest.raises(PassError, match=r"takes a value of shape \[\?\], not \[\]"):
        value(1, dtypes.INT32, Shape([None]))


def test_pairs():
    assert list(pairs_of(["a=b=c"], "test")) == [("a", "b=c")]
    assert list(pairs_of({"a": 1}, "test")) == [("a", 1)]
    with pytest.raises(PassError, match="'a' is no NAME=VALUE"):
        list(pairs_of(["a"], "test"))
