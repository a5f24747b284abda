"""Copy a part of a graph: its nodes once more, below a scope, with variables of their own or the original ones.

For: siamese and ensemble networks; a target network beside the one that is trained; a head that is to start from
another head's weights.

Prerequisites: a well-formed graph. Nodes are chosen by names and patterns; variables among them take along their
initializers and reads.

Leaves behind: the original graph, and behind it copies of the nodes. Their names are those of the originals below the
scope that they all have in common, below the new scope: of ``net/conv/w`` and ``net/fc/w`` become ``twin/conv/w`` and
``twin/fc/w``. Copies read copies where there are such, else what the originals read. Copied variables have the values
of the originals, under keys of their own in the checkpoint that stand for the same bytes; the saver saves them too.
With `share_variables` the copies read the original variables and tables.

What else it meets: collections list copies beside the originals where an entry is about one (variables, losses,
updates, table initializers, queue runners); ops that initialize everything initialize copies, too. Loops are copied
whole, and run in frames of their own; contexts come along. Tables and queues get shared names of their own. Colocation
and control inputs are mapped; devices, seeds and functions are as they are. State that nobody but its op can set, and
half loops, are refused. Signatures stay those of the original.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.names import NODE_NAME, Names, bytes_of, is_control, some_of, text_of, unique_name
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.copying.chosen_part import ChosenPart, part_of
from graphsurgeon.rewrites.copying.surroundings import copy_surroundings
from graphsurgeon.rewrites.editing.chosen_nodes import choose_nodes
from graphsurgeon.rewrites.joining.savers import give_saver, only_for_saver, take_saver
from graphsurgeon.rewrites.joining.state_names import frame_names, rename_frames, shared_names
from graphsurgeon.rewrites.renaming.graphs import renamed_nodes
from graphsurgeon.rewrites.renaming.name_map import NameMap, parse_texts
from graphsurgeon.rewrites.renaming.new_names import NewNames
from graphsurgeon.variables.checkpoint_keys import SavedAs, VariableValues, saved_keys
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY

_SHARED = "shared_name"


@dataclass(frozen=True)
class CopiedNodeRow:
    """A node that was made, and what it is a copy of."""

    name: str
    was: str
    op: str


@dataclass(frozen=True)
class CopiedVariableRow:
    """A variable that was made, and its key in the checkpoint, if that is known; `was` is the key of the original."""

    name: str
    key: str
    was: str


@dataclass(frozen=True)
class CopyReport(Displayed):
    """What `copy` did.

    Attributes
    ----------
    nodes : list of CopiedNodeRow
        In the order of the originals.
    variables : list of CopiedVariableRow
    shared : list of str
        Chosen variables and tables that the copies share with the originals.
    notes : list of str
    """

    nodes: list[CopiedNodeRow]
    variables: list[CopiedVariableRow]
    shared: list[str]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {
            **vars(self),
            "nodes": [vars(row) for row in self.nodes],
            "variables": [vars(r) for r in self.variables],
        }


@model_pass()
def copy(model: Model, *, nodes: Names, scope: str, share_variables: bool = False) -> CopyReport:
    """Copy a part of a graph: its nodes once more, below a scope.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    nodes : str or sequence of str
        Names or patterns of the nodes to copy, such as tower/.* for all in a scope.
    scope : str
        The scope of the copies, in place of what the names of the nodes have in common.
    share_variables : bool
        Let the copies read the original variables and tables; by default they get copies of those that are chosen.

    Raises
    ------
    NotFoundError
        A name or pattern means no node.
    PassError
        The copies' names are taken or no names; a loop is chosen in part; state cannot be copied.
    """
    below = scope.rstrip("/")
    if not re.fullmatch(NODE_NAME, below):
        raise PassError("copy", f"{scope!r} is no scope for names", hint="write it as in twin", is_usage=True)
    chosen = choose_nodes(model, nodes)
    in_functions = [each.name for each in chosen if each.function is not None]
    if in_functions and not any(each.function is None for each in chosen):
        reason = f"{some_of(in_functions)} is in a function: what calls it can be copied"
        raise PassError("copy", reason)
    index = Index(model.graph)
    wanted = [each.node.name for each in chosen if each.function is None]
    part = part_of(model, index, wanted, only_for_saver(model, index), share=share_variables, operation="copy")
    names = _Names(part.names, below)
    places = _places(model, index, part)
    new = _new_names(model, part, names, places)
    frames = _new_frames(model, part)
    copies = _copies(model, index, part, new, frames, below)
    if model.meta is not None:
        copy_surroundings(model.meta, new, set(part.names), frames)
    _put(model, part, new, copies)
    keys = {name: place.key for name, place in places.items()}
    rows = [
        CopiedVariableRow(new(name), new.key(keys[name]) if name in keys else "", keys.get(name, ""))
        for name in part.variables
    ]
    _copy_values(model, new, places)
    notes = []
    if rows and OBJECT_GRAPH_KEY in model.variables:
        notes.append("the copies are found by their keys: no object of tf.train.Checkpoint has them")
    made = [CopiedNodeRow(node.name, was, node.op) for was, node in zip(part.names, copies, strict=True)]
    return CopyReport(made, rows, part.shared, notes)


class _Names:
    """The names of copies: those of the originals below what they have in common, below another scope."""

    def __init__(self, names: Sequence[str], scope: str) -> None:
        parts = [name.split("/")[:-1] for name in names]
        common = parts[0]
        for each in parts:
            same = 0
            while same < min(len(each), len(common)) and each[same] == common[same]:
                same += 1
            common = common[:same]
        self._common = "".join(f"{each}/" for each in common)
        self._scope = scope

    def __call__(self, name: str) -> str:
        return f"{self._scope}/{name.removeprefix(self._common)}"


def _places(model: Model, index: Index, part: ChosenPart) -> dict[str, SavedAs]:
    """Return where the checkpoint has the variables that are copied."""
    saved, values = saved_keys(model, index), VariableValues(model, index)
    found = {}
    for name in part.variables:
        place = values.place(index.producers[name]) or saved.get(name)
        if place is not None:
            found[name] = place
    return found


def _new_names(model: Model, part: ChosenPart, names: _Names, places: Mapping[str, SavedAs]) -> NewNames:
    """Return the new names of nodes and keys; others stay."""
    mapped = {name: names(name) for name in part.names}
    taken = [name for name in mapped.values() if name in model.graph]
    mapped |= {place.key: names(place.key) for place in places.values() if place.key not in mapped}
    taken += [mapped[place.key] for place in places.values() if mapped[place.key] in model.variables]
    if taken:
        reason = f"the names of {len(taken):,} copies are taken: {some_of(list(dict.fromkeys(taken)))}"
        raise PassError("copy", reason, hint="choose another scope")
    return NewNames(NameMap(parse_texts(mapped)), ())


def _new_frames(model: Model, part: ChosenPart) -> dict[str, str]:
    taken = frame_names(model.graph, model.meta)
    found = {}
    for name in sorted(part.frames):
        found[name] = unique_name(name, taken)
        taken.add(found[name])
    return found


def _copies(
    model: Model, index: Index, part: ChosenPart, new: NewNames, frames: Mapping[str, str], scope: str
) -> list[Node]:
    """Return the copies of nodes, in the order of the originals."""
    originals = [index.producers[name] for name in part.names]
    copies = renamed_nodes(originals, new, index.producers)
    rename_frames(copies, frames, lambda node: node)
    taken = {name for _, name in shared_names(graph for _, graph in model.graphs())}
    own: dict[str, str] = {}
    for node, was in zip(copies, originals, strict=True):
        attr = node.attr(_SHARED)
        shared = "" if attr is None else text_of(attr.s)
        # What shares its state by a name of its own would share it with the original.
        if shared and attr == was.attr(_SHARED) and shared_names([Graph([node.copy()])]):
            if shared not in own:
                own[shared] = unique_name(f"{scope}/{shared}", taken)
                taken.add(own[shared])
            node.attrs[_SHARED] = bytes_of(own[shared])
    return copies


def _put(model: Model, part: ChosenPart, new: NewNames, copies: Iterable[Node]) -> None:
    """Put the copies behind the graph, and let what initializes everything initialize them too."""
    copied = set(part.names)
    edit = GraphEdit(model.graph)
    for node in list(model.graph):
        if node.name in part.init and node.op == "NoOp":
            more = [new.tensor(text) for text in node.inputs if is_control(text) and text[1:] in copied]
            if more:
                edit.set_inputs(node, [*node.inputs, *more])
    for node in copies:
        edit.add(node)
    edit.apply()


def _copy_values(model: Model, new: NewNames, places: Mapping[str, SavedAs]) -> None:
    """Give the copied variables the values of the originals, and let the saver save them."""
    moved = {new(name): place._replace(key=new.key(place.key)) for name, place in places.items()}
    if not moved:
        return
    taken = take_saver(model, "copy", moved)
    values = {new.key(p.key): model.variables[p.key] for p in places.values() if p.key in model.variables}
    model.variables = {**model.variables, **values}
    give_saver(model, [taken])
