"""Ops that read a variable by its handle, rewritten to read the value that took the handle's place.

=================== =====================================================
ReadVariableOp      Identity
ResourceGather      GatherV2 along the batch dimensions' end, ``<name>/axis``
ResourceGatherNd    GatherNd
VariableShape       Shape
VarIsInitializedOp  a constant true
=================== =====================================================

The first three are, attr for attr, what `convert_variables_to_constants` of TensorFlow
2.21 makes of them; it declines batch dimensions, and leaves the others broken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.freezing.body_edits import BodyEdits
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.values import FillTensor
from proto_utils.named_tuple import NamedTuple


class Value(NamedTuple):
    """What is passed by value from now on."""

    dtype: DType
    shape: tuple[int, ...] | None  # None when it is not known
    variable: str  # whose value it is
    is_thawed: bool = False  # it was a constant before: its readers keep all their attrs


def to_identity(body: BodyEdits, node: Node, value: Value) -> None:
    """Make a ReadVariableOp an Identity."""
    if value.is_thawed:
        edited = body.edit(node)
        edited.op, edited.attrs["T"] = "Identity", edited.attrs.pop("dtype")
    else:
        _become(body, node, "Identity", node.inputs[:1], {"T": node.attrs["dtype"]})
    _rename_output(body, node, "value")


def to_gather(body: BodyEdits, node: Node, _: Value) -> None:
    """Make a ResourceGather a GatherV2."""
    name, indices = f"{node.name}/axis", node.attrs["Tindices"]
    batch_dims = node.attrs.get("batch_dims", 0)
    axis = FillTensor(indices, (), batch_dims.to_bytes(indices.itemsize, "little"))
    if body.get(name) is None:
        body.add(Node.new(name, "Const", attrs={"dtype": indices, "value": axis}))
    text = name if body.function is None else f"{name}:output:0"
    attrs = {"Tparams": node.attrs["dtype"], "Tindices": indices, "Taxis": indices}
    if batch_dims:
        attrs["batch_dims"] = batch_dims
    _become(body, node, "GatherV2", [*node.inputs[:2], text], attrs)


def to_gather_nd(body: BodyEdits, node: Node, _: Value) -> None:
    """Make a ResourceGatherNd a GatherNd."""
    attrs = {"Tparams": node.attrs["dtype"], "Tindices": node.attrs["Tindices"]}
    _become(body, node, "GatherNd", node.inputs[:2], attrs)


def to_shape(body: BodyEdits, node: Node, value: Value) -> None:
    """Make a VariableShape a Shape."""
    attrs = {"T": value.dtype, "out_type": node.attrs.get("out_type", dtypes.INT32)}
    _become(body, node, "Shape", node.inputs, attrs)


def to_true(body: BodyEdits, node: Node, _: Value) -> None:
    """Make a constant of a node that asks whether a variable has a value: it always has."""
    attrs = {"dtype": dtypes.BOOL, "value": FillTensor(dtypes.BOOL, (), b"\1")}
    _become(body, node, "Const", node.control_inputs, attrs)
    _rename_output(body, node, "is_initialized")


#: What reads a handle, and how it comes to read the value.
READS: Mapping[str, Callable[[BodyEdits, Node, Value], None]] = {
    "ReadVariableOp": to_identity,
    "ResourceGather": to_gather,
    "ResourceGatherNd": to_gather_nd,
    "VariableShape": to_shape,
    "VarIsInitializedOp": to_true,
}


def _become(body: BodyEdits, node: Node, op: str, inputs: Sequence[str], attrs: dict[str, Any]) -> None:
    """Put a node with another op and no other attrs in its place; like TensorFlow's, it waits for nothing."""
    if "_class" in node.attrs:
        attrs["_class"] = node.attrs["_class"]
    body.replace(node.name, [Node.new(node.name, op, inputs, attrs=attrs)])


def _rename_output(body: BodyEdits, node: Node, old: str) -> None:
    """In a function body, readers name the output of an Identity or Const ``:output:``."""
    if body.function is not None:
        for reader, position in body.before.tensor_consumers(f"{node.name}:{old}:0"):
            body.set_input(reader, position, f"{node.name}:output:0")
