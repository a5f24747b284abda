"""The values of a frozen graph: its constants by name, and others in their place.

A constant of another dtype keeps its consumers: under its name stands a Cast to the dtype that they read, and in front
of it a constant of the new dtype, which takes the room of that::

    w: Const float32            w/float16: Const float16
                                w: Cast(w/float16) float32
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.names import some_of
from graphsurgeon.tensors.tensor import Tensor

_MAX_LISTED = 10


def is_frozen(model: Model) -> bool:
    """Return whether a model has a graph, and no variables in it."""
    return len(model.graph) > 0 and (REF_OPS | RESOURCE_OPS).isdisjoint(model.graph.ops)


def constants_of(model: Model) -> dict[str, Tensor]:
    """Return the constants of a graph by name; no value is read."""
    return {node.name: node.tensor for node in model.graph.nodes_of(("Const",)) if "value" in node.attrs}


def values_of(model: Model) -> Mapping[str, Tensor]:
    """Return the values of variables, or of a frozen graph those of its constants."""
    return constants_of(model) if is_frozen(model) else model.variables


def replace_constants(model: Model, before: Mapping[str, Tensor], after: Mapping[str, Tensor], operation: str) -> None:
    """Put other values in the place of constants; `before` is what `constants_of` gave.

    PassError when constants come or go, or a shape is another: that is for edits of graphs. The graph is as it was.
    """
    problems = list(_problems(before, after))
    if problems:
        hint = "rename, prune and set_inputs edit graphs; unfreeze makes a checkpoint of the weights, for all edits"
        raise PassError(operation, some_of(problems, _MAX_LISTED, "; "), hint=hint, listed=problems)
    edit = GraphEdit(model.graph)
    for name, tensor in after.items():
        if tensor is not before[name]:
            _replace(edit, model.graph[name], tensor)
    edit.apply()


def _problems(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> Iterator[str]:
    yield from (f"{name}: a constant of a graph stays" for name in before if name not in after)
    for name, tensor in after.items():
        if name not in before:
            yield f"{name}: no constant of the graph"
        elif tensor.shape != before[name].shape:
            yield f"{name}: is {list(before[name].shape)} in the graph, and would be {list(tensor.shape)}"


def _replace(edit: GraphEdit, node: Node, tensor: Tensor) -> None:
    dtype = node.attrs["dtype"]
    if tensor.dtype is dtype:
        edit.edit(node).attrs["value"] = tensor
        return
    name = f"{node.name}/{tensor.dtype.name}"
    while edit.get(name) is not None:
        name += "_1"
    attrs = {"dtype": tensor.dtype, "value": tensor}
    made = Node.new(name, "Const", node.inputs, device=node.device, attrs=attrs)
    cast = Node.new(
        node.name, "Cast", [name], device=node.device, attrs={"SrcT": tensor.dtype, "DstT": dtype, "Truncate": False}
    )
    for key in node.attrs:
        if key.startswith("_"):
            cast.attrs[key] = node.attrs[key]
    edit.replace(node.name, [cast, made])
