"""Join several models into one: graphs, functions, collections, signatures and checkpoints.

For: a detector and what classifies its boxes in one file; the nets of a cascade behind one saver; preprocessing in
front of a network.

Prerequisites: well-formed models of any kinds, mixed: GraphDefs, meta graphs with checkpoints, SavedModels. Names that
two of them have are told apart by prefixes.

Leaves behind: one graph with the nodes of all, the first model's first, below the prefix of each. With `connect`,
inputs are tensors of other models from now on; they go, also from signatures, which take what those tensors are
computed from instead. What several models save, one saver saves, under keys with the same prefixes; the tensors are the
same objects as before, so that data files can be linked. Of a GraphDef and a model with variables it is a MetaGraphDef
with a checkpoint.

What else it meets: functions of one name are shared where they are the same, else the later one gets another name, with
all that calls it and its gradients. Loops and shared state of one name get different ones (``frame_name``,
``shared_name``). Collections are put one behind the other, as when TensorFlow imports several meta graphs into one
graph; ops that initialize everything become one that waits for all; assets of one name and different bytes are renamed.
Signatures have the prefix before their keys; that of the model at the end of a chain of connections is
``serving_default`` too. Object graphs of SavedModels go, those of checkpoints are united below the prefixes. Control
inputs, colocation, devices, seeds and contexts are as in each model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphsurgeon.checks import check
from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model, require_model
from graphsurgeon.meta_graph.arguments import SERVING_DEFAULT, Side, named_tensors
from graphsurgeon.meta_graph.references import unknown_messages
from graphsurgeon.names import NODE_NAME, Names, node_of, some_of, split_names
from graphsurgeon.passes._contract import model_pass, require_graph
from graphsurgeon.rewrites.editing.callers import Callers
from graphsurgeon.rewrites.joining.assets import join_files
from graphsurgeon.rewrites.joining.connections import Connection, connect_tensors
from graphsurgeon.rewrites.joining.function_names import separate_functions
from graphsurgeon.rewrites.joining.meta_graphs import JoinedPart, join_surroundings
from graphsurgeon.rewrites.joining.savers import TakenSaver, give_saver, take_saver
from graphsurgeon.rewrites.joining.state_names import frame_names, separate_frames, separate_state, shared_names
from graphsurgeon.rewrites.renaming.models import rename_model
from graphsurgeon.rewrites.renaming.name_map import NameMap
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.object_graph_union import unite_object_graphs

_MAX_LISTED = 10


@dataclass(frozen=True)
class PartRow:
    """A model that came in: its file, the prefix of its names, how much it has."""

    source: str
    prefix: str
    num_nodes: int
    num_variables: int


@dataclass(frozen=True)
class RenamedFunctionRow:
    """A function that has another name now, because that of another model has its."""

    name: str
    was: str
    prefix: str


@dataclass(frozen=True)
class JoinReport(Displayed):
    """What `join` did.

    Attributes
    ----------
    parts : list of PartRow
    connections : list of Connection
    functions : list of RenamedFunctionRow
    signatures : list of str
        The keys that there are now.
    num_nodes, num_variables : int
    saver : {"none", "kept", "made"}
    notes : list of str
    """

    parts: list[PartRow]
    connections: list[Connection]
    functions: list[RenamedFunctionRow]
    signatures: list[str]
    num_nodes: int
    num_variables: int
    saver: str
    notes: list[str] = field(default_factory=list)


@model_pass()
def join(
    model: Model,
    *others: Model,
    prefixes: Names | Mapping[str, str] = (),
    connect: Names | Mapping[str, str] = (),
    sources: tuple[str, ...] = (),
) -> JoinReport:
    """Join several models into one: graphs, functions, collections, signatures and checkpoints.

    A model is called by its number (1, 2 ...), its letter (a, b ...), its path, or the last part of that.

    Parameters
    ----------
    model : Model
        The first; edited in place: it takes the others in. No value is read.
    others : Models
        Not changed.
    prefixes : str or sequence of str, or mapping of str to str
        What is put before the names of a model, as in detect.pb=detect; or one for each, in their order.
    connect : str or sequence of str, or mapping of str to str
        Inputs that are tensors of other models from now on, as in classify/input=detect/crops:0; names are those of the
        joined model, or arguments of signatures behind the prefix.
    sources : tuple of str
        The paths of the models, by which the prefixes may call them.

    Raises
    ------
    NotFoundError
        There is no such input or tensor; near names are in the error.
    PassError
        Two models have a name in common; an input cannot be that tensor; something of a model cannot be kept.
    """
    models = [model, *others]
    if not others:
        raise PassError("join", "there is one model only", hint="give the others too", is_usage=True)
    for each in others:
        require_model(each)
        require_graph(each, "join")
        check(each)
    paths = [each or other.path or "" for each, other in zip(sources or [""] * len(models), models, strict=True)]
    scopes = _scopes(prefixes, paths)
    parts = [JoinedPart(model, scopes[0]), *(JoinedPart(o.copy(), s) for o, s in zip(others, scopes[1:], strict=True))]
    for part in parts:
        _put_below(part)
    saver, notes = _take_savers(parts)
    _refuse_clashes(parts)
    pairs = [(_resolved(parts, old, "inputs"), _resolved(parts, new, "outputs")) for old, new in _pairs(connect)]
    rows = [
        PartRow(path, scope, len(each.graph), len(each.variables))
        for path, (each, scope) in zip(paths, parts, strict=True)
    ]
    notes += join_files(model, parts)
    functions = [row for part in parts[1:] for row in _take_in(model, part)]
    notes += join_surroundings(model, parts, "join")
    notes += _join_values(model, parts)
    if isinstance(saver, list):
        give_saver(model, saver)
    made = connect_tensors(model, pairs, "join")
    _serve_the_last(model, parts, made)
    model.is_frozen = all(each.is_frozen or each.meta is None for each, _ in parts)
    keys = sorted(model.meta.signature_def) if model.meta is not None else []
    done = saver if isinstance(saver, str) else "made"
    return JoinReport(rows, made, functions, keys, len(model.graph), len(model.variables), done, notes)


def _serve_the_last(model: Model, parts: Sequence[JoinedPart], made: Sequence[Connection]) -> None:
    """Let the signature that clients use by default be that of the model which gives its tensors to no other."""
    if model.meta is None or not made or SERVING_DEFAULT in model.meta.signature_def:
        return
    giving = {each.tensor.partition("/")[0] for each in made}
    keys = [f"{each.scope}/{SERVING_DEFAULT}" for each in parts if each.scope.partition("/")[0] not in giving]
    last = [key for key in keys if key in model.meta.signature_def]
    if len(last) == 1:
        model.meta.signature_def[SERVING_DEFAULT].CopyFrom(model.meta.signature_def[last[0]])


def _scopes(prefixes: Sequence[str] | Mapping[str, str], paths: Sequence[str]) -> list[str]:
    """Return what is put before the names of each model, empty for nothing."""
    callers = Callers("join", "model", paths, len(paths))
    scopes = [""] * len(paths)
    texts = [f"{which}={text}" for which, text in prefixes.items()] if isinstance(prefixes, Mapping) else prefixes
    for position, text in enumerate(split_names(texts)):
        which, equals, given = text.rpartition("=")
        scope = given.rstrip("/")
        if scope and not re.fullmatch(NODE_NAME, scope):
            hint = "write it as in detect.pb=detect, or detect alone for the first"
            raise PassError("join", f"{given!r} is no scope for names", hint=hint, is_usage=True)
        if not equals and position >= len(paths):
            raise PassError("join", f"{text!r} is a prefix too many: there are {len(paths)} models", is_usage=True)
        scopes[callers.number(which) if equals else position] = scope
    return scopes


def _pairs(given: Iterable[str] | Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(given, Mapping):
        yield from given.items()
        return
    for text in split_names(given):
        old, equals, new = text.partition("=")
        if not equals or not old or not new:
            hint = "write the input, =, and the tensor: classify/input=detect/crops:0"
            raise PassError("join", f"{text!r} connects nothing", hint=hint, is_usage=True)
        yield old, new


def _put_below(part: JoinedPart) -> None:
    """Put the scope of a model before all of its names."""
    if not part.scope:
        return
    foreign = [] if part.model.meta is None else unknown_messages(part.model.meta)
    if foreign:
        reason = f"messages of types not known here may name tensors, in the collection {some_of(foreign)}"
        raise PassError("join", f"{reason}: they cannot get the prefix {part.scope!r}", hint="join it without a prefix")
    rename_model(part.model, NameMap(), add_scope=part.scope, keeps_paths=True)


def _refuse_clashes(parts: Sequence[JoinedPart]) -> None:
    """Refuse names of nodes, and keys of the checkpoint, that two models have."""
    for kind in ("nodes", "checkpoint keys"):
        seen: set[str] = set()
        clashes: list[str] = []
        for part in parts:
            own = {node.name for node in part.model.graph} if kind == "nodes" else {*part.model.variables}
            clashes += sorted((own & seen) - {OBJECT_GRAPH_KEY})
            seen |= own
        if clashes:
            reason = f"{len(clashes):,} {kind} of one name in two models: {some_of(clashes, _MAX_LISTED)}"
            hint = 'give each a prefix, in their order: `prefixes=("a", "b")`'
            raise PassError("join", reason, listed=clashes, hint=hint)


def _resolved(parts: Sequence[JoinedPart], text: str, side: Side) -> str:
    """Return the tensor that a name is of: a node of the joined graph, or an argument of a signature of a part."""
    if any(node_of(text) in part.model.graph for part in parts):
        return text
    for part in parts:
        below = f"{part.scope}/" if part.scope else ""
        if text.startswith(below):
            inner = text.removeprefix(below)
            (found,) = named_tensors(part.model, [inner], side, "join")
            if found != inner:
                return found
    return text


def _take_savers(parts: Sequence[JoinedPart]) -> tuple[str | list[TakenSaver], list[str]]:
    """Take the savers out of several models that have some; the only one stays."""
    saving = [part.model for part in parts if part.model.variables or _restore_op(part.model)]
    if len(saving) < 2:
        return ("kept" if any(map(_restore_op, saving)) else "none"), []
    taken = [take_saver(each, "join") for each in saving]
    unsaved = [name for each in taken for name in each.unsaved]
    notes = [f"the saver does not save {some_of(unsaved)} any more: no key is known"] if unsaved else []
    return taken, notes


def _restore_op(model: Model) -> str:
    return "" if model.meta is None else model.meta.saver_def.restore_op_name


def _take_in(model: Model, part: JoinedPart) -> Iterator[RenamedFunctionRow]:
    """Put the nodes and functions of a model behind those of another."""
    other = part.model
    separate_frames(other, frame_names(model.graph, model.meta))
    separate_state(other, shared_names(graph for _, graph in model.graphs()), part.scope)
    new = separate_functions(other, model.library)
    library, more = model.library, other.library
    added = {name: function for name, function in more.functions.items() if name not in library.functions}
    library.functions = {**library.functions, **added}
    library.is_set = library.is_set or more.is_set
    gradients, registered = library.rest.gradient, library.rest.registered_gradients
    gradients.extend(entry for entry in more.rest.gradient if entry not in gradients)
    registered.extend(entry for entry in more.rest.registered_gradients if entry not in registered)
    model.graph.set_nodes([*model.graph, *other.graph])
    return (RenamedFunctionRow(now, old, part.scope) for old, now in new.items())


def _join_values(model: Model, parts: Sequence[JoinedPart]) -> list[str]:
    """Put the values of all models into one checkpoint."""
    merged: dict[str, Tensor] = {}
    for part in parts:
        merged.update(part.model.variables)
    scoped = [(part.model.variables, part.scope) for part in parts]
    lost = unite_object_graphs(merged, scoped, keeps_root=False)
    model.variables = merged
    if not lost:
        return []
    return [f"tf.train.Checkpoint does not find by objects, for others are at their paths: {some_of(lost)}"]
