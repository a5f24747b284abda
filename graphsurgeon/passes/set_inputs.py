"""Give inputs fixed values: conditions on them are decided, and dropout that keeps everything goes.

For: serving a graph that still asks whether it is being trained: ``is_training``, ``phase_train``,
``keras_learning_phase``, ``keep_prob``, ``rate``; any input that is the same in every run.

Prerequisites: a well-formed graph. An input is a Placeholder or PlaceholderWithDefault; its value has its dtype and
shape.

Leaves behind: a graph that computes to the last bit what the old one does when it is fed those values. Each input is a
Const of the same name, so that it can be fed all the same. Where a predicate is known now, also through LogicalNot,
LogicalAnd, comparisons and the like, a Switch passes its data on, a Merge is an Identity of the input that is left, a
Select by a scalar one of what it takes, and an If or Case a call of the function that it takes. What is dead goes, and
so does what only dead nodes needed, but for variables, other state, and what signatures, collections and `outputs`
name. Dropout that keeps everything is an Identity.

What else it meets: function bodies are treated alike where all calls pass the same value; else such calls get a copy of
the function. Loops stay loops; a condition within one is decided when its predicate enters from outside. Contexts of
conditions that are decided go, those inside of them stay. Control inputs are kept where they tell a frame or a branch
that is left. Signatures lose the inputs, and go when a result is dead; what no one refers to any more is in the report.
A TensorFlow 2 object graph goes when functions that it exports are other ones now; where only its objects restore the
variables, as in what Keras 3 saves, it stays with its functions as they were, and a note says so. Devices stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, variable_dtype
from graphsurgeon.meta_graph.arguments import find_outputs
from graphsurgeon.meta_graph.contexts import CONTEXTS
from graphsurgeon.names import Names, split_names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.editing.fed_values import fed_value, find_inputs
from graphsurgeon.rewrites.serving.object_functions import kept_exports
from graphsurgeon.rewrites.simplifying.protected import named_around
from graphsurgeon.rewrites.specializing.models import specialize
from graphsurgeon.rewrites.specializing.surroundings import update_surroundings
from graphsurgeon.tensors.tensor import Tensor

#: From this producer on, a Placeholder's shape without dimensions is a scalar's.
_SCALAR_SHAPES = 22


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
class SetInputsReport(Displayed):
    """What `set_inputs` did.

    Attributes
    ----------
    inputs : list of SetInput
    changed : list of ChangedNode
        Conditionals and Selects that are decided, and dropouts.
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


@model_pass()
def set_inputs(
    model: Model,
    *,
    set: Names | Mapping[str, Any],  # noqa: A002 -- what users type: --set, and set= here
    outputs: Names = (),
) -> SetInputsReport:
    """Give inputs fixed values: conditions on them are decided, and dropout that keeps everything goes.

    Parameters
    ----------
    model : Model
        Edited in place; no value of a weight is read.
    set : str or sequence of str, or mapping of str to value
        NAME=VALUE, of a placeholder or an input of a signature: is_training=false, keep_prob=1, 'sizes=[1, 2]'. (A
        mapping holds numbers, texts and arrays.)
    outputs : str or sequence of str
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
    kept = {*wanted, *named_around(model.meta, without=CONTEXTS)}
    exported = kept_exports(model)
    how: dict[str, Any] = {"evaluate": _evaluated, "operation": "set_inputs", "exported": exported}
    done = specialize(model, values, constants, kept, **how)
    for name in wanted:
        if name not in model.graph:
            raise PassError("set_inputs", "is not computed with these values", node=name)
    contexts, gone, notes = update_surroundings(model, done, nodes, has_objects=bool(exported))
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
        done.functions, contexts, [GoneReference(*each) for each in gone], notes,
    )  # fmt: skip


def _evaluated(node: Node, operands: Any) -> list[Tensor]:
    # Imported here: most predicates are flags that are only handed on.
    from graphsurgeon.evaluator import evaluate

    # Flags and sizes are followed, and nothing large is made on the way.
    return evaluate(node, operands, operation="set_inputs", max_growth=1 << 16)


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


def _wanted(model: Model, outputs: Names) -> list[str]:
    producers = {node.name: node for node in model.graph} if outputs else {}
    return [node.name for node in find_outputs(model, producers, split_names(outputs), "set_inputs")]
