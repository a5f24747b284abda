"""Renaming in a whole model: its graph, function bodies, savers, collections and checkpoint, by one rule for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.renaming.checkpoints import renamed_tensors
from graphsurgeon.rewrites.renaming.graphs import renamed_body, renamed_nodes
from graphsurgeon.rewrites.renaming.meta_graphs import rename_in_meta_graph
from graphsurgeon.rewrites.renaming.name_map import NameMap
from graphsurgeon.rewrites.renaming.new_names import ChangedNames, NewNames, changed_names
from graphsurgeon.rewrites.renaming.savers import keeps_object_paths, keys_of, own_savers, rename_keys
from graphsurgeon.variables.checkpoint_keys import variable_nodes
from graphsurgeon.variables.saver_calls import SaverCall


@dataclass(frozen=True)
class RenamedModel:
    """What was renamed.

    Attributes
    ----------
    nodes, keys : ChangedNames
        The new names of those that changed, by the old ones.
    variables : set of str
        The nodes that are variables, by their old names.
    num_names : int
        How many nodes and keys there are.
    others : sequence of SaverCall
        The ops that save or restore other checkpoints, whose keys stayed.
    notes : list of str
    """

    nodes: ChangedNames
    keys: ChangedNames
    variables: set[str]
    num_names: int
    others: Sequence[SaverCall]
    notes: list[str]


def rename_model(
    model: Model,
    names: NameMap,
    *,
    add_scope: str | None = None,
    strip_scope: str | None = None,
    keeps_paths: bool | None = None,
) -> RenamedModel:
    """Rename everything in a model by a map, then by scopes; nodes are replaced by copies.

    Parameters
    ----------
    model : Model
        Edited, without being checked.
    names : NameMap
    add_scope, strip_scope : str, optional
    keeps_paths : bool, optional
        Whether the references between objects of a TensorFlow 2 checkpoint stay; by default those of a SavedModel do.

    Raises
    ------
    NotFoundError
        An entry takes no name, or no name begins with the scope.
    PassError
        Names would collide, or are not allowed.
    """
    calls, others = own_savers(model, Index(model.graph)) if len(model.graph) else ([], [])
    keys = keys_of(model, calls)
    variables = {node.name for node in variable_nodes(model.graph)}
    tables = {node.name for node in model.graph if "HashTable" in node.op}
    # Without a map no name is below another.
    roots = variables | tables | set(keys) if len(names) else set()
    new = NewNames(names, roots, add_scope=add_scope, strip_scope=strip_scope)
    new_nodes = changed_names([node.name for node in model.graph], new, "node")
    new_keys = changed_names(keys, new, "key")
    keeps_paths = keeps_object_paths(model) if keeps_paths is None else keeps_paths
    tensors, notes = renamed_tensors(model.variables, new, new_keys, keeps_paths=keeps_paths)
    new.require_all_used([*keys, *(node.name for node in model.graph)])
    num_names = len(keys) + len(model.graph)
    _apply(model, calls, new, keys, new_keys)
    model.variables = tensors
    if model.saved_model is not None and not model.saved_model.num_others:
        # Whoever writes the model again is not to take the old keys for values that went.
        as_read, _ = renamed_tensors(model.saved_model.variables, new, new_keys, keeps_paths=keeps_paths)
        model.saved_model = model.saved_model._replace(variables=as_read)
    return RenamedModel(new_nodes, new_keys, variables, num_names, others, notes)


def _apply(
    model: Model, calls: Sequence[SaverCall], new: NewNames, keys: Sequence[str], new_keys: ChangedNames
) -> None:
    """Rename everywhere."""
    names = {node.name for node in model.graph}
    known = names.union(keys) if names or model.library.functions else names
    nodes: dict[str | None, list[Node]] = {None: renamed_nodes(model.graph, new, known)}
    for function in model.library.functions.values():
        body = renamed_body(function.body, new, known)
        if body is not None:
            nodes[function.name] = body
    rename_keys(model, calls, new, new_keys, nodes)
    if model.meta is not None:
        rename_in_meta_graph(model.meta, new, names, set(keys))
    for function_name, found in nodes.items():
        graph = model.graph if function_name is None else model.library.functions[function_name].body
        if any(a is not b for a, b in zip(found, graph, strict=True)):
            graph.set_nodes(found)
