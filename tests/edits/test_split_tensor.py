"""One tensor becomes several."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.concat import concat
from graphsurgeon.edits.split_tensor import split_tensor
from graphsurgeon.errors import PassError
from tests.edits.values import lists, tensors

WHOLE = np.arange(12, dtype=np.float32).reshape(2, 6)


def test_equal_parts_and_back():
    given = tensors(layer_1__qkv=WHOLE, layer_2__qkv=WHOLE + 100)
    parts = tuple(rf"layer_\1/{part}" for part in "qkv")
    split_tensor(given, select=(r"layer_(\d)/qkv",), to=parts, axis=1)
    assert given["layer_2/k"].numpy().tolist() == (WHOLE[:, 2:4] + 100).tolist()
    assert len(given) == 6
    concat(given, select=tuple(rf"layer_(\d)/{part}" for part in "qkv"), to=r"layer_\1/qkv", axis=1)
    assert lists(given) == {"layer_1/qkv": WHOLE.tolist(), "layer_2/qkv": (WHOLE + 100).tolist()}


def test_sizes():
    given = tensors(w=WHOLE)
    split_tensor(given, select=("w",), to=("a,w,c",), axis=-1, sizes=(1, -1, 2))
    assert lists(given) == {"a": WHOLE[:, :1].tolist(), "w": WHOLE[:, 1:4].tolist(), "c": WHOLE[:, 4:].tolist()}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"to": "a,b,c,d", "axis": 1}, "does not divide into 4 equal parts"),
        ({"to": "a,b", "axis": 1, "sizes": (2, 3)}, r"does not divide into parts of \[2, 3\]"),
        ({"to": "a,b", "axis": 1, "sizes": (2, 2, 2)}, "does not divide into parts of"),
        ({"to": "a,a"}, "two parts would get that name"),
        ({"to": "a,other"}, "that name is taken"),
        ({"to": "a,b", "axis": 2}, "no axis 2"),
    ],
)
def test_what_is_refused(options, reason):
    given = tensors(w=WHOLE, other=WHOLE)
    with pytest.raises(PassError, match=reason):
        split_tensor(given, select=("w",), **options)
    assert sorted(given) == ["other", "w"]
