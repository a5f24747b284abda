"""Products and sums with one number."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.scale import scale
from graphsurgeon.errors import PassError
from tests.edits.values import lists, singles, tensors


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"factor": 2}, [2, 4]),
        ({"offset": "0.5"}, [1.5, 2.5]),
        ({"factor": "1e-1", "offset": 1}, (singles(1, 2) * np.float32(0.1) + np.float32(1)).tolist()),
    ],
)
def test_in_the_tensors_own_dtype(options, expected):
    given = tensors(w=singles(1, 2))
    scale(given, select=("w",), **options)
    assert lists(given) == {"w": expected}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"select": ("w",)}, "nothing is asked for"),
        ({"select": ("s",), "factor": 2}, "s: elements of dtype string are no numbers"),
        ({"select": ("n",), "factor": 0.5}, "n: 0.5 is no int64"),
        ({"select": ("b",), "factor": 2}, "b: elements of dtype bool are no numbers"),
    ],
)
def test_what_is_refused(options, reason):
    with pytest.raises(PassError, match=reason):
        scale(tensors(w=singles(1), s="a", n=1, b=True), **options)
