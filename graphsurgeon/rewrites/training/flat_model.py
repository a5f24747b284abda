"""A TensorFlow 2 model as one graph that trains: calls are inlined, and collections list what objects did.

Its objects export functions that would go on computing what they did, so they go; which of its variables are trained is
in the collections then, where TensorFlow looks without objects.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.function_calls import called_functions, trim_library
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import variable_shape
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.collections import list_variables, listed_variables
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE
from graphsurgeon.meta_graph.references import tensor_names
from graphsurgeon.names import node_of
from graphsurgeon.rewrites.inlining.flattening import flatten
from graphsurgeon.rewrites.inlining.twins import merge_twins
from graphsurgeon.rewrites.serving.object_functions import drop_objects
from graphsurgeon.rewrites.training.trained import object_variables
from graphsurgeon.variables.layout import Variable, existing_variables, new_initializer, new_read
from proto_utils import schema


def flatten_objects(model: Model) -> list[str]:
    """Make a TensorFlow 2 model flat, and return notes; any other is left as it is."""
    meta = model.meta
    if meta is None or not meta.HasField("object_graph_def"):
        return []
    notes = merge_twins(model)
    served = [each for key, each in sorted(meta.signature_def.items()) if key != INIT_SIGNATURE]
    infos = [info for each in served for _, info in sorted(each.outputs.items())]
    outputs = dict.fromkeys(name for info in infos for name in tensor_names(info) if name)
    notes += [f"the call {name} stays: {reason}" for name, reason in flatten(model, outputs).left.items()]
    _list_variables(model, meta, (name for info in infos for name in tensor_names(info) if name))
    drop_objects(model)
    trim_library(model.library, called_functions(model.graph, model.library))
    return [
        *notes,
        "the calls of its functions are inlined, and its objects are gone, whose functions would compute what they "
        "did: TensorFlow 2 loads the signatures",
    ]


def _list_variables(model: Model, meta: schema.MetaGraphDef, outputs: Iterable[str]) -> None:
    """Let collections list the variables that the outputs need; those without an initializer get one."""
    objects, there, index = object_variables(meta), listed_variables(meta), Index(model.graph)
    needed = ancestors(index.producers, map(node_of, outputs))
    entries, edit, taken = [], GraphEdit(model.graph), {*index.producers}
    for found in existing_variables(model.graph, index):
        if found.node in needed and f"{found.node}:0" not in there:
            each = _completed(found, index.producers[found.node], edit, taken)
            is_trained = any(saved.trainable for saved in objects.get(each.node, ()))
            collections = ("variables", "trainable_variables") if is_trained else ("variables",)
            if each.initializer:
                entries.append((each.to_proto(trainable=is_trained), collections))
    edit.apply()
    list_variables(meta, entries)


def _completed(each: Variable, node: Node, edit: GraphEdit, taken: set[str]) -> Variable:
    """Give a variable what a VariableDef names: a read and an initializer, as far as its shape is known."""
    shape = variable_shape(node)
    dims = (None,) if shape is None or shape.dims is None else shape.dims
    if not each.snapshot:
        read = new_read(each.node, each.kind, each.dtype, taken, device=each.device)
        edit.add(read)
        each = each._replace(snapshot=f"{read.name}:0")
    if not each.initializer and None not in dims:
        sizes = tuple(size for size in dims if size is not None)
        nodes = new_initializer(each.node, each.dtype, sizes, each.kind, taken, device=each.device)
        for made in nodes:
            edit.add(made)
        each = each._replace(initializer=nodes[-1].name, initial_value=f"{nodes[-2].name}:0")
    return each
