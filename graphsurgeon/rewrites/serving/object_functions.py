"""The functions that the object graph of a SavedModel exports, and whether the model is whole without it.

``tf.saved_model.load`` makes of the object graph the functions that a program calls, signatures too; without it, it
loads the graph as TensorFlow 1 does: it runs the restore op of the saver. In what Keras 3 saves that does not set all
the variables that the signatures read, so only the objects do.
"""

from __future__ import annotations

from itertools import chain

from graphsurgeon.ir.function_calls import called_functions
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.op_families import RESOURCE_OPS
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE
from graphsurgeon.meta_graph.references import tensor_names
from graphsurgeon.names import node_of
from graphsurgeon.variables.checkpoint_keys import saved_keys
from proto_utils import schema

#: The collection that tells, as JSON, which functions `eager_functions` added; TensorFlow carries it along.
EAGER_FUNCTIONS = "graphsurgeon/eager_functions"


def kept_exports(model: Model) -> list[str]:
    """Return the functions of an object graph that has to stay, for the variables would not be restored without it.

    Empty when there is none, or when the saver restores what the signatures need.
    """
    meta = model.meta
    if meta is None or not meta.HasField("object_graph_def") or not unrestored(model, meta, Index(model.graph)):
        return []
    return sorted(meta.object_graph_def.concrete_functions)


def exported_functions(model: Model) -> list[str]:
    """Return the functions that an object graph exports, if there is one."""
    meta = model.meta
    return sorted(meta.object_graph_def.concrete_functions) if meta is not None else []


def unrestored(model: Model, meta: schema.MetaGraphDef, index: Index) -> set[str]:
    """Return the variables that signatures need, and no saver of the graph restores."""
    outputs = [
        node_of(name)
        for key in meta.signature_def
        for info in meta.signature_def[key].outputs.values()
        for name in tensor_names(info)
        if name and key != INIT_SIGNATURE
    ]
    needed = {name for name in ancestors(index.producers, outputs) if index.producers[name].op in RESOURCE_OPS}
    return needed - saved_keys(model, index).keys() if needed else set()


def functions_in_use(model: Model, *, has_objects: bool = True) -> set[str]:
    """Return the functions that the graph calls, and those that objects export with what these call."""
    meta, functions = model.meta, model.library.functions
    exported = set[str]()
    if has_objects and meta is not None and meta.HasField("object_graph_def"):
        exported = {*meta.object_graph_def.concrete_functions} & functions.keys()
    bodies = (functions[name].body for name in exported)
    return called_functions(chain(model.graph, *bodies), model.library) | exported


def drop_objects(model: Model) -> bool:
    """Take out the object graph, if there is one; return whether there was."""
    if model.meta is None or not model.meta.HasField("object_graph_def"):
        return False
    model.meta.ClearField("object_graph_def")
    return True
