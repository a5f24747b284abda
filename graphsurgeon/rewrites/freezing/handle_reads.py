"""Readers of a variable's handle, after freezing took them for readers of its value.

TensorFlow 1.15 makes an Identity of every ReadVariableOp of a graph, also of those of variables that it was told to
leave (``variable_names_blacklist``), and then refuses the result::

    Identity(handle) {T}                         ReadVariableOp(handle) {dtype}
    GatherV2(handle, indices, x/axis) {Tparams}  ResourceGather(handle, indices) {dtype}
    GatherNd(handle, indices) {Tparams}          ResourceGatherNd(handle, indices) {dtype}

It also drops the control inputs of those reads. Where an op of the graph changes the variable, nothing tells any more
which reads waited for it: such a graph stays as it is, and is refused.
"""

from __future__ import annotations

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import RESOURCE_OPS
from graphsurgeon.rewrites.freezing.held import assignments, is_initial, restores
from graphsurgeon.tensors.dtypes import RESOURCE


def read_again(edit: GraphEdit, reader: Node, position: int) -> bool:
    """Let a reader take a handle where it took the value; False, and nothing is done, when freezing made no such op."""
    if position or reader.attrs.get("T", reader.attrs.get("Tparams")) is RESOURCE:
        return False
    if reader.op == "Identity":
        now = edit.edit(reader)
        now.op, now.attrs["dtype"] = "ReadVariableOp", now.attrs.pop("T")
    elif reader.op == "GatherV2" and reader.inputs[2] == f"{reader.name}/axis":
        edit.remove(reader.inputs[2])
        edit.set_inputs(reader, [*reader.inputs[:2], *reader.control_inputs])
        now = edit.edit(reader)
        now.op = "ResourceGather"
        now.attrs["dtype"], now.attrs["validate_indices"] = now.attrs.pop("Tparams"), True
        now.attrs.pop("Taxis")
    elif reader.op == "GatherNd":
        now = edit.edit(reader)
        now.op, now.attrs["dtype"] = "ResourceGatherNd", now.attrs.pop("Tparams")
    else:
        return False
    return True


def read_handles_again(model: Model) -> list[Node]:
    """Let readers of handles that nothing in the graph changes read them again; return what they were."""
    handles = model.graph.nodes_of(RESOURCE_OPS)
    if not handles:
        return []
    index, edit = Index(model.graph), GraphEdit(model.graph)
    found = []
    for handle in handles:
        if not _is_changed(handle, index):
            found += [node for node, at in index.consumers(handle.name) if read_again(edit, node, at)]
    edit.apply()
    return found


def _is_changed(handle: Node, index: Index) -> bool:
    """Whether the graph changes a variable, past setting it up and restoring it."""
    if any(
        reader.op.startswith("Resource") and "Gather" not in reader.op for reader, _ in index.consumers(handle.name)
    ):
        return True
    return any(not (is_initial(one, index) or restores(one, index)) for one in assignments(handle, index))
