"""Variables in a graph, laid out as TensorFlow's own constructors do.

A reference variable, and the same as a resource::

    X                        VariableV2            X                              VarHandleOp
    X/Initializer/zeros      Const                 X/IsInitialized/VarIsInitializedOp
    X/Assign                 Assign(X, zeros)      X/Initializer/zeros            Const
    X/read                   Identity(X)           X/Assign                       AssignVariableOp(X, zeros)
                                                   X/Read/ReadVariableOp          ReadVariableOp(X)

The initial value is what TensorFlow's zeros initializer makes: a Const of one value that
repeats, or from 1,000 elements on, which some readers would spell out, a Fill::

    X/Initializer/zeros/shape_as_tensor   Const
    X/Initializer/zeros/Const             Const: 0
    X/Initializer/zeros                   Fill(shape_as_tensor, Const)

That is a few bytes whatever the variable weighs; the values come from a checkpoint. It has
no device; its ``_class`` puts it where the variable is.

Source: variable_scope.py, variables.py and resource_variable_ops.py of TensorFlow
1.15 and 2.21, as seen in the graphs they export.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from graphsurgeon.ir import attr_value
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_pattern import NodePattern
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.names import unique_name
from graphsurgeon.tensors import dtypes, tensor_proto
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor, StringTensor
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

VariableKind = Literal["ref", "resource"]

# The attrs that differ from variable to variable.
_OWN = {"VariableV2": ("shape",), "VarHandleOp": ("shape", "shared_name"), "Const": ("value",), "Fill": ("index_type",)}

# Ops whose nodes name the variable, for they share its device.
_BESIDE = frozenset(("VarHandleOp", "Const", "Fill", "Assign", "Identity"))

# Ops whose type is called T.
_BY_T = ("Assign", "Identity", "Fill")

# A constant of so many elements is not a Const any more.
_MANY = 1000
_MAX_INT32 = (1 << 31) - 1

_NO_FLOAT8 = {dtypes.FLOAT8_E4M3FNUZ, dtypes.FLOAT8_E4M3B11FNUZ, dtypes.FLOAT8_E5M2FNUZ}
_NARROW = {dtypes.INT4, dtypes.UINT4, dtypes.INT2, dtypes.UINT2, dtypes.FLOAT4_E2M1FN}

# Types for which TensorFlow 1.15 and 2.21 have no kernel of Fill.
_NO_FILL = {
    *(dtypes.QINT16, dtypes.FLOAT8_E5M2, dtypes.FLOAT8_E4M3FN, *_NO_FLOAT8),
    *(dtypes.INT2, dtypes.UINT2, dtypes.FLOAT4_E2M1FN),
}

# Types for which TensorFlow has no kernel of Assign, or of AssignVariableOp: tried in 1.15 and 2.21.
_UNASSIGNABLE: dict[VariableKind, frozenset[DType]] = {
    "ref": frozenset({dtypes.QINT16, dtypes.FLOAT8_E5M2, dtypes.FLOAT8_E4M3FN, *_NO_FLOAT8, *_NARROW}),
    "resource": frozenset({dtypes.QINT16, dtypes.QUINT16, *_NO_FLOAT8}),
}


class Variable(NamedTuple):
    """A variable of a graph by the names of its parts."""

    node: str  # the variable or its handle; also its key in a checkpoint
    kind: VariableKind
    dtype: DType
    initializer: str  # the op that assigns the initial value
    snapshot: str  # the tensor that reads the variable
    initial_value: str = ""  # the tensor assigned at first; may be empty
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
    attrs: Mapping[str, Any] | None = None,
    read: str | None = None,
    initial: Sequence[Node] = (),
) -> VariableNodes:
    """Make the nodes of a variable, itself first, with the dtype and shape of a value, whose bytes are not used.

    The name may be `taken`, by the node that is replaced; the other nodes avoid those names and are added to them.
    `attrs` are further ones of the variable node; no read is made when an existing one is given. Of `initial` nodes
    the last gives the initial value, in place of zeros.
    """
    dtype = value.dtype
    shape = _shape(value.shape)
    build = _Builder(name, dtype, device, taken)
    if kind == "ref":
        nodes = [_pattern("VariableV2", dtype.number).node(name, (), device, (shape,))]
    else:
        handle = (shape, schema.serialize(attr_value.encode(name)))
        nodes = [_pattern("VarHandleOp", dtype.number).node(name, (), device, handle, name)]
        nodes.append(build("IsInitialized/VarIsInitializedOp", "VarIsInitializedOp", [name]))
    if attrs:
        nodes[0].attrs.update(attrs)
    if initial:
        taken.update(node.name for node in initial)
    parts = _initializer(build, name, kind, initial or _initial_value(build, value))
    nodes += parts
    first, assign = parts[-2:]
    if read is None:
        nodes.append(new_read(name, kind, dtype, taken, device=device))
        read = nodes[-1].name
    variable = Variable(name, kind, dtype, assign.name, f"{read}:0", f"{first.name}:0", device)
    return VariableNodes(variable, nodes, read)


def new_initializer(
    name: str, dtype: DType, shape: tuple[int, ...], kind: VariableKind, taken: set[str], *, device: str = ""
) -> list[Node]:
    """Make what initializes the variable `name` with zeros: last the op that assigns, before it what it assigns."""
    build = _Builder(name, dtype, device, taken)
    return _initializer(build, name, kind, _initial_value(build, Tensor(dtype, shape)))


def usual_read(name: str, kind: VariableKind) -> str:
    """Return the name that TensorFlow gives the node that reads a variable."""
    return f"{name}/read" if kind == "ref" else f"{name}/Read/ReadVariableOp"


def new_read(name: str, kind: VariableKind, dtype: DType, taken: set[str], *, device: str = "") -> Node:
    """Make the node that reads a variable: ``X/read``, or ``X/Read/ReadVariableOp``, under a name that is free."""
    read = unique_name(usual_read(name, kind), taken)
    taken.add(read)
    return named_read(read, name, kind, dtype, device=device)


def named_read(read: str, variable: str, kind: VariableKind, dtype: DType, *, device: str = "") -> Node:
    """Make the node of the name `read` that reads a variable."""
    if kind == "ref":
        return _pattern("Identity", dtype.number).node(read, [variable], device, (), variable)
    return _pattern("ReadVariableOp", dtype.number).node(read, [variable], device)


def new_assignment(name: str, target: str, value: str, kind: VariableKind, dtype: DType, *, device: str = "") -> Node:
    """Make the node that assigns the tensor `value` to the variable `target`."""
    if kind == "resource":
        return _pattern("AssignVariableOp", dtype.number).node(name, [target, value], device)
    return _pattern("Assign", dtype.number).node(name, [target, value], device, (), target)


def can_hold(kind: VariableKind, dtype: DType) -> bool:
    """Whether some TensorFlow, 1.15 to 2.21, can initialize and restore a variable of that kind and type."""
    return dtype not in _UNASSIGNABLE[kind]


def existing_variables(graph: Graph, index: Index) -> Iterator[Variable]:
    """Yield the variables a graph holds already, as far as their parts can be found by their edges."""
    for node in graph.nodes_of(REF_OPS | RESOURCE_OPS):
        dtype = node.attrs.get("dtype")
        if isinstance(dtype, DType):
            yield _describe(node, dtype.base, "ref" if node.op in REF_OPS else "resource", index)


def _describe(node: Node, dtype: DType, kind: VariableKind, index: Index) -> Variable:
    assign_op, read_op = ("Assign", "Identity") if kind == "ref" else ("AssignVariableOp", "ReadVariableOp")
    initializer = initial_value = ""
    reads: list[str] = []
    for consumer, position in index.consumers(node.name):
        if consumer.op == assign_op and position == 0 and not initializer and len(consumer.inputs) > 1:
            # The saver assigns too; the initializer is the one beside the variable.
            if consumer.name.startswith(node.name + "/"):
                initializer, initial_value = consumer.name, _tensor(consumer.inputs[1])
        elif consumer.op == read_op and len(consumer.inputs) == 1:
            # One that waits for something may stand in a loop or a branch, or give a later value.
            reads.append(consumer.name)
    wanted = usual_read(node.name, kind)
    read = wanted if wanted in reads else next(iter(reads), "")
    return Variable(node.name, kind, dtype, initializer, read and f"{read}:0", initial_value, node.device)


def _initializer(build: _Builder, name: str, kind: VariableKind, initial: Sequence[Node]) -> list[Node]:
    if kind == "ref":
        return [*initial, build("Assign", "Assign", [name, initial[-1].name])]
    return [*initial, build("Assign", "AssignVariableOp", [name, initial[-1].name])]


def _tensor(text: str) -> str:
    return text if ":" in text else f"{text}:0"


class _Builder:
    """Makes the nodes beside a variable, on its device, under names that are free."""

    def __init__(self, variable: str, dtype: DType, device: str, taken: set[str]) -> None:
        self._variable = variable
        self._dtype = dtype
        self._device = device
        self._taken = taken

    def __call__(
        self,
        suffix: str,
        op: str,
        inputs: list[str],
        own: tuple[bytes, ...] = (),
        device: str | None = None,
        dtype: DType | None = None,
    ) -> Node:
        name = f"{self._variable}/{suffix}"
        if name in self._taken:
            name = unique_name(name, self._taken)
        self._taken.add(name)
        device = self._device if device is None else device
        beside = self._variable if op in _BESIDE else None
        return _pattern(op, (dtype or self._dtype).number).node(name, inputs, device, own, beside)


def _initial_value(build: _Builder, value: Tensor) -> list[Node]:
    """Make zeros of the dtype and shape of a value, last the node that gives them; they stand where `_class` says."""
    nodes: list[Node] = []
    for suffix, op, own, dtype in _zeros_parts(value.dtype.number, value.shape):
        inputs = [node.name for node in nodes] if op == "Fill" else []
        nodes.append(build(f"Initializer/zeros{suffix}", op, inputs, (own,), "", dtype))
    return nodes


@lru_cache(maxsize=256)
def _zeros_parts(number: int, shape: tuple[int, ...]) -> tuple[tuple[str, str, bytes, DType], ...]:
    """Return the nodes of zeros of a dtype, by its number, and a shape: suffix of the name, op, own attr, dtype."""
    dtype = DType.from_number(number)
    if math.prod(shape) < _MANY or dtype in _NO_FILL:
        return (("", "Const", _zeros(dtype, shape), dtype),)
    index_type = dtypes.INT64 if max(shape) > _MAX_INT32 else dtypes.INT32
    return (
        ("/shape_as_tensor", "Const", _numbers(index_type, shape), index_type),
        ("/Const", "Const", _zeros(dtype, ()), dtype),
        ("", "Fill", _type(index_type), dtype),
    )


@lru_cache(maxsize=256)
def _shape(shape: tuple[int, ...]) -> bytes:
    """Return the attr that variables of one shape share."""
    return schema.serialize(attr_value.encode(Shape(shape)))


def _zeros(dtype: DType, shape: tuple[int, ...]) -> bytes:
    """Return the attr of zeros of a shape: one value, which repeats; TensorFlow writes it where no string is too."""
    zero: Tensor = StringTensor((), [b""]) if dtype is dtypes.STRING else FillTensor(dtype, ())
    proto = tensor_proto.header(Tensor(dtype, shape))
    if 0 not in shape or dtype is dtypes.STRING:
        proto.MergeFrom(tensor_proto.encode(zero))
    return schema.serialize(schema.AttrValue(tensor=proto))


def _numbers(dtype: DType, numbers: tuple[int, ...]) -> bytes:
    raw = b"".join(number.to_bytes(dtype.itemsize, "little") for number in numbers)
    return schema.serialize(attr_value.encode(FillTensor(dtype, (len(numbers),), raw)))


def _type(dtype: DType) -> bytes:
    return schema.serialize(attr_value.encode(dtype))


@lru_cache(maxsize=256)
def _pattern(op: str, number: int) -> NodePattern:
    """Return what the nodes of `op` have in common beside variables of a type, which is given by its number."""
    dtype = DType.from_number(number)
    attrs: dict[str, DType | bool | bytes] = {"T" if op in _BY_T else "dtype": dtype}
    if op in ("VariableV2", "VarHandleOp"):
        attrs |= {"container": b"", "shared_name": b""}
    elif op == "Assign":
        attrs |= {"use_locking": True, "validate_shape": True}
    elif op == "VarIsInitializedOp":
        attrs = {}
    encoded = {key: attr_value.encode(value) for key, value in attrs.items()}
    return NodePattern(op, encoded, _OWN.get(op, ()), has_neighbour=op in _BESIDE)
