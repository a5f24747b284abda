"""Nodes that are taken out of a model, with the entries around its graph that name them, values and the saver.

Nothing that stays may read them or wait for them, but for ops that run initializers, and what the caller lets wait no
more. When a variable or table goes, its value goes, and the saver is made anew for those that are left.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.function_calls import called_functions, trim_library
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.meta_graph.dependencies import initialization_dependencies
from graphsurgeon.names import some_of
from graphsurgeon.rewrites.editing.chosen_nodes import ChosenNode
from graphsurgeon.rewrites.editing.rewiring import as_refusal
from graphsurgeon.rewrites.editing.unread import still_needed, unread_inputs
from graphsurgeon.rewrites.pruning.kept_saver import NewSaver, OldSaver, find_saver, lost_values, remake_saver
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.rewrites.serving.object_functions import functions_in_use
from graphsurgeon.variables.saver import Saver
from graphsurgeon.variables.state_choice import StateChoice


@dataclass(frozen=True)
class TakenRow:
    """A node that went."""

    node: str
    op: str


@dataclass(frozen=True)
class EntryRow:
    """An entry around the graph that went, or `part` of it."""

    where: str
    name: str
    part: str


@dataclass(frozen=True)
class RemoveReport(Displayed):
    """What `remove` did.

    Attributes
    ----------
    removed : list of TakenRow
        In graph order; the nodes of a saver that was made anew are not in it.
    variables : list of str
        The checkpoint keys of the values that went.
    functions : list of str
        The functions that went.
    references : list of EntryRow
        Entries of collections, signatures and assets that went.
    saver : {"none", "kept", "remade", "removed"}
    """

    removed: list[TakenRow]
    variables: list[str]
    functions: list[str]
    references: list[EntryRow]
    saver: str


def take_out(model: Model, chosen: Sequence[ChosenNode], operation: str, waiting: Collection[str] = ()) -> RemoveReport:
    """Take nodes out of a model; those that are `waiting` wait for them no more.

    The model is edited in place, and not whole after a PassError: something that stays needs one of them.
    """
    rows = [TakenRow(each.name, each.node.op) for each in chosen]
    own = [each.node for each in chosen if each.function is None]
    gone = {node.name for node in own}
    index = model.graph.index
    old = find_saver(model, index)
    is_cut = not gone.isdisjoint(old.state) or not gone.isdisjoint(old.nodes)
    saver_nodes = _only_for(old, index) if is_cut else set()
    _, groups = initialization_dependencies(model.meta, index.producers, {})
    cut = {node.name for node in model.graph if node.name in groups and node.name not in gone}
    cut.update(waiting)
    _require_unread(model, index, gone, saver_nodes | cut, operation)
    choice = StateChoice(model, index, (), operation)
    left = [node for node in model.graph if node.name not in gone and node.name not in saver_nodes]
    made = _remade(model, index, old, left, choice, operation) if is_cut and old.names else None
    lost = lost_values(model, index, {node.name for node in model.graph} - gone, choice)
    before = called_functions(model.graph, model.library)
    _cut_groups(model, cut, gone | saver_nodes)
    _take_out(model, chosen, saver_nodes, made, operation)
    # The objects stay as they were, unless values go that they restore.
    used = functions_in_use(model, has_objects=not lost)
    functions = trim_library(model.library, used) if before else []
    for key in lost:
        del model.variables[key]
    inputs = [] if model.meta is None else unread_inputs(model.meta, gone)
    saver: Saver | Literal["none", "kept", "removed"] = "kept" if old.names else "none"
    if made is not None:
        saver = made.saver or "removed"
    entries = update_meta_graph(model, Removal({node.name for node in model.graph}, (), saver, bool(lost)))
    references = [EntryRow("signature", key, f"input {name}") for key, name in inputs]
    references += [EntryRow(*each) for each in entries]
    return RemoveReport(rows, lost, functions, references, saver if isinstance(saver, str) else "remade")


def _only_for(old: OldSaver, index: Index) -> set[str]:
    """Return the nodes of a saver that are there for it alone."""
    found = old.nodes - old.state
    while True:
        shared = {name for name in found if any(reader.name not in found for reader, _ in index.edges(name))} - set(
            old.names
        )
        if not shared:
            return found
        found -= shared


def _require_unread(model: Model, index: Index, gone: Collection[str], saver: Collection[str], operation: str) -> None:
    for node, by in still_needed(index, model.meta, gone, saver):
        more = [each.by for each in still_needed(index, model.meta, [node], saver) if each.by != by]
        reason = f"it is still needed by {some_of([by, *more])}"
        hint = "name these too, or let them read another: bypass, reroute"
        raise PassError(operation, reason, node=node, hint=hint)


def _remade(
    model: Model, index: Index, old: OldSaver, left: Sequence[Node], choice: StateChoice, operation: str
) -> NewSaver:
    made = remake_saver(model, index, old, left, choice)
    # It looked at the nodes that are left as a graph of their own.
    model.graph.set_nodes([*model.graph])
    if made.unsaved:
        reason = f"without it the saver cannot save {some_of([*map(repr, made.unsaved)])}"
        raise PassError(operation, reason, node=next(iter(made.unsaved)))
    return made


def _cut_groups(model: Model, groups: Collection[str], gone: Collection[str]) -> None:
    """Let ops that run initializers not wait for those that go."""
    for name in groups:
        node = model.graph[name]
        waits = [text[1:] for text in node.control_inputs]
        left = [each for each in waits if each not in gone]
        if len(left) < len(waits):
            model.graph.set_control_inputs(node, left)


def _take_out(
    model: Model, chosen: Sequence[ChosenNode], saver: Collection[str], made: NewSaver | None, operation: str
) -> None:
    graph = model.graph
    own = [each.node for each in chosen if each.function is None]
    with as_refusal(operation):
        graph.remove([*own, *(node for name in saver if (node := graph.get(name)) is not None and node not in own)])
    for name, function in model.library.functions.items():
        inner = [each.node for each in chosen if each.function == name]
        if inner:
            with as_refusal(operation, name):
                function.body.remove(inner)
    if made is not None and made.saver is not None:
        for node in made.saver.nodes:
            graph.append(node)
