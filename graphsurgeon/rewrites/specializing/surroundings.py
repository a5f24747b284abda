"""What surrounds a graph that was specialized: signatures, contexts of conditions, collections, the object graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.contexts import dissolve_contexts
from graphsurgeon.meta_graph.dangling import Gone
from graphsurgeon.meta_graph.references import retarget_tensors, tensor_names
from graphsurgeon.names import node_of
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.rewrites.serving.object_functions import drop_objects
from graphsurgeon.rewrites.specializing.models import Specialized
from proto_utils import schema


def update_surroundings(
    model: Model, done: Specialized, inputs: Mapping[str, Any], *, has_objects: bool
) -> tuple[int, list[Gone], list[str]]:
    """Bring what surrounds the graph in step; return how many contexts went, what else did, and notes."""
    if model.meta is None:
        return 0, [], []
    gone = list(_drop_arguments(model.meta, inputs))
    contexts = dissolve_contexts(model.meta, done.pivots, done.moved)
    notes = retarget_tensors(model.meta, done.moved)
    if done.has_other_functions and not has_objects and drop_objects(model):
        gone.append(Gone("object graph", ""))
    there = {node.name for node in model.graph}
    gone += update_meta_graph(model, Removal(there, saver="kept"))
    return contexts, gone, notes


def _drop_arguments(meta: schema.MetaGraphDef, inputs: Mapping[str, Any]) -> Iterator[Gone]:
    """Take constants out of the inputs of signatures."""
    for key in sorted(meta.signature_def):
        arguments = meta.signature_def[key].inputs
        for name in sorted(arguments):
            if {node_of(each) for each in tensor_names(arguments[name]) if each} & inputs.keys():
                del arguments[name]
                yield Gone("signature", key, f"input {name}")
