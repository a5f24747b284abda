"""Checkpoint keys in the savers of a model: the strings that ops which save and restore are given.

A graph may have savers of several checkpoints: its own, and such as load pretrained weights when it is initialized.
The keys of the others are not the model's to rename. Its own are the one that the SaverDef names, and whatever both
saves and restores in one scope, as `tf.train.Saver` lays it out, and knows no key that the former, or the checkpoint,
does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.names import bytes_of, node_of_input, scope_of, text_of
from graphsurgeon.rewrites.renaming.checkpoints import renamed_tensors
from graphsurgeon.rewrites.renaming.new_names import ChangedNames, NewNames
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.saver_calls import SaverCall, saver_calls

#: What an op that saves is given before the tensors: prefix, names and slices.
_NUM_ARGUMENTS = 3


def own_savers(model: Model, index: Index) -> tuple[list[SaverCall], list[SaverCall]]:
    """Return the ops that save and restore the model's checkpoint, and those of other checkpoints."""
    calls = saver_calls(model, index)
    known = {*model.variables, *(key for call in calls if call.is_main for key in call.keys)}
    saving = {(call.function, scope_of(call.node.name)) for call in calls if not call.is_restore}
    own: list[SaverCall] = []
    others: list[SaverCall] = []
    for call in calls:
        is_saver = (call.function, scope_of(call.node.name)) in saving
        is_own = call.is_main or (is_saver and (not known or known.issuperset(call.keys)))
        (own if is_own else others).append(call)
    return own, others


def rename_keys(
    model: Model,
    calls: Iterable[SaverCall],
    new: NewNames,
    new_keys: ChangedNames,
    nodes: dict[str | None, list[Node]],
) -> None:
    """Rename the keys that savers look up, and those in the object graph that they save.

    `calls` are of the model as it was, `new_keys` those that change. `nodes` are what the nodes of the graph (None)
    and of function bodies are now, in their old order; the constants that hold keys are replaced by copies. A body
    that is not in it is put in when it changes.
    """
    keeps_paths = keeps_object_paths(model)
    wanted: dict[tuple[str | None, str], Callable[[Tensor], Tensor]] = {}
    for call in calls:
        names = call.edges.producer(call.node.inputs[1])
        if names is not None and not new_keys.keys().isdisjoint(call.keys):
            wanted[call.function, names.name] = lambda tensor: _with_new_keys(tensor, new)
        objects = _object_graph_of(call)
        if objects is not None:
            wanted[objects] = lambda tensor: _renamed_objects(tensor, new, new_keys, keeps_paths)
    for function in dict.fromkeys(function for function, _ in wanted):
        graph = model.graph if function is None else model.library.functions[function].body
        for position, old in enumerate(graph):
            change = wanted.get((function, old.name))
            if change is not None and old.op == "Const" and old.tensor.dtype is dtypes.STRING:
                tensor = change(old.tensor)
                if tensor is not old.tensor:
                    found = nodes.setdefault(function, list(graph))
                    found[position] = found[position].copy()
                    found[position].attrs["value"] = tensor


def keeps_object_paths(model: Model) -> bool:
    """Return whether a model is a SavedModel with an object graph of its own, which has the paths of objects too."""
    return model.meta is not None and model.meta.HasField("object_graph_def")


def keys_of(model: Model, calls: Iterable[SaverCall]) -> list[str]:
    """Return the keys of the checkpoint and of savers, once each, without that of the object graph."""
    of_savers = [key for call in calls for key in call.keys]
    keys: Collection[str] = dict.fromkeys([*model.variables, *of_savers]) if of_savers else model.variables
    return [key for key in keys if key != OBJECT_GRAPH_KEY]


def _object_graph_of(call: SaverCall) -> tuple[str | None, str] | None:
    """Return the node with the object graph that an op saves, with the function it is in; None without one."""
    position = _NUM_ARGUMENTS + (call.keys.index(OBJECT_GRAPH_KEY) if OBJECT_GRAPH_KEY in call.keys else 0)
    if call.is_restore or OBJECT_GRAPH_KEY not in call.keys or position >= len(call.node.inputs):
        return None
    name = node_of_input(call.node.inputs[position])
    # A function is given it, and what it is given is a node of the graph.
    return (None, call.arguments[name]) if name in call.arguments else (call.function, name)


def _with_new_keys(tensor: Tensor, new: NewNames) -> Tensor:
    keys = (new.key(text_of(element)) for element in tensor.strings())
    return StringTensor(tensor.shape, [bytes_of(key) for key in keys])


def _renamed_objects(tensor: Tensor, new: NewNames, new_keys: ChangedNames, keeps_paths: bool) -> Tensor:
    tensors = {OBJECT_GRAPH_KEY: tensor}
    return renamed_tensors(tensors, new, new_keys, keeps_paths=keeps_paths)[0][OBJECT_GRAPH_KEY]
