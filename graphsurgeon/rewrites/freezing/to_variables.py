"""Constants of a graph, exchanged for variables: the surgery of `unfreeze`, without what surrounds the graph.

The mirror image of `to_constants`: a variable takes the constant's place under its name,
and who read the constant reads the variable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir import ops
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.frames import Frame, frames_of
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Kind, Node
from graphsurgeon.ir.node_attrs import is_long
from graphsurgeon.ir.node_messages import content_before, num_behind_content
from graphsurgeon.ir.signatures import input_types
from graphsurgeon.meta_graph.contexts import Moved
from graphsurgeon.names import parse_input, some_of, unique_name
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.tensor_proto import count_typed, encode
from graphsurgeon.tensors.values import RawTensor
from graphsurgeon.variables.layout import (
    Variable,
    VariableKind,
    VariableNodes,
    can_hold,
    named_read,
    new_variable,
    usual_read,
)
from graphsurgeon.variables.unfreeze_note import ConstantNote, UnfreezeNote
from graphsurgeon.weights import Weight
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

_READ_VARIABLE_OP = r"(.*/)?ReadVariableOp(_\d+)?"


class VariableRow(NamedTuple):
    """A constant that became a variable."""

    name: str  # its key in the checkpoint
    node: str
    dtype: str
    shape: list[int]
    nbytes: int
    trainable: bool
    role: str
    evidence: list[str]


class _Alike(NamedTuple):
    """What constants have in common that differ in nothing but names and the bytes of their values."""

    value: Tensor  # of one of them
    device: str
    attrs: Mapping[str, schema.AttrValue]  # those to carry over to the variable
    debug_info: Any  # None without any
    num_typed: int  # values in a typed list where freezing would put them elsewhere
    num_behind: int  # bytes behind those of the value in the message


class ToVariables:
    """Gathers the edits of a graph: nodes that take a constant's place, and its readers.

    The graph is not edited before `finish`; the index is as it was before all exchanges.
    """

    def __init__(self, graph: Graph, index: Index, kind: VariableKind) -> None:
        self._edit = GraphEdit(graph)
        self._index = index
        self.kind = kind
        self.taken = set(index.producers)
        self._frames: dict[str, tuple[Frame, ...]] | None = None
        self._alike: dict[Kind, _Alike] = {}
        self.variables: list[Variable] = []
        self.moved: dict[str, Moved] = {}
        self.note = UnfreezeNote()
        self.remarks: list[str] = []

    def convert(self, node: Node, variable: str) -> Tensor:
        """Plan the exchange of one constant for a variable; of another name, the constant's is that of its read.

        Its value is returned.
        """
        alike, value = self._look_at(node)
        if variable == node.name:
            self._convert(node, alike, value)
        else:
            self._convert_folded(node, alike, value, variable)
        return value

    def _look_at(self, node: Node) -> tuple[_Alike, Tensor]:
        """Return what a constant has in common with others, and its value; of those alike, one is parsed."""
        kind = node.kind if node.beside is None else None
        alike = None if kind is None else self._alike.get(kind)
        if alike is not None and isinstance(alike.value, RawTensor):
            return alike, alike.value.like(content_before(node, alike.num_behind, alike.value.span.nbytes))
        proto = node.proto
        value: Tensor = node.attrs.decode("value", proto.attr["value"])
        debug_info = proto.experimental_debug_info if proto.HasField("experimental_debug_info") else None
        num_typed = _num_typed(proto.attr["value"].tensor, value)
        num_behind = num_behind_content(node)
        alike = _Alike(value, proto.device, _private_attrs(proto, self.kind), debug_info, num_typed, num_behind or 0)
        if kind is not None and num_behind is not None:
            self._alike[kind] = alike
        return alike, value

    def _convert(self, node: Node, alike: _Alike, value: Tensor) -> None:
        name = node.name
        own_read = None if node.inputs else self._own_read(name)
        made = self._new_variable(name, alike, value, read=None if own_read is None else own_read.name)
        note = self.note.constants[name] = ConstantNote("" if own_read else made.read, num_typed=alike.num_typed)
        if self.kind == "resource" and not self._index.consumers(name):
            self.remarks.append(f"'{name}:0' is a handle now; its value is '{made.read}:0'")
        if not node.inputs:
            self._edit.replace(name, made.nodes)
            self._rewire(name, made.read, own_read, note)
            return
        anchors = self._anchors(node, value.dtype, made.read)
        self._edit.replace(name, made.nodes + anchors)
        note.controls, note.anchors = list(node.inputs), [anchor.name for anchor in anchors]
        self.moved[name] = Moved(made.read, note.anchors[:-1], note.anchors[-1])
        for consumer, position in self._index.consumers(name):
            self._set_input(consumer, position, name, note.anchors[-1])

    def _convert_folded(self, node: Node, alike: _Alike, value: Tensor, variable: str) -> None:
        """Take the variable out of a read that constant folding put it into; who reads that sees no difference."""
        self.taken.add(variable)
        made = self._new_variable(variable, alike, value, read=node.name)
        read = named_read(node.name, variable, self.kind, value.dtype, device=alike.device)
        self._edit.replace(node.name, [read, *made.nodes])
        self.note.constants[variable] = ConstantNote(name=node.name, num_typed=alike.num_typed)

    def _new_variable(self, name: str, alike: _Alike, value: Tensor, read: str | None) -> VariableNodes:
        made = new_variable(name, value, self.kind, self.taken, device=alike.device, attrs=alike.attrs, read=read)
        if alike.debug_info is not None:
            made.nodes[0].editable_proto().experimental_debug_info.CopyFrom(alike.debug_info)
        self.variables.append(made.variable)
        return made

    def finish(self) -> None:
        """Make all exchanges in the graph."""
        for name, moved in self.moved.items():
            # Who waited for the constant waited for the branch or the iteration it was in.
            for consumer in self._index.control_consumers(name):
                self._wait_for(consumer, name, moved.inside)
        self._edit.apply()

    def _own_read(self, name: str) -> Node | None:
        """Find the read that the variable had before it was frozen."""
        node = self._index.producers.get(usual_read(name, self.kind))
        return node if node is not None and node.op == "Identity" and _reads_only(node, name) else None

    def _anchors(self, node: Node, dtype: DType, read: str) -> list[Node]:
        """Bring a variable's value to where control inputs held the constant.

        The variable itself must stand outside of every frame and branch, or it could
        be neither initialized nor saved.
        """
        if self._frames is None:
            self._frames = frames_of(self._edit.graph, self._index)
        nodes: list[Node] = []
        tip = read
        for frame in self._frames.get(node.name, ()):
            attrs = {"T": dtype, "frame_name": frame.name, "is_constant": True}
            attrs["parallel_iterations"] = frame.parallel_iterations
            nodes.append(self._beside(node, "Enter", [tip], attrs))
            tip = nodes[-1].name
        nodes.append(self._beside(node, "Identity", [tip, *node.inputs], {"T": dtype}))
        return nodes

    def _beside(self, node: Node, op: str, inputs: list[str], attrs: dict[str, Any]) -> Node:
        name = unique_name(f"{node.name}/{op}", self.taken)
        self.taken.add(name)
        return Node.new(name, op, inputs, device=node.device, attrs=attrs)

    def _rewire(self, name: str, read: str, own_read: Node | None, note: ConstantNote) -> None:
        """Make every reader of the constant read `read`; handles are read by ReadVariableOps again."""
        rewired: list[list[Any]] = []
        for consumer, position in self._index.consumers(name):
            if _takes_variable(consumer, position, self.kind):
                continue
            if self.kind == "resource" and _was_read_variable_op(consumer):
                self._to_read_variable_op(consumer)
            elif own_read is None:
                self._set_input(consumer, position, name, read)
            elif consumer.name != own_read.name:
                self._set_input(consumer, position, name, read)
                rewired.append([consumer.name, position])
        note.rewired = rewired

    def _set_input(self, consumer: Node, position: int, old: str, new: str) -> None:
        """Let an input name another node; it stays written as it is, ``a`` or ``a:0``."""
        self._edit.set_input(consumer, position, new + consumer.inputs[position][len(old) :])

    def _wait_for(self, consumer: Node, old: str, new: str) -> None:
        # A constant that is exchanged too has handed its control inputs to its anchor.
        anchor = self._edit.get(self.moved[consumer.name].inside) if consumer.name in self.moved else None
        node = anchor or self._edit.current(consumer)
        self._edit.set_inputs(node, [f"^{new}" if text == f"^{old}" else text for text in node.inputs])

    def _to_read_variable_op(self, consumer: Node) -> None:
        node = self._edit.edit(consumer)
        node.op = "ReadVariableOp"
        node.attrs["dtype"] = node.attrs["T"]
        del node.attrs["T"]


def check_types(weights: Sequence[Weight], kind: VariableKind) -> None:
    """Refuse what TensorFlow could not restore."""
    opaque = (dtypes.RESOURCE, dtypes.VARIANT)
    # Very many weights are of few types.
    types = {weight.dtype.number: weight.dtype for weight in weights}.values()
    if all(dtype not in opaque and can_hold(kind, dtype) for dtype in types):
        return
    for weight in weights:
        if weight.dtype in opaque:
            raise PassError("unfreeze", f"a {weight.dtype.name} constant has no values to save", node=weight.node.name)
    refused = [weight for weight in weights if not can_hold(kind, weight.dtype)]
    other: VariableKind = "resource" if kind == "ref" else "ref"
    is_other_good = all(can_hold(other, weight.dtype) for weight in weights)
    name = refused[0].node.name
    which = some_of([f"{weight.dtype.name} ({weight.node.name!r})" for weight in refused], 2)
    hint = f'`variables="{other}"` can' if is_other_good else f"keep it a constant: `exclude='{name}'`"
    raise PassError("unfreeze", f"no TensorFlow can restore a {kind} variable of {which}", node=name, hint=hint)


def _takes_variable(node: Node, position: int, kind: VariableKind) -> bool:
    """Whether an input needs the variable itself: freezing leaves ops that change variables with constants."""
    if not _may_take_variables(node.op):
        return False
    types = input_types(node)
    if types is None or position >= len(types):
        return False
    return types[position].is_ref if kind == "ref" else types[position] is dtypes.RESOURCE


@lru_cache(maxsize=4096)
def _may_take_variables(op: str) -> bool:
    known = ops.facts(op)
    return known is not None and any(arg.is_ref or arg.type == "resource" for arg in known.inputs)


def _private_attrs(proto: schema.NodeDef, kind: VariableKind) -> dict[str, Any]:
    """Return the attrs to carry over to the variable: those every op may have."""
    private = [key for key in proto.attr if key[:1] == "_"]
    return {key: proto.attr[key] for key in sorted(private) if kind == "ref" or key != "_output_shapes"}


def _num_typed(proto: schema.TensorProto, value: Tensor) -> int:
    """Return how many values stand in a typed list where freezing would put them elsewhere."""
    count = count_typed(proto)
    if not count or (not is_long(value) and encode(value) == proto):
        return 0
    return count


def _reads_only(node: Node, name: str) -> bool:
    inputs = node.inputs
    return len(inputs) == 1 and (inputs[0] == name or parse_input(inputs[0]) == (name, 0))


def _was_read_variable_op(node: Node) -> bool:
    return node.op == "Identity" and re.fullmatch(_READ_VARIABLE_OP, node.name) is not None
