"""Turn the weights of a frozen graph back into variables, in place.

For: fine-tuning, pruning or porting a model of which only the frozen ``.pb`` is left.

Prerequisites: a well-formed graph. Constants count as weights by evidence, see
`weights`; ``select`` and ``exclude`` overrule it.

Leaves behind: every weight ``X`` as a variable of the same name with its initializer
and ``X/read`` (the frozen graph's own, where it has one), all readers of ``X`` on that
read, a ``save/`` subgraph with its SaverDef, the variables' collections, and the values
in ``model.variables``. Feeds, fetches, ``loc:@X`` and checkpoint keys stay valid.

What else it meets: functions keep their bodies (constants inside are reported as kept;
constants passed in as arguments become variables outside). A constant inside a while
frame or a cond branch becomes a variable outside; its value enters as a loop invariant,
and an Identity takes over the constant's control inputs and who waits for it. Devices
follow the constant. Variables that the graph holds already are saved too, under the keys
they have. Signatures, collections and contexts follow where a name stands for another
thing than before. Attrs that name a gradient function which did not survive freezing are
dropped, and reported. A note of all this goes into the collection
``graphsurgeon/unfreeze``, so that `freeze` can undo it exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon import dtypes
from graphsurgeon.dead_gradients import drop_dead_gradients
from graphsurgeon.dtypes import DType
from graphsurgeon.errors import PassError
from graphsurgeon.frames import Frame, frames_of
from graphsurgeon.graph import Graph
from graphsurgeon.held_variables import HeldVariable, held_variables, with_read
from graphsurgeon.index import Index
from graphsurgeon.model import Model
from graphsurgeon.model_pass import model_pass
from graphsurgeon.names import parse_input, unique_name
from graphsurgeon.node import Node
from graphsurgeon.retarget import Moved, retarget_contexts, retarget_tensors
from graphsurgeon.saver import SavedVariable, install_saver
from graphsurgeon.tensor import Tensor
from graphsurgeon.tensorflow_version import VERSION, stamp_version
from graphsurgeon.unfreeze_note import Constant, UnfreezeNote
from graphsurgeon.variable_collections import list_variables, listed_variables
from graphsurgeon.variables import (
    REF_OPS,
    RESOURCE_OPS,
    Variable,
    VariableKind,
    can_hold,
    new_variable,
)
from graphsurgeon.weights import Kept, Weight, WeightPlan, find_weights
from proto_utils import schema

_READ_VARIABLE_OP = re.compile(r"(.*/)?ReadVariableOp(_\d+)?")


@dataclass(frozen=True)
class VariableRow:
    """A constant that became a variable."""

    name: str
    node: str
    dtype: str
    shape: list[int]
    nbytes: int
    trainable: bool
    role: str
    evidence: list[str]


@dataclass(frozen=True)
class KeptRow:
    """A constant of more than one element that stayed one."""

    node: str
    dtype: str
    shape: list[int]
    nbytes: int
    reason: str


@dataclass(frozen=True)
class UnfreezeReport:
    """What `unfreeze` did.

    Attributes
    ----------
    variables : list of VariableRow
        In graph order.
    kept : list of KeptRow
        Every constant of more than one element left as it is, with the reason.
    notes : list of str
        What else was changed or could not be done.
    """

    variables: list[VariableRow]
    kept: list[KeptRow]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        # Not dataclasses.asdict: it copies every value deeply, which shows at 20,000 rows.
        rows = {"variables": [vars(row) for row in self.variables], "kept": [vars(row) for row in self.kept]}
        return {**rows, "notes": self.notes}


@model_pass
def unfreeze(
    model: Model,
    *,
    select: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    variables: VariableKind = "ref",
) -> UnfreezeReport:
    """Turn the weights of a frozen graph back into variables.

    Parameters
    ----------
    model : Model
        Edited in place; its values are not read.
    select : tuple of str
        Names or patterns of constants to take whatever the evidence says.
    exclude : tuple of str
        Names or patterns of constants to leave as they are.
    variables : {"ref", "resource"}
        The kind of variable to make: reference variables as TensorFlow 1 does, or
        resource variables as TensorFlow 2 does.

    Returns
    -------
    UnfreezeReport

    Raises
    ------
    PassError
        No constant qualifies, a chosen one cannot be a variable, or its name is taken in the checkpoint.
    NotFoundError
        A pattern of `select` or `exclude` matches no constant.
    GraphError
        The graph is not well formed.
    """
    index = Index(model.graph)
    plan = find_weights(model, index, select=select, exclude=exclude)
    if not plan.weights:
        raise _nothing_qualifies(plan, index)
    _check_types(plan, variables)
    held = held_variables(model, index)
    _check_keys(plan, held)
    values = {weight.node.name: weight.node.tensor for weight in plan.weights}
    surgery = _Surgery(model.graph, index, variables)
    for weight in plan.weights:
        surgery.convert(weight.node, values[weight.node.name])
    model.graph.set_nodes(surgery.result())
    model.variables.update(values)
    surgery.note.gradient_op_type = drop_dead_gradients(model)
    notes = [
        f"dropped the attr _gradient_op_type ({value}) of {where!r}: that gradient function is gone, "
        "so TensorFlow differentiates the op itself"
        for where, value in surgery.note.gradient_op_type.items()
    ]
    notes += surgery.remarks + _complete_meta_graph(model, plan, surgery, held)
    rows = [_variable_row(weight, values[weight.node.name]) for weight in plan.weights]
    return UnfreezeReport(rows, [_kept_row(kept) for kept in plan.kept], notes)


def _check_types(plan: WeightPlan, kind: VariableKind) -> None:
    """Refuse what TensorFlow could not restore."""
    for weight in plan.weights:
        if weight.dtype in (dtypes.RESOURCE, dtypes.VARIANT):
            raise PassError("unfreeze", f"a {weight.dtype.name} constant has no values to save", node=weight.node.name)
    refused = [weight for weight in plan.weights if not can_hold(kind, weight.dtype)]
    if not refused:
        return
    other: VariableKind = "resource" if kind == "ref" else "ref"
    is_other_good = all(can_hold(other, weight.dtype) for weight in plan.weights)
    name, number = refused[0].node.name, len(refused) - 1
    reason = f"no TensorFlow can restore a {kind} variable of {refused[0].dtype.name}"
    more = f"; and {number} more such constants" if number else ""
    hint = f"--variables {other} can" if is_other_good else f"keep it a constant: --exclude '{name}'"
    raise PassError("unfreeze", reason + more, node=name, hint=hint)


def _check_keys(plan: WeightPlan, held: Sequence[HeldVariable]) -> None:
    keys = {each.place.key: each.variable.node for each in held if each.place is not None}
    for weight in plan.weights:
        name = weight.node.name
        if name in keys:
            raise PassError("unfreeze", f"the checkpoint has variable {keys[name]!r} under this name", node=name)


class _Surgery:
    """Gathers the edits of a graph: copies of nodes, and the nodes that take a constant's place."""

    def __init__(self, graph: Graph, index: Index, kind: VariableKind) -> None:
        self._graph = graph
        self._index = index
        self.kind = kind
        self.taken = set(index.producers)
        self._edited: dict[str, Node] = {}
        self._replaced: dict[str, list[Node]] = {}
        self._frames: dict[str, tuple[Frame, ...]] | None = None
        self.variables: list[Variable] = []
        self.moved: dict[str, Moved] = {}
        self.note = UnfreezeNote()
        self.remarks: list[str] = []

    def convert(self, node: Node, value: Tensor) -> None:
        """Plan the exchange of one constant for a variable."""
        name = node.name
        own_read = None if node.inputs else self._own_read(name)
        made = new_variable(
            name, value, self.kind, self.taken,
            device=node.device, attrs=_private_attrs(node, self.kind), read=None if own_read is None else own_read.name,
        )  # fmt: skip
        if node.proto.HasField("experimental_debug_info"):
            made.nodes[0].proto.experimental_debug_info.CopyFrom(node.proto.experimental_debug_info)
        self.variables.append(made.variable)
        self._replaced[name] = made.nodes
        note = self.note.constants[name] = Constant("" if own_read else made.read)
        if self.kind == "resource" and not self._index.consumers(name):
            self.remarks.append(f"'{name}:0' is a handle now; its value is '{made.read}:0'")
        if not node.inputs:
            self._rewire(name, made.read, own_read, note)
            return
        anchors = self._anchors(node, value.dtype, made.read)
        self._replaced[name] = made.nodes + anchors
        note.controls, note.anchors = list(node.inputs), [anchor.name for anchor in anchors]
        self.moved[name] = Moved(made.read, note.anchors[:-1], note.anchors[-1])
        for consumer, position in self._index.consumers(name):
            self._set_input(consumer, position, name, note.anchors[-1])

    def result(self) -> Iterator[Node]:
        """Yield the nodes of the graph after all exchanges, in order."""
        for name, moved in self.moved.items():
            # Who waited for the constant waited for the branch or the iteration it was in.
            for consumer in self._index.control_consumers(name):
                self._wait_for(consumer, name, moved.inside)
        for node in self._graph:
            if node.name in self._replaced:
                yield from self._replaced[node.name]
            else:
                yield self._edited.get(node.name, node)

    def _edit(self, node: Node) -> Node:
        if node.name not in self._edited:
            self._edited[node.name] = node.copy()
        return self._edited[node.name]

    def _own_read(self, name: str) -> Node | None:
        """Find the read that the variable had before it was frozen."""
        suffix = "/read" if self.kind == "ref" else "/Read/ReadVariableOp"
        node = self._index.producers.get(name + suffix)
        return node if node is not None and node.op == "Identity" and _reads_only(node, name) else None

    def _anchors(self, node: Node, dtype: DType, read: str) -> list[Node]:
        """Bring a variable's value to where control inputs held the constant.

        The variable itself must stand outside of every frame and branch, or it could
        be neither initialized nor saved.
        """
        if self._frames is None:
            self._frames = frames_of(self._graph, self._index)
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

    def _rewire(self, name: str, read: str, own_read: Node | None, note: Constant) -> None:
        """Make every reader of the constant read `read`; handles are read by ReadVariableOps again."""
        for consumer, position in self._index.consumers(name):
            if self.kind == "resource" and _was_read_variable_op(consumer):
                self._to_read_variable_op(consumer)
            elif own_read is None:
                self._set_input(consumer, position, name, read)
            elif consumer.name != own_read.name:
                self._set_input(consumer, position, name, read)
                note.rewired.append([consumer.name, position])

    def _set_input(self, consumer: Node, position: int, old: str, new: str) -> None:
        """Let an input name another node; it stays written as it is, ``a`` or ``a:0``."""
        node = self._edit(consumer)
        inputs = list(node.inputs)
        inputs[position] = new + inputs[position][len(old) :]
        node.inputs = inputs

    def _wait_for(self, consumer: Node, old: str, new: str) -> None:
        # A constant that is exchanged too has handed its control inputs to its anchor.
        anchored = consumer.name in self.moved
        node = self._replaced[consumer.name][-1] if anchored else self._edit(consumer)
        node.inputs = [f"^{new}" if text == f"^{old}" else text for text in node.inputs]

    def _to_read_variable_op(self, consumer: Node) -> None:
        node = self._edit(consumer)
        node.op = "ReadVariableOp"
        node.attrs["dtype"] = node.attrs["T"]
        del node.attrs["T"]


def _private_attrs(node: Node, kind: VariableKind) -> dict[str, Any]:
    """Return the attrs to carry over to the variable: those every op may have."""
    private = [key for key in node.proto.attr if key[:1] == "_"]
    return {key: node.proto.attr[key] for key in sorted(private) if kind == "ref" or key != "_output_shapes"}


def _reads_only(node: Node, name: str) -> bool:
    return len(node.inputs) == 1 and parse_input(node.inputs[0]) == (name, 0)


def _was_read_variable_op(node: Node) -> bool:
    return node.op == "Identity" and _READ_VARIABLE_OP.fullmatch(node.name) is not None


def _complete_meta_graph(model: Model, plan: WeightPlan, surgery: _Surgery, held: Sequence[HeldVariable]) -> list[str]:
    """Add the save/ subgraph, SaverDef, collections and version."""
    if model.meta is None:
        model.meta = schema.MetaGraphDef()
    meta = model.meta
    held = [with_read(each, model, surgery.taken) for each in held]
    saved = [SavedVariable(variable.node, variable) for variable in surgery.variables]
    install_saver(model, saved + [variable for each in held for variable in each.saved])
    replaced = stamp_version(meta)
    notes = [f"wrote tensorflow_version {VERSION}: no version is {replaced!r}"] if replaced else []
    entries = [
        (variable.to_proto(trainable=weight.trainable), _collections(weight))
        for weight, variable in zip(plan.weights, surgery.variables, strict=True)
    ]
    known = listed_variables(meta)
    for variable, place in held:
        if f"{variable.node}:0" not in known and variable.initializer and variable.snapshot:
            entries.append((variable.to_proto(trainable=False), ["variables"]))
        if place is None:
            notes.append(f"the value of variable {variable.node!r}, which the graph had, is not known: it is not saved")
    list_variables(meta, entries)
    retarget_contexts(meta, surgery.moved)
    if surgery.kind == "resource":
        # X:0 is a handle now; who named it means its value.
        notes += retarget_tensors(meta, {f"{variable.node}:0": variable.snapshot for variable in surgery.variables})
    surgery.note.write(meta)
    return notes


def _collections(weight: Weight) -> list[str]:
    """Return the collections that a recovered variable truly belongs to."""
    if weight.role == "global_step":
        return ["variables", "global_step"]
    return ["variables", *(["trainable_variables"] if weight.trainable else []), "model_variables"]


def _nothing_qualifies(plan: WeightPlan, index: Index) -> PassError:
    num_variables = sum(node.op in REF_OPS or node.op in RESOURCE_OPS for node in index.producers.values())
    held = f"; it has {num_variables} variables already" if num_variables else ""
    kept = sorted((kept for kept in plan.kept if not _is_initial_value(kept, index)), key=lambda kept: -kept.nbytes)
    if not kept:
        return PassError("unfreeze", f"the graph has no constant of more than one element{held}")
    rows = "; ".join(f"{_kept_row(each).node} {each.dtype.name} {list(each.shape)}: {each.reason}" for each in kept[:3])
    takeable = [each.node.name for each in kept if each.function is None][:3]
    hint = "to take them: " + " ".join(f"--select '{name}'" for name in takeable) if takeable else None
    return PassError("unfreeze", f"no constant qualifies as a weight{held}. The largest: {rows}", hint=hint)


def _is_initial_value(kept: Kept, index: Index) -> bool:
    readers = index.consumers(kept.node.name) if kept.function is None else []
    return bool(readers) and all(node.op in ("Assign", "AssignVariableOp") for node, _ in readers)


def _variable_row(weight: Weight, value: Tensor) -> VariableRow:
    name, shape = weight.node.name, list(value.shape)
    evidence = list(weight.evidence)
    return VariableRow(name, name, value.dtype.name, shape, value.nbytes, weight.trainable, weight.role, evidence)


def _kept_row(kept: Kept) -> KeptRow:
    name = kept.node.name if kept.function is None else f"{kept.function}/{kept.node.name}"
    return KeptRow(name, kept.dtype.name, list(kept.shape), kept.nbytes, kept.reason)
