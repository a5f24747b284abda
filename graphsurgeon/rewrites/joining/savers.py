"""One saver over all: what the savers of several models save, saved by one that is made anew.

The nodes of the old ones go, as far as nothing else needs them and nothing around the graph names them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from graphsurgeon.ir.function_calls import called_functions, trim_library
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.traversal import successors
from graphsurgeon.meta_graph.dependencies import holds_state, state_inputs
from graphsurgeon.meta_graph.references import references
from graphsurgeon.names import node_of, node_of_input
from graphsurgeon.rewrites.pruning.kept_saver import OldSaver, find_saver, what_is_saved
from graphsurgeon.rewrites.pruning.removal import unlist_saver
from graphsurgeon.variables.checkpoint_keys import SavedAs, VariableValues, variable_nodes
from graphsurgeon.variables.saver import Saved, new_saver
from graphsurgeon.variables.state_choice import StateChoice
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

_NOWHERE: Mapping[str, SavedAs] = {}


class TakenSaver(NamedTuple):
    """What the saver of a model saved, and what it said of old checkpoints."""

    states: list[Saved]
    saver_def: schema.SaverDef
    is_listed: bool  # whether it stood in the collection of savers
    unsaved: list[str]  # nodes that it saved, and of which no key could be found


def take_saver(model: Model, operation: str, places: Mapping[str, SavedAs] = _NOWHERE) -> TakenSaver:
    """Take the saver out of a model, and return what it saved: without one, the variables that have values.

    Of variables that it did not save, `places` tell where the checkpoint has them. Reads that variables lack are added.
    State that no saver made anew can save is a PassError.
    """
    index = Index(model.graph)
    old = find_saver(model, index)
    state = old.state if old.names else _with_values(model, index)
    saved = what_is_saved(model, index, model.graph, state, StateChoice(model, index, None, operation), places)
    saver_def = schema.SaverDef()
    if model.meta is not None:
        saver_def.CopyFrom(model.meta.saver_def)
    is_listed = model.meta is not None and unlist_saver(model.meta)
    if model.meta is not None:
        model.meta.ClearField("saver_def")
    gone = _removable(model, index, old, {*saved.needs, *_snapshots(saved.states)})
    if gone or saved.reads:
        model.graph.set_nodes([*(node for node in model.graph if node.name not in gone), *saved.reads])
    if any("Call" in index.producers[name].op for name in gone):
        trim_library(model.library, called_functions(model.graph, model.library))
    return TakenSaver(saved.states, saver_def, is_listed, saved.unsaved)


def give_saver(model: Model, taken: Sequence[TakenSaver]) -> None:
    """Give a model one saver for all that others saved; how many old checkpoints it keeps is what the first said."""
    states = [state for each in taken for state in each.states]
    if not states:
        return
    model.meta = model.meta if model.meta is not None else schema.MetaGraphDef()
    before = next((each.saver_def for each in taken if each.saver_def.restore_op_name), None)
    saver = new_saver(model.graph, states, max_to_keep=5 if before is None else before.max_to_keep)
    if before is not None:
        saver.saver_def.keep_checkpoint_every_n_hours = before.keep_checkpoint_every_n_hours
    model.graph.set_nodes([*model.graph, *saver.nodes])
    model.meta.saver_def.CopyFrom(saver.saver_def)
    if any(each.is_listed for each in taken):
        model.meta.collection_def["savers"].bytes_list.value.append(schema.serialize(saver.saver_def))


def _with_values(model: Model, index: Index) -> set[str]:
    if not model.variables:
        return set()
    values = VariableValues(model, index)
    return {node.name for node in variable_nodes(model.graph) if values.place(node) is not None}


def only_for_saver(model: Model, index: Index) -> set[str]:
    """Return the nodes of a model's saver that nothing else needs and nothing else around the graph names."""
    return _removable(model, index, find_saver(model, index), set())


def _removable(model: Model, index: Index, old: OldSaver, needed: Collection[str]) -> set[str]:
    """Return the nodes of the old saver that nothing else needs."""
    if not old.names:
        return set()
    entries = [] if model.meta is None else references(model.meta)
    # The collection of savers lists it, too.
    named = {node_of(each.name) for each in entries if each.entry.where not in ("saver", "collection savers")}
    kept = {*named, *old.state, *needed}
    # What reads a variable for its own sake is not behind the file's name.
    behind = successors(index, old.names)
    gone: set[str] = set()
    pending = [name for name in old.names if name in index.producers]
    while pending:
        name = pending.pop()
        node = index.producers.get(name)
        if node is None or name in gone or name in kept or any(each.name not in gone for each, _ in index.edges(name)):
            continue
        if name in behind or not (holds_state(node) or state_inputs(name, index.producers)):
            gone.add(name)
            # Those of which another reader is left come up again when that goes.
            pending += map(node_of_input, node.inputs)
    return gone


def _snapshots(states: Iterable[Saved]) -> set[str]:
    return {node_of(part.source) for state in states for part in state.tensors}
