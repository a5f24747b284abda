"""The functions that the object graph of a SavedModel exports, and whether the model is whole without it.

``tf.saved_model.load`` makes of the object graph the functions that a program calls, signatures too; without it, it
loads the graph as TensorFlow 1 does: it runs the restore op of the saver. In what Keras 3 saves that does not set all
the variables that the signatures read, so only the objects do.
"""

from __future__ import annotations

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.op_families import RESOURCE_OPS
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE
from graphsurgeon.meta_graph.references import tensor_names
from graphsurgeon.names import node_of
from graphsurgeon.variables.checkpoint_keys import saved_keys


def kept_exports(model: Model) -> list[str]:
    """Return the functions of an object graph that has to stay, for the variables would not be restored without it.

    Empty when there is none, or when the saver restores what the signatures need.
    """
    meta = model.meta
    if meta is None or not meta.HasField("object_graph_def"):
        return []
    index = Index(model.graph)
    outputs = [
        node_of(name)
        for key in meta.signature_def
        for info in meta.signature_def[key].outputs.values()
        for name in tensor_names(info)
        if name and key != INIT_SIGNATURE
    ]
    needed = [name for name in ancestors(index.producers, outputs) if index.producers[name].op in RESOURCE_OPS]
    restored = saved_keys(model, index)
    return sorted(meta.object_graph_def.concrete_functions) if any(name not in restored for name in needed) else []


def drop_objects(model: Model) -> bool:
    """Take out the object graph, if there is one; return whether there was."""
    if model.meta is None or not model.meta.HasField("object_graph_def"):
        return False
    model.meta.ClearField("object_graph_def")
    return True
