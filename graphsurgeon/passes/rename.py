"""Rename nodes and variables, in the graph, its savers and collections, and the checkpoint at once.

For: fitting a model into another's name scope, and back; names of another framework; variables that a library calls
otherwise in its next version.

Prerequisites: none. A checkpoint without a graph will do, and so will a graph without values.

Leaves behind: the same model under other names, in the same order. A map takes whole names: of nodes, of checkpoint
keys, and of variables as the object graph of a TensorFlow 2 checkpoint has them. All entries apply at once, so two
names can be exchanged. What no entry takes follows the nearest variable, table or key that its name is below of:
``X/read``, ``X/Assign``, ``X/Adam``, the key ``X/ExponentialMovingAverage``. A scope is stripped or added after that.

In a TensorFlow 2 checkpoint that is saved by objects, the references between objects, by which ``tf.train.Checkpoint``
finds values, follow the new keys where a key has as many steps as before and all values behind a reference agree; a
note names the values that are not found by their new keys.

What else it meets: inputs, control inputs and colocation follow; so do the names by which variables, tables and queues
share their state, in function bodies too. Functions, the nodes inside of them, loops (``frame_name``), devices and
debug info stay. Signatures keep their keys and name the new tensors. Collections of every kind, the notes of `freeze`
and `unfreeze`, and the SaverDef follow; as in TensorFlow's ``import_scope``, an added scope is put before ``save/``
too. Unlike there, the savers look up the new keys. Savers of other checkpoints keep theirs. With `checkpoint_only`
nothing but keys is renamed, and the graph, which would not find its values any more, goes. The tensors are the same
objects as before, so that data files can be linked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from graphsurgeon.display import Displayed, Rows
from graphsurgeon.errors import PassError
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Library
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.references import unknown_messages
from graphsurgeon.names import Names
from graphsurgeon.passes._contract import model_pass, takes_tensors
from graphsurgeon.rewrites.renaming.models import RenamedModel, rename_model
from graphsurgeon.rewrites.renaming.name_map import NameMap, parse_lines, parse_texts
from graphsurgeon.rewrites.renaming.savers import keeps_object_paths
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.saver_calls import SaverCall


@dataclass(frozen=True)
class RenamedRow:
    """A name that is another now.

    Attributes
    ----------
    name : str
        What it is now.
    was : str
    kind : {"key", "variable", "node"}
        A checkpoint key, a node that is a variable, or any other node.
    """

    name: str
    was: str
    kind: str


@dataclass(frozen=True)
class RenameReport(Displayed):
    """What `rename` did.

    Attributes
    ----------
    renamed : sequence of RenamedRow
        Keys, then variables, then other nodes; each in the model's order.
    num_keys, num_variables, num_nodes : int
        How many of each kind are renamed.
    num_unchanged : int
        How many keys and nodes are not.
    notes : list of str
    """

    #: A dry run is for looking at the new names.
    is_shown_by_dry_run: ClassVar[bool] = True

    renamed: Sequence[RenamedRow]
    num_keys: int
    num_variables: int
    num_nodes: int
    num_unchanged: int
    notes: list[str] = field(default_factory=list)


@takes_tensors
@model_pass(needs_graph=False)
def rename(
    model: Model,
    *,
    map: Names | Mapping[str, str] = (),  # noqa: A002 -- what users type: --map, and map= here
    map_file: Iterable[str] | None = None,
    add_scope: str | None = None,
    strip_scope: str | None = None,
    checkpoint_only: bool = False,
) -> RenameReport:
    r"""Rename nodes and variables, in the graph, its savers and collections, and the checkpoint at once.

    Parameters
    ----------
    model : Model, or mutable mapping of str to Tensor
        Edited in place; no value is read. A checkpoint alone is a model, too.
    map : str or sequence of str, or mapping of str to str
        New names, as in 'conv(\d+)/(.*)=net/conv\1/\2': a name or regular expression of whole names, the last = and
        the new name, in which \1 is a group; the first that takes a name counts. (A mapping holds exact names.)
    map_file : iterable of str
        Lines of old name, tab, new name: exact names, or regular expressions behind re:; # begins a comment.
    add_scope : str
        Put this scope before all names: my makes my/conv1/weights of conv1/weights.
    strip_scope : str
        Take this scope away where names begin with it.
    checkpoint_only : bool
        Rename the keys of the checkpoint only; the graph does not go along, and one beside DST stays as it is.

    Raises
    ------
    NotFoundError
        An entry takes no name, or no name begins with the scope; such are listed.
    PassError
        Nothing is asked for; an entry or a line is not one; names would collide or are not allowed, such are listed.
    """
    entries = [*parse_texts(map), *parse_lines(map_file or ())]
    if not entries and add_scope is None and strip_scope is None:
        raise PassError(
            "rename", "nothing is asked for", hint="give `map`, `map_file`, `add_scope` or `strip_scope`", is_usage=True
        )
    if checkpoint_only:
        _drop_graph(model)
    return _report(model, rename_model(model, NameMap(entries), add_scope=add_scope, strip_scope=strip_scope))


def _drop_graph(model: Model) -> None:
    if not model.variables:
        raise PassError("rename", "there is no checkpoint, and checkpoint_only renames nothing else")
    model.graph, model.library, model.meta = Graph(), Library(), None
    model.rest.Clear()


def _report(model: Model, done: RenamedModel) -> RenameReport:
    variables = [old for old in done.nodes if old in done.variables]
    others = [old for old in done.nodes if old not in done.variables]
    kinds = ["key"] * len(done.keys) + ["variable"] * len(variables) + ["node"] * len(others)
    old, now = done.keys.old, done.keys.new
    if done.nodes:
        old, now = [*old, *variables, *others], [*now, *map(done.nodes.__getitem__, [*variables, *others])]
    return RenameReport(
        Rows(RenamedRow, now, old, kinds),
        len(done.keys), len(variables), len(others),
        done.num_names - len(done.keys) - len(done.nodes),
        [*done.notes, *_notes(model, done.others)],
    )  # fmt: skip


def _notes(model: Model, others: Sequence[SaverCall]) -> list[str]:
    notes = []
    foreign = [] if model.meta is None else unknown_messages(model.meta)
    if OBJECT_GRAPH_KEY in model.variables and keeps_object_paths(model):
        notes.append("objects keep their paths, by which TensorFlow 2 restores a SavedModel; their keys are new")
    if others:
        names = ", ".join(call.node.name for call in others[:3]) + (" ..." if len(others) > 3 else "")
        notes.append(f"{len(others)} ops save or restore other checkpoints, whose keys stay: {names}")
    if foreign:
        notes.append(f"messages of types not known here may name tensors as before, in: {', '.join(foreign)}")
    return notes
