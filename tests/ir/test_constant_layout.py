"""The bytes of constants as most writers lay them out."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.ir.constant_layout import content_range, without_content
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import StringTensor, as_tensor
from proto_utils import schema
from proto_utils.wire import len_header


def _attrs(value: object, device: str = "") -> bytes:
    node = Node.new("c", "Const", device=device, attrs={"_x": 1, "dtype": dtypes.FLOAT, "value": value})
    found = node.serialized_attrs()
    assert found is not None
    return found


def _field(number: int, payload: bytes) -> bytes:
    return len_header(number, len(payload)) + payload


# The entry of `value`, by what is in its tensor behind dtype and shape, and behind the tensor and the value.
def _entry(in_tensor: bytes, in_value: bytes = b"", in_entry: bytes = b"") -> bytes:
    head = schema.serialize(schema.TensorProto(dtype=1, tensor_shape={"dim": [{"size": 2}]}))
    value = _field(8, head + in_tensor) + in_value
    return _field(5, _field(1, b"value") + _field(2, value) + in_entry)


@pytest.mark.parametrize("device", ["", "/gpu:0"])
@pytest.mark.parametrize("shape", [(2,), (3, 4), (1, 1, 1, 9), (200,)], ids=str)
def test_the_bytes_of_a_value_are_found(shape: tuple[int, ...], device: str):
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    attrs, others = _attrs(array, device), _attrs(array + 1, device)
    found = content_range(attrs)
    assert found is not None
    assert attrs[slice(*found)] == array.tobytes()
    assert without_content(attrs) == without_content(others) == attrs[: found[0]] + attrs[found[1] :]


@pytest.mark.parametrize("value", [StringTensor((1,), [b"a"]), as_tensor(np.float32(1)), 7], ids=str)
def test_other_values_are_left_to_protobuf(value: object):
    attrs = Node.new("c", "Else", attrs={"value": value}).serialized_attrs()
    assert attrs is not None
    assert content_range(attrs) is None
    assert without_content(attrs) is None


def test_a_value_that_does_not_count_is_none():
    content, other = _field(4, b"12345678"), _field(4, b"abcdefgh")
    usual = _entry(content)
    found = content_range(usual)
    assert found is not None
    assert usual[slice(*found)] == b"12345678"
    for odd in (_entry(content + other), _entry(content, _field(8, other)), _entry(content, b"", _field(2, b"")),
                usual + _entry(other), _entry(content, b"\x18\x01")):  # fmt: skip
        assert content_range(odd) is None


def test_nothing_is_read_past_the_end():
    attrs = _attrs(np.arange(4, dtype=np.float32))
    found = content_range(attrs)
    assert found is not None
    assert [end for end in range(len(attrs)) if content_range(attrs[:end])] == [*range(found[1], len(attrs))]
