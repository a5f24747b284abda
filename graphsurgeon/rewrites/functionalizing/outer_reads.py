"""Reads of resource variables in loops and branches, taken outside: values enter in the place of handles.

::

    w' = Enter(w) is_constant            read = ReadVariableOp(w)
    r = ReadVariableOp(w')         ->    w' = Enter(read) is_constant
    g = ResourceGather(w', i)            r = Identity(w')       g = Gather(w', i)

TensorFlow 2.21 differentiates a handle that a function was given less well than a value: in a SavedModel that is
loaded again, the gradient of one in a loop of a loop is zero, and one that only one of two branches needs raises.
Nobody writes the variable where it is read, so its value is the same before. A handle that is used otherwise enters as
it is.
"""

from __future__ import annotations

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import RESOURCE_OPS
from graphsurgeon.names import node_of_input
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.variables.layout import new_read

_INWARD = frozenset({"Enter", "Switch"})
_READ, _GATHER = "ReadVariableOp", "ResourceGather"


def read_outside(graph: Graph) -> list[str]:
    """Let values enter loops and branches where only reads need them; return the variables whose handles still do."""
    if _INWARD.isdisjoint(graph.ops) or RESOURCE_OPS.isdisjoint(graph.ops):
        return []
    edit, taken, left = GraphEdit(graph), {node.name for node in graph}, []
    for variable in graph.nodes_of(RESOURCE_OPS):
        ways, uses = _followed(graph, variable)
        if not ways:
            continue
        dtype = variable.attrs.get("dtype")
        if not isinstance(dtype, DType) or not all(_is_read(node) for node in uses):
            left.append(variable.name)
            continue
        read = new_read(variable.name, "resource", dtype, taken, device=variable.device)
        edit.add(read, behind=variable.name)
        for node in ways:
            own = edit.edit(node)
            own.attrs["T"] = dtype
            own.attrs.pop("_output_shapes", None)  # a handle's
            if node_of_input(node.inputs[0]) == variable.name:
                edit.set_input(node, 0, read.name)
        for node in uses:
            edit.replace(node.name, [_of_value(node, dtype)])
    edit.apply()
    return left


def _followed(graph: Graph, variable: Node) -> tuple[list[Node], list[Node]]:
    """Return what leads a handle into loops and branches, and what uses it there."""
    ways: dict[str, Node] = {}
    uses: list[Node] = []
    pending = [variable.name]
    while pending:
        for node, position in graph.index.tensor_consumers(pending.pop()):
            is_way = position == 0 and (node.op in _INWARD or (node.op == "Identity" and bool(ways)))
            if is_way and node.name not in ways:
                ways[node.name] = node
                pending += [node.name, f"{node.name}:1"] if node.op == "Switch" else [node.name]
            elif not is_way and node_of_input(node.inputs[position]) in ways:
                uses.append(node)
    return list(ways.values()), uses


def _is_read(node: Node) -> bool:
    return node.op == _READ or (node.op == _GATHER and not node.attrs.get("batch_dims"))


def _of_value(node: Node, dtype: DType) -> Node:
    """Return what does the same with a value."""
    if node.op == _READ:
        return Node.new(node.name, "Identity", node.inputs, device=node.device, attrs={"T": dtype})
    attrs = {"Tparams": dtype, "Tindices": node.attrs["Tindices"], "validate_indices": True}
    return Node.new(node.name, "Gather", node.inputs, device=node.device, attrs=attrs)
