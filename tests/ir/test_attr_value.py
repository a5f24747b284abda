"""Attr values as Python and back."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given

from graphsurgeon.ir import attr_value
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


class OfTensorFlow:
    """What `tf.DType` and `tf.TensorShape` have."""

    as_datatype_enum = 14


class ShapeOfTensorFlow:
    """What `tf.TensorShape` has, of a known and of an unknown rank."""

    def __init__(self, dims: list[int | None] | None) -> None:
        self.rank = None if dims is None else len(dims)
        self._dims = dims

    def as_list(self) -> list[int | None] | None:
        return self._dims

    def as_proto(self) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ((1, 2), [1, 2]), (range(2), [0, 1]), (bytearray(b"a"), b"a"), (np.int8(3), 3), (np.bool_(True), True),
        (np.float32(0.5), 0.5), (np.str_("a"), "a"), ([np.int64(1)], [1]), (np.float32, dtypes.FLOAT),
        (np.dtype("int64"), dtypes.INT64), (ml_dtypes.bfloat16, dtypes.BFLOAT16), (ml_dtypes.bfloat16(2), 2.0),
        (OfTensorFlow(), dtypes.BFLOAT16), (ShapeOfTensorFlow([2, None]), Shape([2, None])),
        (ShapeOfTensorFlow(None), Shape(None)),
    ],
)  # fmt: skip
def test_what_other_libraries_have_is_taken(value: object, found: object):
    assert attr_value.plain(value) == found
    assert attr_value.encode(value) == attr_value.encode(found)


def test_arrays_are_tensors():
    tensor = attr_value.plain(np.ones((2, 3), np.float32))
    assert (tensor.dtype, tensor.shape) == (dtypes.FLOAT, (2, 3))
    assert attr_value.encode(np.array(3)).tensor.dtype == dtypes.INT64.number


@pytest.mark.parametrize("value", [None, 1j, {1}, {"a": 1}, [[1]], [None], int, object(), [Placeholder("T")]])
def test_of_other_types_there_is_no_attr(value: object):
    with pytest.raises(TypeError, match=r"no attr holds a|are of one kind"):
        attr_value.encode(value)


def test_lists_are_of_one_kind():
    with pytest.raises(TypeError, match="the elements of a list in an attr are of one kind, not of int, bytes"):
        attr_value.encode([1, b"a"])


@pytest.mark.parametrize("value", [1 << 63, -(1 << 63) - 1, [1 << 70], 1e300, -3.5e38, "\ud800"])
def test_what_does_not_fit_is_refused(value: object):
    with pytest.raises(UnsupportedError, match=r"is past them|no Unicode"):
        attr_value.encode(value)


def test_the_largest_that_fit():
    assert attr_value.encode((1 << 63) - 1).i == (1 << 63) - 1
    assert attr_value.encode(float(np.finfo(np.float32).max)).f == np.finfo(np.float32).max
    assert attr_value.encode(float("inf")).f == float("inf")


@pytest.mark.parametrize("dims", ["ab", 3, [1.5], [b"a"]])
def test_what_is_no_shape(dims: Any):
    with pytest.raises(TypeError, match=r"a shape is a list|a dimension is an int or None"):
        Shape(dims)


def test_a_function_is_called_by_a_text():
    with pytest.raises(TypeError, match="the name of a function is a str, not int"):
        attr_value.encode(Func(3, {}))  # type: ignore[arg-type]
