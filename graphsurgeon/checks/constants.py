"""Checks of constants: the header of a value, and the length of its payload."""

from __future__ import annotations

from collections.abc import Mapping

from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import MAX_RANK, MAX_SIZE
from graphsurgeon.tensors.tensor_proto import TENSOR_CONTENT
from proto_utils import schema
from proto_utils.errors import FileFormatError, UnsupportedError

# Tags in a NodeDef, an AttrValue and a TensorProto, and how the entry of a constant's value begins.
_ATTR, _TENSOR, _DTYPE, _SHAPE, _CONTENT = 0x2A, 0x42, 0x08, 0x12, 0x22
_VALUE = b"\n\x05value\x12"


def without_content(attrs: bytes) -> bytes | None:
    """Return the serialized attrs of a Const without the bytes of its value, whose number the lengths around them tell.

    So of constants of one dtype and shape the same is left. None where that is not all that may be wrong with a value,
    where it is no `tensor_content`, and where there is no telling without parsing::

        2a LENGTH  0a 05 value  12 LENGTH  42 LENGTH  08 DTYPE  12 LENGTH SHAPE  22 LENGTH CONTENT
    """
    at = 0
    try:
        while attrs[at] == _ATTR:
            length, start = _length(attrs, at + 1)
            if attrs.startswith(_VALUE, start):
                break
            at = start + length
        else:
            return None
        _, at = _length(attrs, start + len(_VALUE))
        tensor, at = attrs[at], _length(attrs, at + 1)[1]
        dtype, shape = attrs[at + 1], attrs[at + 3]
        tags = tensor, attrs[at], attrs[at + 2], attrs[at + 4 + shape]
        length, start = _length(attrs, at + 5 + shape)
    except IndexError:
        return None
    # Long numbers are no dtype and no usual shape; strings have a form of their own.
    if tags != (_TENSOR, _DTYPE, _SHAPE, _CONTENT) or dtype >= 0x80 or dtype == dtypes.STRING.number or shape >= 0x80:
        return None
    return attrs[:start] + attrs[start + length :]


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a length of two bytes at most, and where it ends; an IndexError when it is longer."""
    first = data[at]
    if first < 0x80:
        return first, at + 1
    second = data[at + 1]
    if second >= 0x80:
        raise IndexError
    return first & 0x7F | second << 7, at + 2


def const_problem(node: Node, attr: Mapping[str, schema.AttrValue]) -> str | None:
    """Return why TensorFlow refuses a Const with these attrs, None when it does not; no payload is read."""
    value, wanted = attr.get("value"), attr.get("dtype")
    if value is None:
        return None  # reported as a bad attr
    tensor = value.tensor
    number = tensor.dtype
    if wanted is None or number != wanted.type:
        return _type_problem(value, wanted)
    dims = tensor.tensor_shape.dim
    if len(dims) > MAX_RANK:
        return f"its value has rank {len(dims)}, TensorFlow's limit is {MAX_RANK}"
    size, is_empty = 1, False
    for dim in dims:
        extent = dim.size
        if extent > 0:
            size *= extent
        elif extent < 0:
            return f"its value has dimension {extent}"
        else:
            # The shape is still refused when the other dimensions overflow.
            is_empty = True
    if size > MAX_SIZE:
        return f"its value has {size:,} elements, TensorFlow's limit is {MAX_SIZE:,}"
    return None if is_empty else _payload_problem(node, tensor, number, size)


def _type_problem(value: schema.AttrValue, wanted: schema.AttrValue | None) -> str | None:
    if wanted is None or wanted.WhichOneof("value") != "type" or value.WhichOneof("value") != "tensor":
        return None  # one of the function's attrs, or reported as a bad attr
    return f"is of dtype {_name(wanted.type)}, but its value of {_name(value.tensor.dtype)}"


def _payload_problem(node: Node, tensor: schema.TensorProto, number: int, size: int) -> str | None:
    payloads = node.payloads("value")
    if payloads:
        parts = payloads.get(TENSOR_CONTENT)
        nbytes = parts[-1].nbytes if parts else 0
    else:
        nbytes = len(tensor.tensor_content)
    if nbytes == 0:
        return None
    try:
        dtype = DType.from_number(number).base
    except UnsupportedError:
        return None  # reported as a bad attr
    if dtype.itemsize:
        wanted = size * dtype.itemsize
        return None if nbytes == wanted else f"its value has {nbytes} bytes, but its dtype and shape take {wanted}"
    return _string_problem(node) if dtype is dtypes.STRING and not payloads else None


def _string_problem(node: Node) -> str | None:
    try:
        node.attrs["value"]
    except FileFormatError as error:
        return f"its value is damaged: {error.reason}"
    return None


def _name(number: int) -> str:
    try:
        return DType.from_number(number).name
    except UnsupportedError:
        return f"number {number}"
