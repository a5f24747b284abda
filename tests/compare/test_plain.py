"""Values as JSON types."""

from __future__ import annotations

import json
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.compare.plain import ABSENT, MAX_VALUES, number, plain
from graphsurgeon.ir.attr_value import Func, Placeholder, Shape
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor, OpaqueTensor, StringTensor, as_tensor


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, None),
        (True, True),
        (2**63, 2**63),
        (0.5, 0.5),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (b"text", "text"),
        (b"\xff\x00", {"hex": "ff00"}),
        (dtypes.BFLOAT16, "bfloat16"),
        (Shape([2, None]), [2, None]),
        (Shape(None), None),
        ([1, 2], [1, 2]),
        (Placeholder("T"), {"placeholder": "T"}),
        (Func("f", {"b": 1, "a": dtypes.FLOAT}), {"function": "f", "attrs": {"a": "float32", "b": 1}}),
        (FillTensor(dtypes.FLOAT, [2]), {"dtype": "float32", "shape": [2], "values": [0.0, 0.0]}),
        (StringTensor([1], [b"x"]), {"dtype": "string", "shape": [1], "values": ["x"]}),
        (OpaqueTensor(dtypes.RESOURCE, []), {"dtype": "resource", "shape": []}),
    ],
    ids=str,
)
def test_plain(value: Any, wanted: Any):
    found = plain(value)
    assert found == wanted
    assert type(found) is type(wanted)
    json.dumps(found, allow_nan=False)


def test_long_tensors_keep_their_values_to_themselves():
    assert "values" in plain(as_tensor(np.zeros(MAX_VALUES)))
    assert plain(as_tensor(np.zeros(MAX_VALUES + 1))) == {"dtype": "float64", "shape": [MAX_VALUES + 1]}


@pytest.mark.parametrize(
    ("scalar", "wanted"),
    [
        (np.float32(0.1), 0.10000000149011612),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),
        (np.complex64(1 - 2j), [1.0, -2.0]),
        (ml_dtypes.bfloat16(1.5), 1.5),
        (ml_dtypes.int4(-8), -8),
        (ml_dtypes.float8_e5m2(0.25), 0.25),
    ],
    ids=str,
)
def test_numbers_of_numpy(scalar: Any, wanted: Any):
    found = number(scalar)
    assert found == wanted
    assert type(found) is type(wanted)


def test_absent_is_no_value():
    assert repr(ABSENT) == "ABSENT"
    assert ABSENT is not None
