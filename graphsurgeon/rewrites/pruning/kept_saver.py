"""The saver of a graph from which nodes go: it stays, is made anew for the variables that are left, or goes too.

A saver is an island: nothing that computes an output needs it, and it needs every
variable it saves. So it can stay only when all of those stay. Else `saver.new_saver` lays
one out for the variables and other state that are left, under the keys and slices that the
graph's own saver had for them, so the checkpoint still fits. Of a model of TensorFlow 2 the
objects may restore variables that the saver does not: it is laid out for these too, as the
objects may go.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import REF_OPS
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.meta_graph.dependencies import holds_state
from graphsurgeon.names import node_of
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.variables.checkpoint_keys import (
    SavedAs,
    VariableValues,
    restored_by_objects,
    saved_keys,
    variable_nodes,
)
from graphsurgeon.variables.layout import Variable, VariableKind, new_read
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.saver import Saved, SavedVariable, Saver, new_saver, with_copies
from graphsurgeon.variables.state_choice import StateChoice
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

_NOWHERE: Mapping[str, SavedAs] = {}


class OldSaver(NamedTuple):
    """The saver that a SaverDef names, as it is before nodes go."""

    names: list[str]  # those in the SaverDef; empty without one
    nodes: set[str]  # those and all they need
    state: set[str]  # the variables and tables among those, and what only objects restore
    is_whole: bool  # whether the nodes it names are all there, and restore all of that


class NewSaver(NamedTuple):
    """What comes in the place of the old saver."""

    # None when nothing is left to save; its nodes, also reads that variables lack, are not in the graph yet
    saver: Saver | None
    unsaved: list[str]  # nodes that only the old one saved: dropped state, and variables of which no key could be found
    more: Sequence[Node] = ()  # nodes of the graph that it needs besides those that are kept: what exports a table


def find_saver(model: Model, index: Index) -> OldSaver:
    """Find the nodes of the model's saver; costs O(its nodes), and with a checkpoint of objects O(the graph)."""
    saver_def = schema.SaverDef() if model.meta is None else model.meta.saver_def
    texts = (saver_def.filename_tensor_name, saver_def.save_tensor_name, saver_def.restore_op_name)
    names = [node_of(text) for text in texts if text]
    nodes = ancestors(index.producers, names)
    state = {name for name in nodes if holds_state(index.producers[name])}
    others = restored_by_objects(model, index) if names else set()
    return OldSaver(names, nodes, state | others, nodes.issuperset(names) and not others)


class SavedNow(NamedTuple):
    """What a saver made anew is to save."""

    states: list[Saved]
    reads: list[Node]  # reads that variables lack, which are not in the graph yet
    unsaved: list[str]  # as in `NewSaver`
    needs: set[str]  # the nodes that saving and restoring take, with all that these need


def what_is_saved(
    model: Model,
    index: Index,
    nodes: Iterable[Node],
    state: Collection[str],
    choice: StateChoice,
    places: Mapping[str, SavedAs] = _NOWHERE,
) -> SavedNow:
    """Return how variables and other state among `nodes` are saved, as far as they are of the `state` to be saved.

    `places` tell where the checkpoint has variables of which neither a saver nor their names do.
    Model and index are as before nodes went. State that a new saver cannot save, and that `choice` does not drop, is a
    PassError.
    """
    graph = Graph(nodes)
    find = _key_finder(model, index)
    reads = _Reads(model, graph)
    variables: list[SavedVariable] = []
    for node in variable_nodes(graph):
        dtype, place = node.attrs.get("dtype"), places.get(node.name) or (find(node) if node.name in state else None)
        if place is not None and isinstance(dtype, DType):
            variables.append(SavedVariable(place.key, reads.variable(node, dtype.base), place.slice))
    names = {each.variable.node for each in variables}
    saved: list[Saved] = [*(with_copies(variables) if OBJECT_GRAPH_KEY in model.variables else variables)]
    states = choice.savable(choice.restored(graph), names)
    saved += states
    names.update(each.holder for each in states)
    others = (node for node in graph if node.name in state and node.name not in names)
    unsaved = [node.name for node in others if not choice.drops(node.name)]
    needs = ancestors(index.producers, [name for each in states for name in each.needs])
    return SavedNow(saved, reads.nodes, unsaved, needs)


def remake_saver(model: Model, index: Index, old: OldSaver, kept: Sequence[Node], choice: StateChoice) -> NewSaver:
    """Make a saver for the variables and other state of the old one that are kept; as `what_is_saved`."""
    saved = what_is_saved(model, index, kept, old.state, choice)
    if not saved.states or model.meta is None:
        return NewSaver(None, saved.unsaved)
    before = model.meta.saver_def
    made = new_saver(Graph(kept), saved.states, max_to_keep=before.max_to_keep)
    made.saver_def.keep_checkpoint_every_n_hours = before.keep_checkpoint_every_n_hours
    needed = saved.needs - {node.name for node in kept}
    more = [node for name, node in index.producers.items() if name in needed]
    return NewSaver(Saver([*saved.reads, *made.nodes], made.saver_def), saved.unsaved, more)


def lost_values(model: Model, index: Index, kept: Collection[str], choice: StateChoice) -> list[str]:
    """Return the keys of `model.variables` of which neither variable nor other state is kept.

    The model is as it was before nodes went.
    """
    if not model.variables:
        return []
    places = VariableValues(model, index)
    gone: dict[str, None] = {}
    needed = set()
    for node in variable_nodes(model.graph):
        place = places.place(node)
        if place is not None and node.name in kept:
            needed.add(place.key)
        elif place is not None:
            gone[place.key] = None
    for node in filter(choice.knows, index.producers.values()):
        for state in choice.all_of(node.name):
            stays = node.name in kept and state in choice.of(node.name)
            (needed.update if stays else gone.update)(dict.fromkeys(state.keys))
    gone = {key: None for key in gone if key in model.variables}
    return [key for key in gone if key not in needed]


class _Reads:
    """Variables with the nodes that read them: those the collections name, or new ones."""

    def __init__(self, model: Model, graph: Graph) -> None:
        listed = [] if model.meta is None else variable_defs(model.meta)
        self._snapshots = {node_of(each.variable_name): each.snapshot_name for each in listed}
        self.nodes: list[Node] = []
        self._taken = {node.name for node in graph}

    def variable(self, node: Node, dtype: DType) -> Variable:
        """Describe a variable of the graph."""
        name = node.name
        kind: VariableKind = "ref" if node.op in REF_OPS else "resource"
        snapshot = self._snapshots.get(name, "")
        if node_of(snapshot) not in self._taken:
            self.nodes.append(new_read(name, kind, dtype, self._taken, device=node.device))
            snapshot = f"{self.nodes[-1].name}:0"
        return Variable(name, kind, dtype, "", snapshot, device=node.device)


def _key_finder(model: Model, index: Index) -> Callable[[Node], SavedAs | None]:
    saved, values = saved_keys(model, index), VariableValues(model, index)
    return lambda node: saved.get(node.name) or values.place(node)
