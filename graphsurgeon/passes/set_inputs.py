"""Give inputs fixed values: conditions on them are decided, and dropout that keeps everything goes.

For: serving a graph that still asks whether it is being trained: ``is_training``, ``phase_train``,
``keras_learning_phase``, ``keep_prob``, ``rate``; any input that is the same in every run.

Prerequisites: a well-formed graph. An input is a Placeholder or PlaceholderWithDefault; its value has its dtype and
shape.

Leaves behind: a graph that computes to the last bit what the old one does when it is fed those values. Each input is a
Const of the same name, so that it can be fed all the same. Where a predicate is known now, also through LogicalNot,
LogicalAnd, comparisons and the like, a Switch passes its data on, a Merge is an Identity of the input that is left, and
an If or Case a call of the function that it takes. What is dead goes, and so does what only dead nodes needed, but for
variables, other state, and what signatures, collections and `outputs` name. Dropout that keeps everything is an
Identity.

What else it meets: function bodies are treated alike where all calls pass the same value; else such calls get a copy of
the function. Loops stay loops; a condition within one is decided when its predicate enters from outside. Contexts of
conditions that are decided go, those inside of them stay. Control inputs are kept where they tell a frame or a branch
that is left. Signatures lose the inputs, and go when a result is dead; what no one refers to any more is in the report.
A TensorFlow 2 object graph goes when functions that it exports are other ones now; where only its objects restore the
variables, as in what Keras 3 saves, it stays with its functions as they were, and a note says so. Devices stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, variable_dtype
from graphsurgeon.meta_graph.arguments import find_outputs
from graphsurgeon.meta_graph.contexts import CONTEXTS, dissolve_contexts
from graphsurgeon.meta_graph.references import references, retarget_tensors, tensor_names
from graphsurgeon.names import node_of, split_names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.editing.fed_values import fed_value, find_inputs
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.rewrites.serving.object_functions import drop_objects, kept_exports
from graphsurgeon.rewrites.specializing.models import Specialized, specialize
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema

#: From this producer on, a Placeholder's shape without dimensions is a scalar's.
_SCALAR_SHAPES = 24


@dataclass(frozen=True)
class SetInput:
    """An input that is a constant now."""

    node: str
    op: str
    dtype: str
    shape: list[int]


@dataclass(frozen=True)
class ChangedNode:
    """A conditional or dropout, and what it is now; of a function's body with the function before it."""

    node: str
    op: str
    became: str


@dataclass(frozen=True)
class GoneNode:
    """A node that went."""

    node: str
    op: str


@dataclass(frozen=True)
class GoneReference:
    """An entry around the graph that went, or `part` of it."""

    where: str
    name: str
    part: str


@dataclass(frozen=True)
class SetInputsReport:
    """What `set_inputs` did.

    Attributes
    ----------
    inputs : list of SetInput
    changed : list of ChangedNode
        Conditionals that are decided, and dropouts.
    removed : list of GoneNode
    functions : list of str
        The functions that nothing calls any more.
    contexts : int
        How many contexts of conditions went.
    references : list of GoneReference
        Entries of signatures and collections that went.
    notes : list of str
    """

    inputs: list[SetInput]
    changed: list[ChangedNode]
    removed: list[GoneNode]
    functions: list[str]
    contexts: int
    references: list[GoneReference]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        tables = ("inputs", "changed", "removed", "references")
        return {**vars(self), **{name: [vars(row) for row in getattr(self, name)] for name in tables}}


@model_pass()
def set_inputs(
    model: Model,
    *,
    set: tuple[str, ...] | Mapping[str, Any],  # noqa: A002 -- what users type: --set, and set= here
    outputs: tuple[str, ...] = (),
) -> SetInputsReport:
    """Give inputs fixed values: conditions on them are decided, and dropout that keeps everything goes.

    Parameters
    ----------
    model : Model
        Edited in place; no value of a weight is read.
    set : tuple of str, or mapping of str to value
        NAME=VALUE, of a placeholder or an input of a signature: is_training=false, keep_prob=1, 'sizes=[1, 2]'. (A
        mapping holds numbers, texts and arrays.)
    outputs : tuple of str
        Nodes that stay, though only what goes has needed them.

    Raises
    ------
    NotFoundError
        There is no such node; near names are in the error.
    PassError
        A node is no input, a value is not of its dtype or shape, an output is dead with these values.
    """
    nodes = find_inputs(model, set, "set_inputs")
    if not nodes:
        raise PassError("set_inputs", "no inputs are named", hint='give `set="is_training=false"`', is_usage=True)
    values = {name: _value(model, node, given) for name, (node, given) in nodes.items()}
    wanted = _wanted(model, outputs)
    constants = {name: _constant(node, values[name]) for name, (node, _) in nodes.items()}
    kept = {*wanted, *_named(model.meta)}
    exported = kept_exports(model)
    how: dict[str, Any] = {"evaluate": _evaluated, "operation": "set_inputs", "exported": exported}
    done = specialize(model, values, constants, kept, **how)
    for name in wanted:
        if name not in model.graph:
            raise PassError("set_inputs", "is not computed with these values", node=name)
    contexts, references_gone, notes = _update_surroundings(model, done, nodes, has_objects=bool(exported))
    if exported:
        notes.append(
            "the objects of TensorFlow 2 stay as they were, because only they restore all variables: the functions "
            "that tf.saved_model.load makes still take what was set"
        )
    set_now = [(node, values[name]) for name, (node, _) in nodes.items()]
    return SetInputsReport(
        [SetInput(node.name, node.op, value.dtype.name, list(value.shape)) for node, value in set_now],
        [ChangedNode(*each) for each in done.changes],
        [GoneNode(each.node, each.op) for each in done.removed],
        done.functions, contexts, references_gone, notes,
    )  # fmt: skip


def _evaluated(node: Node, operands: Any) -> list[Tensor]:
    # Imported here: most predicates are flags that are only handed on.
    from graphsurgeon.evaluator import evaluate

    return evaluate(node, operands, operation="set_inputs")


def _value(model: Model, node: Node, given: Any) -> Tensor:
    dtype, shape = variable_dtype(node), attr_of(node, "shape")
    if dtype is None:
        raise PassError("set_inputs", "does not say its dtype", node=node.name)
    if not isinstance(shape, Shape) or (shape.dims == () and model.rest.versions.producer < _SCALAR_SHAPES):
        shape = None
    return fed_value(given, dtype, shape, node.name, "set_inputs")


def _constant(node: Node, value: Tensor) -> Node:
    attrs = {key: node.attrs[key] for key in node.attrs if key.startswith("_")}
    if "_output_shapes" in attrs:
        attrs["_output_shapes"] = [Shape(value.shape)]
    attrs |= {"dtype": value.dtype, "value": value}
    return Node.new(node.name, "Const", node.control_inputs, device=node.device, attrs=attrs)


def _wanted(model: Model, outputs: tuple[str, ...]) -> list[str]:
    producers = {node.name: node for node in model.graph} if outputs else {}
    return [node.name for node in find_outputs(model, producers, split_names(outputs), "set_inputs")]


def _named(meta: schema.MetaGraphDef | None) -> Iterator[str]:
    """Yield the nodes that are named around the graph, but for those of contexts."""
    contexts = {f"collection {key}" for key in CONTEXTS}
    for each in references(meta) if meta is not None else ():
        if each.kind == "tensor" and each.entry.where not in contexts:
            yield node_of(each.name)


def _update_surroundings(
    model: Model, done: Specialized, inputs: Mapping[str, Any], *, has_objects: bool
) -> tuple[int, list[GoneReference], list[str]]:
    """Bring what surrounds the graph in step; return how many contexts went, what else did, and notes."""
    if model.meta is None:
        return 0, [], []
    gone = list(_drop_arguments(model.meta, inputs))
    contexts = dissolve_contexts(model.meta, done.pivots, done.moved)
    notes = retarget_tensors(model.meta, done.moved)
    if done.has_other_functions and not has_objects and drop_objects(model):
        gone.append(GoneReference("object graph", "", ""))
    there = {node.name for node in model.graph}
    gone += [GoneReference(*each) for each in update_meta_graph(model, Removal(there, saver="kept"))]
    return contexts, gone, notes


def _drop_arguments(meta: schema.MetaGraphDef, inputs: Mapping[str, Any]) -> Iterator[GoneReference]:
    """Take constants out of the inputs of signatures."""
    for key in sorted(meta.signature_def):
        arguments = meta.signature_def[key].inputs
        for name in sorted(arguments):
            if {node_of(each) for each in tensor_names(arguments[name]) if each} & inputs.keys():
                del arguments[name]
                yield GoneReference("signature", key, f"input {name}")
