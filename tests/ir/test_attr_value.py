"""Attr values as Python and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from graphsurgeon.ir.attr_value import Func, Placeholder, Shape, decode, encode
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from proto_utils.errors import FileFormatError, UnsupportedError
from tests import strategies
from tests.encodings import reference_to

KINDS: list[tuple[Any, str]] = [
    (b"text", "s"),
    (3, "i"),
    (-(2**63), "i"),
    (0.5, "f"),
    (True, "b"),
    (False, "b"),
    (dtypes.FLOAT, "type"),
    (reference_to(dtypes.FLOAT), "type"),
    (Shape([2, None]), "shape"),
    (Shape([]), "shape"),
    (Shape(), "shape"),
    (Func("f", {"a": 1, "b": [dtypes.INT32]}), "func"),
    (Placeholder("T"), "placeholder"),
    ([b"a", b""], "list"),
    ([1, 2], "list"),
    ([0.5], "list"),
    ([True, False], "list"),
    ([dtypes.FLOAT, dtypes.STRING], "list"),
    ([Shape([1]), Shape()], "list"),
    ([Func("f", {})], "list"),
    ([], "list"),
]


@pytest.mark.parametrize(("value", "kind"), KINDS, ids=[f"{kind} {value}" for value, kind in KINDS])
def test_there_and_back(value: Any, kind: str):
    encoded = encode(value)
    assert encoded.WhichOneof("value") == kind
    assert decode(encoded) == value
    assert type(decode(encoded)) is type(value)
    assert schema.parse(schema.AttrValue, schema.serialize(encoded)) == encoded


def test_text_becomes_bytes():
    assert decode(encode("é")) == "é".encode()


def test_floats_are_the_nearest_float32():
    assert decode(encode(0.1)) == float(np.float32(0.1))


def test_tensors():
    for value in (np.ones((1, 2), np.float32), np.array([b"a", b"b"], object)):
        again = decode(encode(as_tensor(value)))
        assert (again.shape, again.numpy().tolist()) == (value.shape, value.tolist())
    assert decode(encode([as_tensor(np.int8(3))]))[0].numpy() == 3


def test_nothing_set_is_none():
    assert decode(schema.AttrValue()) is None


def test_an_attr_value_is_taken_as_it_is():
    value = schema.AttrValue(i=5)
    assert encode(value) is value


@pytest.mark.parametrize("value", [None, object(), {"a": 1}, [None], [[1]]])
def test_other_things_are_refused(value: object):
    with pytest.raises(UnsupportedError):
        encode(value)


def test_an_unknown_dtype_number_is_refused():
    with pytest.raises(UnsupportedError, match="dtype number 77"):
        decode(schema.AttrValue(type=77))


@given(strategies.attr_values())
def test_any_attr_value_decodes_or_says_why(value: schema.AttrValue):
    before = schema.serialize(value)
    try:
        decoded = decode(value)
    except FileFormatError:
        return
    assert schema.serialize(value) == before
    if decoded is not None and value.WhichOneof("value") not in ("tensor", "list", "func"):
        assert encode(decoded) == value


def test_shapes():
    assert Shape([2, -1, None]).dims == (2, None, None)
    assert Shape([2]) == Shape((2,))
    assert Shape([2]) != Shape([3])
    assert Shape() != Shape([])
    assert Shape([2]) != [2]
    assert len({Shape([2]), Shape((2,)), Shape()}) == 2
    assert (repr(Shape([2, None])), repr(Shape())) == ("Shape([2, None])", "Shape(None)")
