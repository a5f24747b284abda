"""What the attrs of one node tell: dtype and shape of its output or variable, the value of a constant."""

from __future__ import annotations

from typing import Any

from graphsurgeon.ir import ops
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import output_types
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor, StringTensor
from proto_utils.errors import CorruptionError, FileFormatError, UnsupportedError


def attr_of(node: Node, name: str) -> Any:
    """Return an attr; None when there is none, or none that is sound, which `verify` tells."""
    try:
        return node.attrs.get(name)
    except (CorruptionError, UnsupportedError):
        return None


def node_dtype(node: Node) -> DType | None:
    """Return the dtype of a node's output 0, None when it has none or it cannot be told."""
    types = output_types(node)
    return types[0].base if types else None


def node_shape(node: Node, output: int = 0) -> Shape | None:
    """Return the shape of one output of a node as far as the node's attrs tell, None when they do not."""
    attrs = node.attrs
    try:
        if node.op == "Const":
            return Shape(node.tensor.shape)
        # What is named without _ is that of a dataset's elements, but where the op takes those out.
        for key in ("_output_shapes", "output_shapes")[: 1 + _has_list_of_outputs(node)]:
            shapes = attrs.get(key)
            if isinstance(shapes, list) and isinstance(found := dict(enumerate(shapes)).get(output), Shape):
                return found
        shape = attrs.get("shape") if output == 0 else None
    except (FileFormatError, KeyError):
        return None
    # A placeholder of old versions has the scalar's shape when it means unknown; nothing tells them apart.
    return shape if isinstance(shape, Shape) else None


def _has_list_of_outputs(node: Node) -> bool:
    facts = ops.facts(node.op)
    return facts is not None and len(facts.outputs) == 1 and facts.outputs[0].is_list


def constant_value(node: Node) -> Tensor | None:
    """Return the value of a Const, None for other nodes and for values that are not sound."""
    if node.op != "Const":
        return None
    try:
        value = node.attrs.get("value")
    except FileFormatError:
        return None
    return value if isinstance(value, Tensor) else None


def stored_nbytes(value: Tensor) -> int:
    """Return what a constant takes in its file: values that repeat are not there again and again."""
    if isinstance(value, FillTensor):
        return len(value.head)
    return sum(map(len, value.elements)) if isinstance(value, StringTensor) else value.nbytes


def variable_dtype(node: Node) -> DType | None:
    """Return the dtype of the values of a variable or handle."""
    try:
        dtype = node.attrs.get("dtype")
    except FileFormatError:
        return None
    return dtype.base if isinstance(dtype, DType) else None


def variable_shape(node: Node) -> Shape | None:
    """Return the shape of the values of a variable or handle; a handle itself is a scalar."""
    try:
        shape = node.attrs.get("shape")
    except FileFormatError:
        return None
    return shape if isinstance(shape, Shape) else None
