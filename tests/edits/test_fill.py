"""One value for all elements, also in tensors that are new."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.fill import fill
from graphsurgeon.errors import NotFoundError, PassError
from tests.edits.values import lists, singles, tensors


def test_values_become_one():
    given = tensors(step=[5, 6], w=singles(1, 2), s=["a", "b"])
    fill(given, value="0", select=("step", "s"))
    assert lists(given) == {"step": [0, 0], "w": [1, 2], "s": [b"0", b"0"]}
    assert given["step"].dtype.name == "int64"


def test_what_is_missing_is_added():
    given = tensors(w=1)
    report = fill(given, value=0.5, add=("a", "b"), shape=(2,), dtype="bfloat16")
    assert lists(given) == {"w": 1, "a": [0.5, 0.5], "b": [0.5, 0.5]}
    assert [(row.name, row.action, row.dtype) for row in report.changes] == [
        ("a", "added", "bfloat16"),
        ("b", "added", "bfloat16"),
    ]
    fill(given, value="x", add=("s",), dtype="string")
    assert given["s"].numpy() == b"x"


@pytest.mark.parametrize(
    ("options", "error", "reason"),
    [
        ({}, PassError, "nothing is asked for"),
        ({"add": ("w",)}, PassError, "to be added, but there already: w"),
        ({"select": ("v",)}, NotFoundError, "no tensor 'v'"),
        ({"add": ("v",), "dtype": "float33"}, NotFoundError, "no dtype 'float33'"),
        ({"add": ("v",), "dtype": "uint8"}, PassError, "fill: v: -1 is out of the range of uint8"),
        ({"add": ("v",), "shape": (2, -1)}, PassError, r"fill: no tensor has the shape \[2, -1\]"),
        ({"add": ("v",), "dtype": "variant"}, PassError, "fill: a tensor of dtype variant has no values to set"),
    ],
)
def test_what_is_refused(options, error, reason):
    given = tensors(w=1)
    with pytest.raises(error, match=reason):
        fill(given, value=-1, **options)
    assert lists(given) == {"w": 1}


def test_a_value_out_of_range_may_saturate():
    given = tensors(w=np.array([1], np.uint8))
    with pytest.raises(PassError, match="w: 300 is out of the range of uint8") as caught:
        fill(given, value=300, select=("w",))
    assert "`saturate=True`" in str(caught.value.hint)
    fill(given, value=300, select=("w",), add=("v",), dtype="int8", saturate=True)
    assert lists(given) == {"w": [255], "v": 127}


def test_several_names_in_one_text():
    given = tensors(a=1, b=2)
    fill(given, value=0, select=("a,b",), add=("c,d",))
    assert lists(given) == {"a": 0, "b": 0, "c": 0, "d": 0}
