"""Convert the variables of a graph into constants: the inverse of `unfreeze`.

For: deployment. One GraphDef that needs no checkpoint.

Prerequisites: a well-formed graph, and in ``model.variables`` the values of its
checkpoint. Which key holds which variable is read from the graph's own saver, so
renamed keys and partitioned variables work; see `checkpoint_keys`.

Leaves behind: the nodes that the outputs need, in their order, every variable among
them a Const; what read a handle reads the value (see `value_flow`). Where TensorFlow's
`convert_variables_to_constants` has a result, this is it, and what it loses comes along:
tables, ensembles of trees and the like, with one op that sets them up (see `carried_state`).
What `unfreeze` had put in is taken out again, so that freezing its result gives the graph it
was given. With ``keep`` or ``only``, the variables that stay have their initializers, a
working saver and their place in the collections; with ``remember``, each constant holds a
note of what it was.

What else it meets: function bodies are followed, a function that takes a frozen variable
becomes a copy ``<base>_frozen_<n>``. Ops that change frozen variables (batch-norm updates)
are cut and reported when they only serve training; when the outputs need them they are
declined by name, or computed (``updates="compute"``, see `update_results`). Frames and
branches stay, control inputs too, except those on what was cut. Colocation is a need, as
it is for TensorFlow; where its target goes, the entry goes. Devices of constants go, as
with TensorFlow; ``clear_devices`` drops all. The calls of a TensorFlow 2 SavedModel are
inlined, see `flattening`. What fills tables stays with them, and the ops that run all
initializers, cut down to that. Signatures, collections and assets stay as far as their nodes
do, so a SavedModel can be one again; a GraphDef has none. The saver goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graphsurgeon.checks import ERROR, verify
from graphsurgeon.display import Displayed
from graphsurgeon.errors import LimitError, PassError, near_names
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.endpoints import guess_inputs, guess_outputs
from graphsurgeon.ir.function_calls import called_functions
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.arguments import find_outputs, named_tensors
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE
from graphsurgeon.meta_graph.references import tensor_names
from graphsurgeon.names import Names, matches_any, some_of, split_names, split_patterns, unmatched
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.freezing.asset_paths import settle_asset_paths
from graphsurgeon.rewrites.freezing.carried_state import CarriedState, StateRow
from graphsurgeon.rewrites.freezing.kept import KeptVariables
from graphsurgeon.rewrites.freezing.output_hint import OutputHint
from graphsurgeon.rewrites.freezing.surroundings import Surroundings
from graphsurgeon.rewrites.freezing.to_constants import check_value, needed_variables, to_constants
from graphsurgeon.rewrites.freezing.training_mode import training_mode_notes
from graphsurgeon.rewrites.freezing.update_results import UpdateResults, compute_updates
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import EMA, VariableValues, variable_nodes
from graphsurgeon.variables.remembered import Memory
from graphsurgeon.variables.state_choice import StateChoice
from proto_utils.errors import NotFoundError
from proto_utils.schema import MAX_MESSAGE_NBYTES


@dataclass(frozen=True)
class FrozenRow:
    """A variable that became a constant; `name` is its key in the checkpoint."""

    name: str
    node: str
    dtype: str
    shape: list[int]
    nbytes: int


@dataclass(frozen=True)
class FreezeReport(Displayed):
    """What `freeze` did.

    Attributes
    ----------
    outputs : list of str
        The nodes that were kept with all they need.
    constants : list of FrozenRow
        In graph order.
    variables : list of str
        The variables that stayed.
    removed : int
        How many nodes the outputs did not need.
    cut : list of str
        Ops that changed a frozen variable, ``function/node`` in a function body.
    notes : list of str
    state : list of StateRow
        The tables and the like that came along, with what fills them.
    initializer : str or None
        The op that fills those, which is to be run once, first.
    """

    outputs: list[str]
    constants: list[FrozenRow]
    variables: list[str]
    removed: int
    cut: list[str]
    notes: list[str] = field(default_factory=list)
    state: list[StateRow] = field(default_factory=list)
    initializer: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        tables = {"constants": [vars(row) for row in self.constants], "state": [vars(row) for row in self.state]}
        return {**vars(self), **tables}


@model_pass(rewires=True)
def freeze(  # noqa: PLR0913 -- they are the options of a verb
    model: Model,
    *,
    outputs: Names = (),
    signature: str | None = None,
    keep: Names = (),
    only: Names = (),
    ema: bool = False,
    initializers: Names = (),
    keep_calls: bool = False,
    clear_devices: bool = False,
    remember: bool = False,
    drop_state: Names = (),
    updates: UpdateResults = "decline",
) -> FreezeReport:
    """Convert the variables of a graph into constants.

    Parameters
    ----------
    model : Model
        Edited in place; the values stay where they are.
    outputs : str or sequence of str
        Nodes to keep, with all they need: prob or prob:0, or outputs as a signature calls them; also several
        separated by commas.
    signature : str or None
        The signature whose outputs are kept as well; the only one there is, and all of a SavedModel, when nothing is
        named.
    keep : str or sequence of str
        Names or patterns of variables that stay variables.
    only : str or sequence of str
        Names or patterns of the only variables to freeze.
    ema : bool
        Take the exponential moving average of a variable where the checkpoint has one.
    initializers : str or sequence of str
        Initializer ops to evaluate first; what they assign replaces the checkpoint's values.
    keep_calls : bool
        Leave the calls of functions that a TensorFlow 2 SavedModel consists of; by default its graph becomes flat.
    clear_devices : bool
        Drop the devices of all nodes, in function bodies too.
    remember : bool
        Note in each constant what it was, so that unfreeze makes the same variable of it again.
    drop_state : str or sequence of str
        Names or patterns of tables, iterators ..., or of their keys, whose state is not to come along.
    updates : {"decline", "compute"}
        What to do about ops that change a variable when an output needs their result, as in quantization-aware
        training: decline, or let every run compute the result from the values frozen, as the first run does.

    Raises
    ------
    NotFoundError
        An output, or the value of a variable, does not exist.
    PassError
        Something needs a variable as a variable, or a state cannot come along; the node is named.
    LimitError
        The constants are past the 2 GiB of a GraphDef.
    """
    before = {node.name for node in model.graph}
    named, notes = _ends(model, outputs, signature, keep_calls=keep_calls)
    kept_names = _kept(model, keep, only)
    notes += _settled(model, kept_names if keep else set())
    index = Index(model.graph)
    roots = [node.name for node in find_outputs(model, index.producers, named, "freeze", signature)]
    computed = compute_updates(model.graph, roots) if updates == "compute" else []
    index = Index(model.graph) if computed else index
    around = Surroundings(model, index, roots, {node.name for node in variable_nodes(model.graph)} - kept_names)
    choice = StateChoice(model, index, drop_state, "freeze")
    state = CarriedState(model, index, around.roots, choice)
    variables = needed_variables(model, index, [*around.roots, *state.roots])
    frozen = [node for node in variables if node.name not in kept_names]
    kept = [node.name for node in variables if node.name in kept_names]
    if kept:
        state = CarriedState(model, index, around.roots, choice, has_saver=True)
    values = _values(model, index, frozen, split_names(initializers), ema=ema)
    tensors = {name: tensor for name, (_, tensor) in values.items()}
    _check_nbytes({**tensors, **state.values})
    _check_bodies(model, index, [*around.roots, *state.roots])
    memory = Memory(model, index, tensors) if remember else None
    notes += training_mode_notes(index, roots, [node.name for node in variable_nodes(model.graph)])
    hint = OutputHint(index, roots, can_compute=updates == "decline")
    staying = KeptVariables(model, index, kept, list(tensors), around.roots, choice) if kept else None
    also, init = ({}, around.init) if staying is None else (staying.also, staying.init)
    init.wanted = around.init.wanted
    initializer = state.add()
    ends = [*around.roots, *([] if initializer is None else [initializer])]
    cut = to_constants(model, ends, tensors, operation="freeze", also=also, init=init, hint=hint)
    notes += around.finish() if staying is None else staying.finish()
    state.list_in(model.meta, initializer)
    if kept:
        _check_types(model)
    notes += state.notes(initializer)
    if memory is not None:
        memory.write(model.graph)
    if clear_devices:
        _clear_devices(model)
    rows = [FrozenRow(values[n.name][0], n.name, *_facts(values[n.name][1])) for n in frozen]
    notes += [_ema_coverage(rows)] if ema else []
    notes += [_computed(computed)] if computed else []
    removed = len(before.difference(node.name for node in model.graph))
    return FreezeReport(
        list(dict.fromkeys(roots)), rows, kept, removed, cut, notes, state.rows(), initializer,
    )  # fmt: skip


def _outputs(model: Model, outputs: Sequence[str], signature: str | None) -> list[str]:
    """Return the names of the outputs, those of a signature among them."""
    names = split_names(outputs)
    signatures = {} if model.meta is None else model.meta.signature_def
    if signature is not None and signature not in signatures:
        raise NotFoundError("signature", signature, near_names(signature, signatures) or sorted(signatures)[:3])
    chosen = [] if signature is None else [signature]
    if not chosen and not names:
        chosen = sorted(key for key in signatures if key != INIT_SIGNATURE and signatures[key].outputs)
        if not chosen or (len(chosen) > 1 and model.saved_model is None):
            raise _no_outputs(model, chosen)
    for infos in (signatures[key].outputs for key in chosen):
        names += [name for key in sorted(infos) for name in tensor_names(infos[key]) if name]
    return list(dict.fromkeys(names))


def _ends(
    model: Model, outputs: Sequence[str], signature: str | None, *, keep_calls: bool
) -> tuple[list[str], list[str]]:
    """Return the outputs, and notes; the calls of a TensorFlow 2 SavedModel are inlined then."""
    stays = keep_calls or model.meta is None or not model.meta.HasField("object_graph_def")
    if stays:
        return named_tensors(model, _outputs(model, outputs, signature), "outputs", "freeze", signature), []
    # Few graphs have calls.
    from graphsurgeon.rewrites.inlining.flattening import flatten
    from graphsurgeon.rewrites.inlining.twins import merge_twins

    notes = [] if outputs or signature else merge_twins(model)
    names = named_tensors(model, _outputs(model, outputs, signature), "outputs", "freeze", signature)
    names, left = flatten(model, names)
    return names, notes + [f"the call {name} stays: {reason}" for name, reason in left.items()]


def _no_outputs(model: Model, signatures: Sequence[str]) -> PassError:
    if signatures:
        hint = (
            f"name nodes to keep with `outputs`, or one of the signatures: `signature` {' | '.join(sorted(signatures))}"
        )
        return PassError("freeze", "no outputs were named", hint=hint)
    index = Index(model.graph)
    guessed = [each.name for each in guess_outputs(model.graph, index, guess_inputs(model.graph, index))]
    example = ",".join(guessed[:3]) or "prob"
    return PassError("freeze", "no outputs were named", hint=f'name the nodes to keep: `outputs="{example}"`')


def _kept(model: Model, keep: Sequence[str], only: Sequence[str]) -> set[str]:
    """Return the variables that are to stay variables."""
    names = [node.name for node in variable_nodes(model.graph)]
    keep, only = split_patterns(keep, set(names)), split_patterns(only, set(names))
    for pattern in (*keep, *only):
        if not any(matches_any((pattern,), name) for name in names):
            raise unmatched("variable", pattern, names)
    return {name for name in names if matches_any(keep, name) or (only and not matches_any(only, name))}


def _settled(model: Model, kept: set[str]) -> list[str]:
    """Make the paths of assets constants; return notes on variables that were to stay, and held one."""
    settle_asset_paths(model, "freeze")
    gone = sorted(kept.difference([node.name for node in variable_nodes(model.graph)]))
    return [f"{name} does not stay a variable: it is the path of an asset, which is fed" for name in gone]


def _values(
    model: Model, index: Index, frozen: Sequence[Node], initializers: Sequence[str], *, ema: bool
) -> dict[str, tuple[str, Tensor]]:
    """Return the checkpoint key and the value of each variable."""
    stored, assigned = VariableValues(model, index), {}
    if initializers:
        # Its kernels take longer to import than most graphs to freeze.
        from graphsurgeon.evaluator import assigned_values

        assigned = assigned_values(model, initializers, "freeze")
    values = {}
    for node in frozen:
        name = node.name
        average = stored.average(node) if ema else None
        key, value = (name, assigned[name]) if name in assigned else average or stored[node]
        check_value(node, key, value, "freeze")
        values[name] = (key, value)
    return values


def _check_nbytes(values: Mapping[str, Tensor]) -> None:
    """Refuse constants past the size limit of a GraphDef, before anything is edited."""
    sizes = {name: tensor.nbytes for name, tensor in values.items() if tensor.dtype.itemsize}
    if sum(sizes.values()) > MAX_MESSAGE_NBYTES:
        largest = sorted(sizes, key=lambda name: -sizes[name])[:2]
        names = ", ".join(f'"{name}"' for name in largest)
        hint = (
            f"leave large ones variables, `keep=({names})`, or let all be variables of a SavedModel: "
            '`save(to="saved_model")`'
        )
        raise LimitError("the frozen graph, in bytes,", sum(sizes.values()), MAX_MESSAGE_NBYTES, hint=hint)


def _check_bodies(model: Model, index: Index, roots: Sequence[str]) -> None:
    """Decline variables in function bodies: nothing outside could give them a value any more."""
    if not model.library.functions:
        return
    needed = [index.producers[name] for name in ancestors(index.producers, roots)]
    for name in sorted(called_functions(needed, model.library)):
        node = next(variable_nodes(model.library.functions[name].body), None)
        if node is not None:
            raise PassError("freeze", f"a variable in the body of function {name!r}, not passed to it", node=node.name)


def _check_types(model: Model) -> None:
    """Decline a type conflict: a constant and a variable that stays one meet, as at a Merge of both."""
    for finding in verify(model):
        if finding.severity == ERROR:
            reason = f"variables that stay and constants do not go together here: {finding.message}"
            raise PassError("freeze", reason, node=finding.node)


def _clear_devices(model: Model) -> None:
    for _, graph in model.graphs():
        edit = GraphEdit(graph)
        for node in graph:
            if node.device:
                edit.edit(node).device = ""
        edit.apply()


def _facts(value: Tensor) -> tuple[str, list[int], int]:
    return value.dtype.name, list(value.shape), value.nbytes


def _computed(names: Sequence[str]) -> str:
    text = "changes of variables are computed from the frozen values at every run, as the first run does, and not kept"
    return f"{text}: {some_of(names)}"


def _ema_coverage(rows: Sequence[FrozenRow]) -> str:
    plain = [row.node for row in rows if not row.name.endswith(f"/{EMA}")]
    text = f"moving averages taken for {len(rows) - len(plain)} of {len(rows)} variables"
    return text if not plain else f"{text}; not for {', '.join(plain[:5])}{' ...' if len(plain) > 5 else ''}"
