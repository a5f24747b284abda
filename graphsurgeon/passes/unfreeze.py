"""Turn the weights of a frozen graph back into variables, in place.

For: fine-tuning, pruning or porting a model of which only the frozen ``.pb`` is left.

Prerequisites: a well-formed graph. Constants count as weights by evidence, see
`weights`; ``select`` and ``exclude`` overrule it.

Leaves behind: every weight ``X`` as a variable of the same name with its initializer
and ``X/read`` (the frozen graph's own, where it has one), all readers of ``X`` on that
read, a ``save/`` subgraph with its SaverDef, the variables' collections, and the values
in ``model.variables``. Feeds, fetches, ``loc:@X`` and checkpoint keys stay valid.

What else it meets: functions keep their bodies (constants inside are reported as kept;
constants passed in as arguments become variables outside); a constant inside a while
frame becomes a variable outside and enters as a loop invariant; control inputs move
from the constant to the read; devices follow the constant; signatures and foreign
collections stay as they are. Attrs that name a gradient function which did not survive
freezing are dropped, and reported. A note of all this goes into the collection
``graphsurgeon/unfreeze``, so that `freeze` can undo it exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.dtypes import DType
from graphsurgeon.errors import PassError
from graphsurgeon.frames import Frame, frames_of
from graphsurgeon.graph import Graph
from graphsurgeon.index import Index
from graphsurgeon.model import Model
from graphsurgeon.model_pass import model_pass
from graphsurgeon.names import parse_input, unique_name
from graphsurgeon.node import Node
from graphsurgeon.saver import SavedVariable, new_saver
from graphsurgeon.tensor import OpaqueTensor, Tensor
from graphsurgeon.unfreeze_note import Constant, UnfreezeNote
from graphsurgeon.variables import Variable, VariableKind, existing_variables, new_variable
from graphsurgeon.weights import Kept, Weight, WeightPlan, find_weights
from proto_utils import schema

#: A version every TensorFlow parses, new enough that `VariableDef.trainable` is believed (1.9).
_TENSORFLOW_VERSION = "1.15.0"

_READ_VARIABLE_OP = re.compile(r"(.*/)?ReadVariableOp(_\d+)?")
_VERSION = re.compile(r"\d+\.\d+")
# Gradient functions under these names exist only in the process that built the graph.
_DEAD_GRADIENT = re.compile(rb"(CustomGradient|(Stateful)?PartitionedCall)-\d+")


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
        No constant qualifies, or a chosen one has no values.
    NotFoundError
        A pattern of `select` or `exclude` matches no constant.
    GraphError
        The graph is not well formed.
    """
    index = Index(model.graph)
    plan = find_weights(model, index, select=select, exclude=exclude)
    if not plan.weights:
        raise _nothing_qualifies(plan)
    older = list(existing_variables(model.graph, index))
    values = {weight.node.name: weight.node.tensor for weight in plan.weights}
    surgery = _Surgery(model.graph, index, variables)
    for weight in plan.weights:
        surgery.convert(weight, values[weight.node.name])
    model.graph.set_nodes(surgery.result())
    model.variables.update(values)
    notes = _drop_dead_gradients(model, surgery.note)
    notes += _complete_meta_graph(model, plan, surgery, older)
    rows = [_variable_row(weight, values[weight.node.name]) for weight in plan.weights]
    return UnfreezeReport(rows, [_kept_row(kept) for kept in plan.kept], notes)


class _Surgery:
    """Gathers the edits of a graph: copies of nodes, and the nodes that take a constant's place."""

    def __init__(self, graph: Graph, index: Index, kind: VariableKind) -> None:
        self._graph = graph
        self._index = index
        self._kind = kind
        self._taken = set(index.producers)
        self._edited: dict[str, Node] = {}
        self._replaced: dict[str, list[Node]] = {}
        self._frames: dict[str, tuple[Frame, ...]] | None = None
        self.variables: list[Variable] = []
        self.note = UnfreezeNote()

    def convert(self, weight: Weight, value: Tensor) -> None:
        """Plan the exchange of one constant for a variable."""
        node, name = weight.node, weight.node.name
        if isinstance(value, OpaqueTensor):
            raise PassError("unfreeze", f"a {value.dtype.name} constant has no values to save", node=name)
        controls = [text for text in node.inputs if text[:1] == "^"]
        own_read = None if controls else self._own_read(name)
        made = new_variable(
            name, value, self._kind, self._taken,
            device=node.device, attrs=_private_attrs(node, self._kind), read=None if own_read is None else own_read.name,
        )  # fmt: skip
        if node.proto.HasField("experimental_debug_info"):
            made.nodes[0].proto.experimental_debug_info.CopyFrom(node.proto.experimental_debug_info)
        anchors = self._anchors(node, value.dtype, made.read, controls) if controls else []
        self.variables.append(made.variable)
        self._replaced[name] = made.nodes + anchors
        note = Constant("" if own_read else made.read, controls=controls, anchors=[anchor.name for anchor in anchors])
        self.note.constants[name] = note
        self._rewire(name, anchors[-1].name if anchors else made.read, own_read, is_anchored=bool(anchors))

    def result(self) -> Iterator[Node]:
        """Yield the nodes of the graph after all exchanges, in order."""
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
        suffix = "/read" if self._kind == "ref" else "/Read/ReadVariableOp"
        node = self._index.producers.get(name + suffix)
        return node if node is not None and node.op == "Identity" and _reads_only(node, name) else None

    def _anchors(self, node: Node, dtype: DType, read: str, controls: list[str]) -> list[Node]:
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
            nodes.append(self._beside(node, "Enter", "Enter", [tip], attrs))
            tip = nodes[-1].name
        nodes.append(self._beside(node, "Identity", "Identity", [tip, *controls], {"T": dtype}))
        return nodes

    def _beside(self, node: Node, suffix: str, op: str, inputs: list[str], attrs: dict[str, Any]) -> Node:
        name = unique_name(f"{node.name}/{suffix}", self._taken)
        self._taken.add(name)
        return Node.new(name, op, inputs, device=node.device, attrs=attrs)

    def _rewire(self, name: str, read: str, own_read: Node | None, *, is_anchored: bool) -> None:
        """Make every reader of the constant read `read`; handles are read by ReadVariableOps again."""
        for consumer, position in self._index.consumers(name):
            is_own = own_read is not None and consumer.name == own_read.name
            if self._kind == "resource" and not is_anchored and _was_read_variable_op(consumer):
                self._to_read_variable_op(consumer, name)
            elif not is_own:
                inputs = list(self._edit(consumer).inputs)
                inputs[position] = read
                self._edit(consumer).inputs = inputs
                if own_read is not None:
                    self.note.constants[name].rewired.append([consumer.name, position])

    def _to_read_variable_op(self, consumer: Node, name: str) -> None:
        node = self._edit(consumer)
        node.op = "ReadVariableOp"
        node.attrs["dtype"] = node.attrs["T"]
        del node.attrs["T"]
        node.inputs = [name, *node.inputs[1:]]


def _private_attrs(node: Node, kind: VariableKind) -> dict[str, Any]:
    """Return the attrs to carry over to the variable: those every op may have."""
    dropped = {"_output_shapes"} if kind == "resource" else set()
    return {key: node.attrs[key] for key in node.attrs if key[:1] == "_" and key not in dropped}


def _reads_only(node: Node, name: str) -> bool:
    return len(node.inputs) == 1 and parse_input(node.inputs[0]) == (name, 0)


def _was_read_variable_op(node: Node) -> bool:
    return node.op == "Identity" and _READ_VARIABLE_OP.fullmatch(node.name) is not None


def _drop_dead_gradients(model: Model, note: UnfreezeNote) -> list[str]:
    """Drop attrs that name gradient functions which did not survive freezing.

    TensorFlow refuses to differentiate a node whose gradient function is not
    registered; without the attr it differentiates the op itself.
    """
    for function, graph in model.graphs():
        edited = {}
        for node in graph:
            attr = node.proto.attr
            if "_gradient_op_type" in attr and _DEAD_GRADIENT.fullmatch(attr["_gradient_op_type"].s):
                where = node.name if function is None else f"{function}/{node.name}"
                note.gradient_op_type[where] = attr["_gradient_op_type"].s.decode()
                edited[node.name] = node.copy()
                del edited[node.name].attrs["_gradient_op_type"]
        if edited:
            graph.set_nodes([edited.get(node.name, node) for node in graph])
    return [
        f"dropped the attr _gradient_op_type ({value}) of {where!r}: that gradient function is gone, "
        "so TensorFlow differentiates the op itself"
        for where, value in note.gradient_op_type.items()
    ]


def _complete_meta_graph(
    model: Model, plan: WeightPlan, surgery: _Surgery, older: Sequence[Variable]
) -> list[str]:
    """Add the save/ subgraph, SaverDef, collections and version."""
    if model.meta is None:
        model.meta = schema.MetaGraphDef()
    meta = model.meta
    saved = [SavedVariable(v.node, v) for v in [*surgery.variables, *older] if v.node in model.variables]
    saver = new_saver(model.graph, saved)
    for node in saver.nodes:
        model.graph.append(node)
    meta.saver_def.CopyFrom(saver.saver_def)
    notes = _set_version(meta)
    for weight, variable in zip(plan.weights, surgery.variables, strict=True):
        definition = variable.to_proto(trainable=weight.trainable).SerializeToString(deterministic=True)
        for collection in _collections(weight):
            meta.collection_def[collection].bytes_list.value.append(definition)
    notes += [_add_older(meta, variable, model) for variable in older]
    surgery.note.write(meta)
    return [text for text in notes if text]


def _set_version(meta: schema.MetaGraphDef) -> list[str]:
    """Stamp the graph with a version that TensorFlow can parse, unless it has one."""
    version = meta.meta_info_def.tensorflow_version
    if _VERSION.match(version):
        return []
    meta.meta_info_def.tensorflow_version = _TENSORFLOW_VERSION
    return [f"tensorflow_version {version!r} is none; wrote {_TENSORFLOW_VERSION}"] if version else []


def _collections(weight: Weight) -> list[str]:
    """Return the collections that a recovered variable truly belongs to."""
    if weight.role == "global_step":
        return ["variables", "global_step"]
    return ["variables", *(["trainable_variables"] if weight.trainable else []), "model_variables"]


def _add_older(meta: schema.MetaGraphDef, variable: Variable, model: Model) -> str:
    """List a variable the graph held already, if it is not; return what the user should know."""
    listed = {
        schema.parse(schema.VariableDef, value).variable_name
        for value in meta.collection_def["variables"].bytes_list.value
    }
    if f"{variable.node}:0" not in listed and variable.initializer and variable.snapshot:
        definition = variable.to_proto(trainable=False).SerializeToString(deterministic=True)
        meta.collection_def["variables"].bytes_list.value.append(definition)
    if variable.node in model.variables:
        return ""
    return f"the graph held variable {variable.node!r} already; its value is not known, so the checkpoint lacks it"


def _nothing_qualifies(plan: WeightPlan) -> PassError:
    largest = sorted(plan.kept, key=lambda kept: -kept.nbytes)[:3]
    if not largest:
        return PassError("unfreeze", "the graph has no constant of more than one element")
    rows = "; ".join(f"{kept.node.name} {kept.dtype.name} {list(kept.shape)}: {kept.reason}" for kept in largest)
    hint = "to take them: " + " ".join(f"--select '{kept.node.name}'" for kept in largest)
    return PassError("unfreeze", f"no constant qualifies as a weight. The largest: {rows}", hint=hint)


def _variable_row(weight: Weight, value: Tensor) -> VariableRow:
    name, shape = weight.node.name, list(value.shape)
    evidence = list(weight.evidence)
    return VariableRow(name, name, value.dtype.name, shape, value.nbytes, weight.trainable, weight.role, evidence)


def _kept_row(kept: Kept) -> KeptRow:
    name = kept.node.name if kept.function is None else f"{kept.function}/{kept.node.name}"
    return KeptRow(name, kept.dtype.name, list(kept.shape), kept.nbytes, kept.reason)
