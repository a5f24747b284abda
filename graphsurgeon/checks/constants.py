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
