"""Variables in a graph, laid out as TensorFlow's own constructors do.

A reference variable, and the same as a resource::

    X                        VariableV2            X                              VarHandleOp
    X/Initializer/zeros      Const                 X/IsInitialized/VarIsInitializedOp
    X/Assign                 Assign(X, zeros)      X/Initializer/zeros            Const
    X/read                   Identity(X)           X/Assign                       AssignVariableOp(X, zeros)
                                                   X/Read/ReadVariableOp          ReadVariableOp(X)

The initial value is a Const with a shape and no values, which TensorFlow reads as
zeros: a few bytes whatever the variable weighs. The values come from a checkpoint. It has
no device; its ``_class`` puts it where the variable is.

Source: variable_scope.py, variables.py and resource_variable_ops.py of TensorFlow
1.15 and 2.21, as seen in the graphs they export.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from graphsurgeon import attr_value, tensor_proto
from graphsurgeon.attr_value import Shape
from graphsurgeon.dtypes import DType
from graphsurgeon.graph import Graph
from graphsurgeon.index import Index
from graphsurgeon.names import unique_name
from graphsurgeon.node import Node
from graphsurgeon.tensor import Tensor
from proto_utils import schema

VariableKind = Literal["ref", "resource"]

REF_OPS = frozenset({"Variable", "VariableV2", "AutoReloadVariable"})
RESOURCE_OPS = frozenset({"VarHandleOp"})


class Variable(NamedTuple):
    """A variable of a graph by the names of its parts.

    Attributes
    ----------
    node : str
        The variable or its handle; also its key in a checkpoint.
    kind : "ref" or "resource"
    dtype : DType
    initializer, snapshot : str
        The op that assigns the initial value, and the tensor that reads the variable.
    initial_value : str
        The tensor assigned at first; may be empty.
    device : str
    """

    node: str
    kind: VariableKind
    dtype: DType
    initializer: str
    snapshot: str
    initial_value: str = ""
    device: str = ""

    def to_proto(self, *, trainable: bool) -> schema.VariableDef:
        """Make the VariableDef that goes into collections."""
        return schema.VariableDef(
            variable_name=f"{self.node}:0",
            initializer_name=self.initializer,
            snapshot_name=self.snapshot,
            initial_value_name=self.initial_value,
            is_resource=self.kind == "resource",
            trainable=trainable,
        )


class VariableNodes(NamedTuple):
    """The nodes that make up a new variable, and the node that reads it."""

    variable: Variable
    nodes: list[Node]
    read: str


def new_variable(
    name: str,
    value: Tensor,
    kind: VariableKind,
    taken: set[str],
    *,
    device: str = "",
    attrs: dict[str, Any] | None = None,
    read: str | None = None,
) -> VariableNodes:
    """Make the nodes of a variable.

    Parameters
    ----------
    name : str
        The variable's; it may be among `taken`, being the node that is replaced.
    value : Tensor
        Gives dtype and shape; its bytes are not used.
    kind : "ref" or "resource"
    taken : set of str
        Names in use; the other nodes avoid them and are added to it.
    device : str
    attrs : dict, optional
        Further attrs of the variable node.
    read : str, optional
        An existing node that reads the variable already; none is made then.

    Returns
    -------
    VariableNodes
        The variable node is first.
    """
    at = attr_value.encode([b"loc:@" + name.encode()])
    build = _Builder(name, device, taken)
    shape = Shape(value.shape)
    if kind == "ref":
        own = {"dtype": value.dtype, "shape": shape, "container": b"", "shared_name": b"", **(attrs or {})}
        nodes = [Node.new(name, "VariableV2", device=device, attrs=own)]
    else:
        own = {"dtype": value.dtype, "shape": shape, "container": b"", "shared_name": name, "_class": at}
        own.update(attrs or {})
        nodes = [Node.new(name, "VarHandleOp", device=device, attrs=own)]
        nodes.append(build("IsInitialized/VarIsInitializedOp", "VarIsInitializedOp", [name], {}))
    zeros = schema.AttrValue(tensor=tensor_proto.header(value))
    initial = build("Initializer/zeros", "Const", [], {"dtype": value.dtype, "value": zeros, "_class": at}, device="")
    nodes.append(initial)
    if kind == "ref":
        assign_attrs = {"T": value.dtype, "use_locking": True, "validate_shape": True, "_class": at}
        assign = build("Assign", "Assign", [name, initial.name], assign_attrs)
    else:
        assign = build("Assign", "AssignVariableOp", [name, initial.name], {"dtype": value.dtype})
    nodes.append(assign)
    if read is None:
        if kind == "ref":
            reader = build("read", "Identity", [name], {"T": value.dtype, "_class": at})
        else:
            reader = build("Read/ReadVariableOp", "ReadVariableOp", [name], {"dtype": value.dtype})
        nodes.append(reader)
        read = reader.name
    variable = Variable(name, kind, value.dtype, assign.name, f"{read}:0", f"{initial.name}:0", device)
    return VariableNodes(variable, nodes, read)


def existing_variables(graph: Graph, index: Index) -> Iterator[Variable]:
    """Yield the variables a graph holds already, as far as their parts can be found by their edges."""
    for node in graph:
        if node.op in REF_OPS or node.op in RESOURCE_OPS:
            kind: VariableKind = "ref" if node.op in REF_OPS else "resource"
            yield _describe(node, kind, index)


def _describe(node: Node, kind: VariableKind, index: Index) -> Variable:
    assign_op, read_op = ("Assign", "Identity") if kind == "ref" else ("AssignVariableOp", "ReadVariableOp")
    initializer = snapshot = initial_value = ""
    for consumer, position in index.consumers(node.name):
        if consumer.op == assign_op and position == 0 and not initializer and len(consumer.inputs) > 1:
            # The saver assigns too; the initializer is the one beside the variable.
            if consumer.name.startswith(node.name + "/"):
                initializer, initial_value = consumer.name, _tensor(consumer.inputs[1])
        elif consumer.op == read_op and not snapshot:
            snapshot = f"{consumer.name}:0"
    return Variable(node.name, kind, node.attrs["dtype"], initializer, snapshot, initial_value, node.device)


def _tensor(text: str) -> str:
    return text if ":" in text else f"{text}:0"


class _Builder:
    """Makes the nodes beside a variable, on its device, under names that are free."""

    def __init__(self, variable: str, device: str, taken: set[str]) -> None:
        self._variable = variable
        self._device = device
        self._taken = taken

    def __call__(
        self, suffix: str, op: str, inputs: list[str], attrs: dict[str, Any], *, device: str | None = None
    ) -> Node:
        name = unique_name(f"{self._variable}/{suffix}", self._taken)
        self._taken.add(name)
        return Node.new(name, op, inputs, device=self._device if device is None else device, attrs=attrs)
