"""Borders of one value."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.pad import pad
from graphsurgeon.errors import PassError
from tests.edits.values import lists, singles, tensors


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"after": (2,)}, [1, 2, 0, 0]),
        ({"before": (1,), "after": (0,), "value": "7"}, [7, 1, 2]),
        ({"before": (1,), "value": -1}, [-1, 1, 2]),
    ],
)
def test_around_a_vector(options, expected):
    given = tensors(w=singles(1, 2))
    pad(given, select=("w",), **options)
    assert lists(given) == {"w": expected}


def test_strings_are_padded_by_strings():
    given = tensors(s=["a"])
    pad(given, select=("s",), after=(1,), value="7")
    assert lists(given) == {"s": [b"a", b"7"]}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "nothing is asked for"),
        ({"after": (1, 1)}, r"paddings \[\(0, 1\), \(0, 1\)\] for shape \[2\]"),
        ({"before": (1, 2), "after": (1,)}, "paddings"),
        ({"after": (1,), "value": "x"}, "'x' is no number"),
        ({"after": (1,), "value": 0.5}, "0.5 is no int8"),
        ({"after": (1,), "value": 200}, "200 is out of the range of int8"),
    ],
)
def test_what_is_refused(options, reason):
    with pytest.raises(PassError, match=reason):
        pad(tensors(w=np.array([1, 2], np.int8)), select=("w",), **options)


def test_a_value_out_of_range_may_saturate():
    given = tensors(w=np.array([1], np.int8))
    pad(given, select=("w",), after=(1,), value=200, saturate=True)
    assert lists(given) == {"w": [1, 127]}
