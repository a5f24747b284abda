"""Variables of a graph, exchanged for constants: the surgery of `freeze`, without what surrounds the graph.

The result is the one of TensorFlow's `convert_variables_to_constants`, node for node and
in its order, wherever that has a sound one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.colocation import colocations, drop_colocation
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import variable_dtype, variable_shape
from graphsurgeon.ir.op_families import REF_OPS
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.dependencies import InitOps
from graphsurgeon.rewrites.freezing.undo_unfreeze import undo_contexts, undo_unfreeze
from graphsurgeon.rewrites.freezing.value_flow import ValueFlow
from graphsurgeon.rewrites.freezing.value_reads import Value
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.tensor_proto import encode
from graphsurgeon.variables.checkpoint_keys import variable_nodes
from graphsurgeon.variables.unfreeze_note import UnfreezeNote
from proto_utils import schema

# Longer values stream, and so are written raw.
_MAX_TYPED_NBYTES = 1 << 16

_NO_COMPANIONS: Mapping[str, Sequence[str]] = {}


def to_constants(
    model: Model,
    roots: Sequence[str],
    values: Mapping[str, Tensor],
    *,
    operation: str,
    also: Mapping[str, Sequence[str]] = _NO_COMPANIONS,
    init: InitOps | None = None,
    hint: Callable[[Node], str] | None = None,
) -> list[str]:
    """Keep what the roots need, and exchange variables for constants.

    `also` has what nodes need besides their inputs and what they are colocated with; `init` are ops that set
    everything up, which are cut down to what is left. `operation` is the pass, for errors, and `hint` says what to do
    about a node that needs a variable.
    Returns the ops that changed a variable and are gone, ``function/node`` in a function body. What needs a
    variable as a variable is a PassError that names the node.
    """
    note = UnfreezeNote.read(model.meta)
    thawed = note.constants.keys() & values.keys()
    is_bypassed = undo_contexts(model.graph, note)
    near = colocations(model.graph)
    set_up = _restrict(model, roots, near, also, init)
    flow = ValueFlow(model, operation, hint, follows_values=True)
    for node in model.graph:
        if node.name not in values:
            continue
        tensor = values[node.name]
        value = Value(tensor.dtype, tensor.shape, node.name, node.name in thawed)
        before = note.constants.get(node.name)
        num_typed = 0 if before is None else before.num_typed
        flow.main.replace(node.name, [constant_node(node, tensor, is_thawed=value.is_thawed, num_typed=num_typed)])
        flow.follow(flow.main, node.name, value, is_ref=node.op in REF_OPS)
    cut = flow.finish([*roots, *set_up])
    undo_unfreeze(model, note, thawed)
    flow.functions.replace_originals(model.graph)
    if cut or thawed or is_bypassed:
        left = colocations(each for name in near if (each := model.graph.get(name)) is not None)
        _restrict(model, roots, left, also, init)
    return cut


def needed_variables(model: Model, index: Index, roots: Sequence[str]) -> list[Node]:
    """Return the variables that nodes need, as `to_constants` sees need, in the order of the graph."""
    needed = ancestors(index.producers, roots, colocations(index.producers.values()))
    return [node for node in variable_nodes(model.graph) if node.name in needed]


def check_value(variable: Node, key: str, value: Tensor, operation: str) -> None:
    """Require that a value, found under `key`, has the dtype and shape of the variable; its bytes are not read."""
    dtype, shape = variable_dtype(variable), variable_shape(variable)
    dims = None if shape is None else shape.dims
    if value.dtype is not dtype:
        wanted = "of no type" if dtype is None else dtype.name
        reason = f"the checkpoint has {value.dtype.name} under {key!r}, the variable is {wanted}"
        raise PassError(operation, reason, node=variable.name)
    # To the oldest op, a scalar's shape meant an unknown one.
    if dims is None or (variable.op == "Variable" and dims == ()):
        return
    if len(value.shape) != len(dims) or any(b not in (None, a) for a, b in zip(value.shape, dims, strict=True)):
        reason = f"the checkpoint has shape {list(value.shape)} under {key!r}, the variable {list(dims)}"
        raise PassError(operation, reason, node=variable.name)


def constant_node(node: Node, value: Tensor, *, is_thawed: bool = False, num_typed: int = 0) -> Node:
    """Make the Const that takes a variable's place.

    TensorFlow drops device and attrs; what `unfreeze` had carried over goes back.

    `is_thawed` says that it was a constant before, `num_typed` how many values it had in a typed list then; short
    values are read for that.
    """
    attrs: dict[str, Any] = {"dtype": value.dtype, "value": value}
    if num_typed and value.nbytes <= _MAX_TYPED_NBYTES:
        attrs["value"] = schema.AttrValue(tensor=encode(value, num_typed=num_typed))
    if is_thawed:
        # Who exports a graph notes the shapes of outputs, of a handle that of the handle.
        of_handles = () if node.op in REF_OPS else ("_class", "_output_shapes")
        attrs |= {key: node.attrs[key] for key in node.attrs if key[:1] == "_" and key not in of_handles}
    return Node.new(node.name, "Const", device=node.device if is_thawed else "", attrs=attrs)


def _restrict(
    model: Model,
    roots: Sequence[str],
    colocated: Mapping[str, Sequence[str]],
    also: Mapping[str, Sequence[str]],
    init: InitOps | None,
) -> list[str]:
    """Keep the nodes that `roots` need; as TensorFlow does, colocation counts as a need.

    Returns what stays beside that: it sets up what is there.
    """
    producers = {node.name: node for node in model.graph}
    needs = colocated if not also else {**colocated, **{k: [*v, *colocated.get(k, ())] for k, v in also.items()}}
    needed = ancestors(producers, roots, needs)
    cut = init.cut(needed) if init is not None else {}
    needed.update(cut)
    edit = GraphEdit(model.graph)
    edit.keep(needed)
    for name, inputs in cut.items():
        if name in producers and inputs != producers[name].inputs:
            edit.set_inputs(producers[name], inputs)
    for name, near in colocated.items():
        gone = [each for each in near if each not in needed]
        if gone and name in needed:
            drop_colocation(edit.edit(producers[name]), gone)
    edit.apply()
    return [*cut, *(each for name in needed for each in also.get(name, ()))]
