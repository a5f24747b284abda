"""The paths of a SavedModel's assets, from which tables read their vocabularies, in a graph without variables.

Who loads a SavedModel feeds the path of each asset to the tensor that its AssetFileDef
names. In TensorFlow 2 that is a placeholder, and its value reaches the table by a
variable, which no checkpoint holds::

    asset_path_initializer = Placeholder           asset_path_initializer = Const "/models/1/assets/vocab.txt"
    Variable = VarHandleOp                         Variable = Identity(asset_path_initializer)
    Variable/Assign = AssignVariableOp             -
    ReadVariableOp(Variable, ^Variable/Assign)     Identity(Variable)

The constant is what the loader would feed, so the graph alone works where the file is,
and what feeds the tensor still does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS, RESOURCE_OPS
from graphsurgeon.meta_graph.assets import asset_files
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.freezing.value_flow import ValueFlow
from graphsurgeon.rewrites.freezing.value_reads import Value
from graphsurgeon.tensors.dtypes import STRING
from graphsurgeon.tensors.values import StringTensor


def settle_asset_paths(model: Model, operation: str, like: Graph | None = None) -> list[str]:
    """Make the paths of a model's assets constants, which still may be fed; return the nodes of those.

    With a graph that this was done to maybe, only where that has constants of other paths than the model.
    """
    found = dict(_asset_tensors(model))
    if like is not None:
        found = {name: path for name, path in found.items() if _const(model.graph, name) != _const(like, name)}
    if not found:
        return []
    index = Index(model.graph)
    edit = GraphEdit(model.graph, index)
    variables: dict[str, str] = {}
    for name, path in found.items():
        node = index.producers[name]
        for reader, position in index.consumers(name):
            if reader.op == "AssignVariableOp" and position == 1:
                held = index.producer(reader.inputs[0])
                if held is not None and held.op in RESOURCE_OPS:
                    variables[held.name] = name
                    _leave_out(edit, reader.name)
        if path and node.op in (*PLACEHOLDER_OPS, "Const"):
            value = StringTensor((), [os.fsencode(path)])
            edit.replace(name, [Node.new(name, "Const", device=node.device, attrs={"dtype": STRING, "value": value})])
    edit.apply()
    if variables:
        flow = ValueFlow(model, operation)
        for variable, name in variables.items():
            flow.main.replace(variable, [Node.new(variable, "Identity", [name], attrs={"T": STRING})])
            flow.follow(flow.main, variable, Value(STRING, (), variable), is_ref=False)
        flow.finish([node.name for node in model.graph])
    return list(found)


def _asset_tensors(model: Model) -> Iterator[tuple[str, str]]:
    """Yield the nodes to which the paths of assets are fed, and those paths, empty where the file is not there."""
    files = {} if model.saved_model is None else model.saved_model.files
    for name, filename in ({} if model.meta is None else asset_files(model.meta)).items():
        if name in model.graph:
            yield name, files.get(f"assets/{filename}", "")


def _const(graph: Graph, name: str) -> list[bytes] | None:
    """Return the strings of a constant, None when it is not there or something else."""
    node = graph.get(name)
    value = None if node is None else constant_value(node)
    return None if value is None or value.dtype is not STRING else list(value.strings())


def _leave_out(edit: GraphEdit, name: str) -> None:
    """Remove a node that makes nothing; nobody waits for it any more."""
    for node in edit.index.control_consumers(name):
        edit.set_inputs(node, [text for text in node.inputs if text[:1] != "^" or node_of_input(text) != name])
    edit.remove(name)
