"""Turn the variables of a graph into constants: the mirror image of `unfreeze`.

For: deployment. One GraphDef that needs no checkpoint.

Prerequisites: a well-formed graph, and in ``model.variables`` the values of its
checkpoint. Which key holds which variable is read from the graph's own saver, so
renamed keys and partitioned variables work; see `checkpoint_keys`.

Leaves behind: the nodes that the outputs need, in their order, every variable among
them a Const; what read a handle reads the value (see `value_flow`). Where TensorFlow's
`convert_variables_to_constants` has a result, this is it. What `unfreeze` had put in is
taken out again, so that freezing its result gives the graph it was given. With ``keep``
the variables that stay have a working saver and collections.

What else it meets: function bodies are followed, a function that takes a frozen variable
becomes a copy ``<name>_frozen``; writers on frozen variables (batch-norm updates) that
only control edges wait for are cut and reported, others are declined by name; colocation
is kept as far as its target is; collections, signatures and saver go with the variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.checkpoint_keys import VariableValues, variable_nodes
from graphsurgeon.errors import PassError, near_names
from graphsurgeon.graph import Graph
from graphsurgeon.index import Index
from graphsurgeon.initial_values import initial_values
from graphsurgeon.model import Model
from graphsurgeon.model_pass import model_pass
from graphsurgeon.names import matches_any, node_of
from graphsurgeon.node import Node
from graphsurgeon.reach import ancestors, called_functions, colocated_with, drop_colocation, trim_library
from graphsurgeon.saver import SavedVariable, new_saver
from graphsurgeon.tensor import Tensor
from graphsurgeon.unfreeze_note import COLLECTION, UnfreezeNote
from graphsurgeon.value_flow import Value, ValueFlow
from graphsurgeon.variables import REF_OPS, Variable, existing_variables
from proto_utils import schema
from proto_utils.errors import NotFoundError

_EMA = "ExponentialMovingAverage"
_VARIABLE_COLLECTIONS = (
    "variables", "trainable_variables", "local_variables", "model_variables", "moving_average_variables", "global_step",
)  # fmt: skip


@dataclass(frozen=True)
class FrozenRow:
    """A variable that became a constant; `name` is its key in the checkpoint."""

    name: str
    node: str
    dtype: str
    shape: list[int]
    nbytes: int


@dataclass(frozen=True)
class FreezeReport:
    """What `freeze` did.

    Attributes
    ----------
    constants : list of FrozenRow
        In graph order.
    variables : list of str
        The variables that stayed.
    removed : int
        How many nodes the outputs did not need.
    cut : list of str
        Ops that changed a frozen variable, ``function/node`` in a function body.
    notes : list of str
    """

    constants: list[FrozenRow]
    variables: list[str]
    removed: int
    cut: list[str]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {**vars(self), "constants": [vars(row) for row in self.constants]}


@model_pass
def freeze(
    model: Model,
    *,
    outputs: tuple[str, ...],
    keep: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    ema: bool = False,
    initializers: tuple[str, ...] = (),
    clear_devices: bool = False,
) -> FreezeReport:
    """Turn the variables of a graph into constants.

    Parameters
    ----------
    model : Model
        Edited in place; the values stay where they are.
    outputs : tuple of str
        Nodes to keep, with all they need: ``prob`` or ``prob:0``.
    keep : tuple of str
        Names or patterns of variables that stay variables.
    only : tuple of str
        Names or patterns of the only variables to freeze.
    ema : bool
        Take the exponential moving average of a variable where the checkpoint has one.
    initializers : tuple of str
        Initializer ops to evaluate first; what they assign replaces the checkpoint's values.
    clear_devices : bool
        Drop the devices of all nodes, in function bodies too.

    Returns
    -------
    FreezeReport

    Raises
    ------
    NotFoundError
        An output, or the value of a variable, does not exist.
    PassError
        Something needs a variable as a variable; the node is named.
    """
    index = Index(model.graph)
    roots = [_resolve(index, name) for name in outputs]
    if not roots:
        raise PassError("freeze", "no outputs were named", hint="name the nodes to keep: --outputs prob")
    count = len(model.graph)
    frozen, kept = _choose(model, index, roots, keep, only)
    values = _values(model, index, frozen, initializers, ema=ema)
    _restrict(model, [*roots, *_parts(index, kept)])
    note = UnfreezeNote.read(model.meta)
    flow = ValueFlow(model, "freeze")
    for node in frozen:
        name, tensor = node.name, values[node.name][1]
        value = Value(tensor.dtype, tensor.shape, name, name in note.constants)
        flow.main.edited[name] = _constant(node, tensor, value)
        flow.follow(flow.main, name, value, is_ref=node.op in REF_OPS)
    flow.finish()
    _undo_unfreeze(model, note)
    if not note.constants:
        # TensorFlow's result has a library, if an empty one.
        model.library.is_set = True
    if flow.cut or note.constants:
        _restrict(model, [*roots, *_parts(Index(model.graph), kept)])
    notes = _finish_model(model, index, kept, clear_devices=clear_devices)
    rows = [FrozenRow(values[n.name][0], n.name, *_facts(values[n.name][1])) for n in frozen]
    if ema:
        notes.append(_ema_coverage(rows))
    return FreezeReport(rows, [node.name for node in kept], count - len(model.graph), flow.cut, notes)


def _resolve(index: Index, name: str) -> str:
    node = node_of(name)
    if node not in index.producers:
        raise NotFoundError("node", node, near_names(node, index.producers))
    return node


def _choose(
    model: Model, index: Index, roots: Sequence[str], keep: Sequence[str], only: Sequence[str]
) -> tuple[list[Node], list[Node]]:
    """Divide the variables that the outputs need into those to freeze and those to keep."""
    needed = ancestors(index.producers, roots)
    everything = list(variable_nodes(model.graph))
    for pattern in (*keep, *only):
        if not any(matches_any((pattern,), node.name) for node in everything):
            raise NotFoundError("variable", pattern, near_names(pattern, (node.name for node in everything)))
    variables = [node for node in everything if node.name in needed]
    kept = [n for n in variables if matches_any(keep, n.name) or (only and not matches_any(only, n.name))]
    names = {node.name for node in kept}
    return [node for node in variables if node.name not in names], kept


def _values(
    model: Model, index: Index, frozen: Sequence[Node], initializers: Sequence[str], *, ema: bool
) -> dict[str, tuple[str, Tensor]]:
    """Return the checkpoint key and the value of each variable."""
    stored, assigned = VariableValues(model, index), initial_values(index, initializers, "freeze")
    values = {}
    for node in frozen:
        name = node.name
        key, value = (name, assigned[name]) if name in assigned else stored[node]
        if ema and f"{key}/{_EMA}" in model.variables:
            key = f"{key}/{_EMA}"
            value = model.variables[key]
        dtype = node.attrs["dtype"].base
        if value.dtype is not dtype:
            reason = f"the checkpoint has {value.dtype.name} under {key!r}, the variable is {dtype.name}"
            raise PassError("freeze", reason, node=name)
        dims = node.attrs["shape"].dims
        if dims is not None and not _fits(value.shape, dims):
            reason = f"the checkpoint has shape {list(value.shape)} under {key!r}, the variable {list(dims)}"
            raise PassError("freeze", reason, node=name)
        values[name] = (key, value)
    return values


def _fits(shape: Sequence[int], dims: Sequence[int | None]) -> bool:
    return len(shape) == len(dims) and all(b is None or a == b for a, b in zip(shape, dims, strict=True))


def _parts(index: Index, kept: Sequence[Node]) -> list[str]:
    """Return the nodes that make a kept variable work: its initializer and its read."""
    names = {node.name for node in kept}
    found = [v for v in _existing(index) if v.node in names]
    return [node_of(part) for v in found for part in (v.node, v.initializer, v.snapshot) if part]


def _existing(index: Index) -> Iterable[Variable]:
    return existing_variables(Graph(index.producers.values()), index)


def _restrict(model: Model, roots: Iterable[str]) -> None:
    """Keep the nodes that `roots` need; as TensorFlow does, colocation counts as a need."""
    producers = Index(model.graph).producers
    colocated = {name: near for name, node in producers.items() if (near := colocated_with(node))}
    needed = ancestors(producers, roots, colocated)
    nodes = []
    for node in model.graph:
        if node.name in needed:
            gone = [name for name in colocated.get(node.name, ()) if name not in needed]
            nodes.append(_colocated_less(node, gone) if gone else node)
    model.graph.set_nodes(nodes)


def _colocated_less(node: Node, gone: Sequence[str]) -> Node:
    copy = node.copy()
    drop_colocation(copy, gone)
    return copy


def _constant(node: Node, tensor: Tensor, value: Value) -> Node:
    """Make the Const that takes a variable's place.

    TensorFlow drops device and attrs; what `unfreeze` had carried over goes back.
    """
    attrs: dict[str, Any] = {"dtype": tensor.dtype, "value": tensor}
    if value.is_thawed:
        attrs |= {key: node.attrs[key] for key in node.attrs if key[:1] == "_" and key != "_class"}
        if node.op in REF_OPS and "_class" in node.attrs:
            attrs["_class"] = node.attrs["_class"]
    return Node.new(node.name, "Const", device=node.device if value.is_thawed else "", attrs=attrs)


def _undo_unfreeze(model: Model, note: UnfreezeNote) -> None:
    """Let readers read the constants themselves again, and give back dropped attrs."""
    if not note.constants and not note.gradient_op_type:
        return
    aliases = {}
    for name, constant in note.constants.items():
        if constant.read:
            aliases[constant.read] = name
        aliases.update(dict.fromkeys(constant.anchors, name))
    rewired = {(reader, at): name for name, c in note.constants.items() for reader, at in c.rewired}
    nodes = []
    for node in model.graph:
        inputs = tuple(_undone(node, at, text, aliases, rewired) for at, text in enumerate(node.inputs))
        if node.op == "Const" and node.name in note.constants:
            inputs = tuple(note.constants[node.name].controls)
        nodes.append(node if inputs == node.inputs else _with_inputs(node, inputs))
    model.graph.set_nodes(nodes)
    _restore_gradients(model, note.gradient_op_type)


def _with_inputs(node: Node, inputs: Sequence[str]) -> Node:
    copy = node.copy()
    copy.inputs = inputs
    return copy


def _undone(
    node: Node, position: int, text: str, aliases: dict[str, str], rewired: dict[tuple[str, int], str]
) -> str:
    # An input stays written as it is: ``a``, ``a:0`` or ``^a``.
    caret = "^" if text[:1] == "^" else ""
    name, colon, port = text[len(caret) :].partition(":")
    return f"{caret}{rewired.get((node.name, position)) or aliases.get(name, name)}{colon}{port}"


def _restore_gradients(model: Model, dropped: dict[str, str]) -> None:
    if not dropped:
        return
    for function, graph in model.graphs():
        prefix = "" if function is None else f"{function}/"
        nodes = list(graph)
        for position, node in enumerate(nodes):
            if f"{prefix}{node.name}" in dropped:
                nodes[position] = node.copy()
                nodes[position].attrs["_gradient_op_type"] = dropped[f"{prefix}{node.name}"]
        graph.set_nodes(nodes)


def _finish_model(model: Model, index: Index, kept: Sequence[Node], *, clear_devices: bool) -> list[str]:
    """Bring library, devices, collections, saver and variables in step with the nodes."""
    notes = []
    converted = [name for name in model.library.functions if name.endswith("_frozen")]
    if converted:
        trim_library(model.library, called_functions(model.graph, model.library))
    if clear_devices:
        for _, graph in model.graphs():
            graph.set_nodes([_without_device(node) for node in graph])
    if not kept:
        if model.meta is not None and model.meta.signature_def:
            notes.append(f"a GraphDef has no signatures: dropped {', '.join(sorted(model.meta.signature_def))}")
        model.meta, model.variables = None, {}
        return notes
    return notes + _keep_variables(model, index, {node.name for node in kept})


def _without_device(node: Node) -> Node:
    if not node.device:
        return node
    copy = node.copy()
    copy.device = ""
    return copy


def _keep_variables(model: Model, index: Index, names: set[str]) -> list[str]:
    """Give the variables that stay a saver, and take the others out of the collections."""
    values = VariableValues(model, index)
    saved, tensors = [], {}
    for variable in existing_variables(model.graph, Index(model.graph)):
        node = index.producers[variable.node]
        place = values.place(node)
        if place is not None:
            key = place.key if place.extents is None else node.name
            saved.append(SavedVariable(key, variable))
            tensors[key] = values[node][1]
    model.variables = tensors
    saver = new_saver(model.graph, saved)
    for node in saver.nodes:
        model.graph.append(node)
    if model.meta is None:
        model.meta = schema.MetaGraphDef()
    model.meta.saver_def.CopyFrom(saver.saver_def)
    for name in set(model.meta.collection_def) & set(_VARIABLE_COLLECTIONS):
        listed = model.meta.collection_def[name].bytes_list
        left = [v for v in listed.value if node_of(schema.parse(schema.VariableDef, v).variable_name) in names]
        listed.value[:] = left
        if not left:
            del model.meta.collection_def[name]
    if COLLECTION in model.meta.collection_def:
        del model.meta.collection_def[COLLECTION]
    return []


def _facts(value: Tensor) -> tuple[str, list[int], int]:
    return value.dtype.name, list(value.shape), value.nbytes


def _ema_coverage(rows: Sequence[FrozenRow]) -> str:
    plain = [row.node for row in rows if not row.name.endswith(f"/{_EMA}")]
    text = f"moving averages taken for {len(rows) - len(plain)} of {len(rows)} variables"
    return text if not plain else f"{text}; not for {', '.join(plain[:5])}{' ...' if len(plain) > 5 else ''}"
