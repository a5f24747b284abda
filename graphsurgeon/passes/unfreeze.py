"""Convert the weights of a frozen graph back into variables: the inverse of `freeze`.

For: fine-tuning, pruning or porting a model of which only the frozen ``.pb`` is left.

Prerequisites: a well-formed graph. Constants count as weights by evidence, see
`weights`; ``select``, ``exclude`` and ``only`` overrule it. Where `freeze` left notes of what was
a variable, they decide, and the same variables come back (see `remembered`).

Leaves behind: every weight ``X`` as a variable of the same name with its initializer
and ``X/read`` (the frozen graph's own, where it has one), all readers of ``X`` on that
read, an op ``init`` that runs all initializers, a ``save/`` subgraph with its SaverDef, the
variables' collections, and the values in ``model.variables``. Feeds, fetches, ``loc:@X`` and
checkpoint keys stay valid. Where tracing a function had lost the names of variables, they are
called after the layers that read them (see `weights.reader_names`), and the constant's name is that
of a read.

What else it meets: functions keep their bodies (constants inside are reported as kept;
constants passed in as arguments become variables outside). A constant inside a while
frame or a cond branch becomes a variable outside; its value enters as a loop invariant,
and an Identity takes over the constant's control inputs and who waits for it. Devices
follow the constant. Variables that the graph holds already are saved too, under the keys
they have, and so are tables and other state. Signatures, collections and contexts follow
where a name stands for another thing than before. Attrs that name a gradient function which
did not survive freezing are dropped, and reported. A note of all this goes into the collection
``graphsurgeon/unfreeze``, so that `freeze` can undo it exactly.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from graphsurgeon.display import Displayed, Rows
from graphsurgeon.errors import PassError
from graphsurgeon.ir.frames import ENTER_OPS
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import NAME
from graphsurgeon.ir.node_messages import with_attr
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.meta_graph.assets import asset_files
from graphsurgeon.meta_graph.collections import list_variables, listed_variables
from graphsurgeon.meta_graph.contexts import retarget_contexts
from graphsurgeon.meta_graph.dependencies import TABLE_INITIALIZERS, list_table_fillers
from graphsurgeon.meta_graph.references import retarget_tensors
from graphsurgeon.meta_graph.version import VERSION, stamp_version
from graphsurgeon.names import Names, some_of, split_patterns
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.freezing.dead_gradients import drop_dead_gradients, gradient_notes
from graphsurgeon.rewrites.freezing.to_variables import ToVariables, VariableRow, check_types
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.group_op import install_init_op
from graphsurgeon.variables.layout import VariableKind, existing_variables
from graphsurgeon.variables.saved_state import SavedState
from graphsurgeon.variables.saver import SavedVariable, install_saver
from graphsurgeon.variables.unfreeze_note import ATTR
from graphsurgeon.weights import Kept, VariableNames, Weight, WeightPlan, find_weights, require_constants
from graphsurgeon.weights.hidden import hidden_notes
from graphsurgeon.weights.reader_scopes import has_captures
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    from graphsurgeon.rewrites.freezing.held import HeldVariable
    from graphsurgeon.rewrites.training.contexts import ContextRow

_NOT_NOTED = "freeze noted which constants were variables, and not this one"
_ASSET = "an asset's path, which who loads the model feeds"
# What loops and conditionals begin with.
_SPLITTING = ENTER_OPS | {"Switch", "RefSwitch"}
_LEFT = "freeze noted that it was a variable; left out as asked for"


class KeptRow(NamedTuple):
    """A constant of more than one element that stayed one."""

    node: str
    dtype: str
    shape: list[int]
    nbytes: int
    reason: str


class UnfreezeReport(Displayed):
    """What `unfreeze` did.

    Attributes
    ----------
    variables : list of VariableRow
        In graph order.
    kept : list of KeptRow
        Every constant of more than one element left as it is, with the reason.
    notes : list of str
        What else was changed or could not be done.
    contexts : list of ContextRow or None
        The loops and branches of conditionals, as `rebuild_contexts` lists them; None where no contexts were made.
    """

    __slots__ = ("contexts", "kept", "notes", "variables")

    def __init__(
        self,
        variables: list[VariableRow],
        kept: list[KeptRow],
        notes: list[str],
        contexts: list[ContextRow] | None = None,
    ) -> None:
        self.variables = variables
        self.kept = kept
        self.notes = notes
        self.contexts = contexts

    def _facts(self) -> dict[str, Any]:
        rows: dict[str, Sequence[NamedTuple]] = {"variables": self.variables, "kept": self.kept}
        tables = {name: Rows(lambda row: row._asdict(), each) for name, each in rows.items()}
        contexts = None if self.contexts is None else [vars(each) for each in self.contexts]
        return {**tables, "notes": self.notes, "contexts": contexts}


# Where freezing left a constant to an op that changes variables, the edge is sound again afterwards; where constant
# folding took a variable's name away that other nodes are placed with, it is back.
@model_pass(tolerates=("input-type", "colocation"))
def unfreeze(  # noqa: PLR0913 -- each is one option
    model: Model,
    *,
    select: Names = (),
    exclude: Names = (),
    only: Names = (),
    trainable: Names = (),
    not_trainable: Names = (),
    variables: VariableKind = "ref",
    names: VariableNames = "readers",
    drop_state: Names = (),
    contexts: bool = True,
) -> UnfreezeReport:
    """Convert the weights of a frozen graph back into variables.

    Parameters
    ----------
    model : Model
        Edited in place; its values are not read.
    select : str or sequence of str
        Names or patterns of constants to take whatever the evidence says.
    exclude : str or sequence of str
        Names or patterns of constants to leave as they are.
    only : str or sequence of str
        Names or patterns of the only constants to take where the evidence is for it, besides those of `select`.
    trainable : str or sequence of str
        Names or patterns of variables that an optimizer trains, whatever the evidence says.
    not_trainable : str or sequence of str
        Names or patterns of variables that no optimizer trains; of two contradicting patterns the narrower decides.
    variables : {"ref", "resource"}
        The kind of variable to make: reference variables as TensorFlow 1 does, or
        resource variables as TensorFlow 2 does.
    names : {"readers", "keep"}
        What variables are called where tracing a function has lost their names, so that constants are called
        ``unknown_17``: after the layers that read them and what they are there (``conv1/kernel``), or as the
        constants. Others keep their names.
    drop_state : str or sequence of str
        Names or patterns of tables, iterators ..., or of their keys, that a saver need not save any more.
    contexts : bool
        Make the contexts without which TensorFlow 1 differentiates no loop; else leave loops as freezing did.

    Raises
    ------
    PassError
        No constant qualifies, a chosen one cannot be a variable, its name is taken in the checkpoint, patterns
        contradict each other, or state that is no variable would be lost.
    NotFoundError
        A pattern matches no constant, or no variable.
    GraphError
        The graph is not well formed.
    """
    before = set(map(NAME, model.graph))
    select, exclude, only = (split_patterns(each, before) for each in (select, exclude, only))
    patterns = (*select, *exclude, *only)
    may_have_others = names == "readers" and has_captures(node.name for node in model.graph.nodes_of(("Const",)))
    if not may_have_others:
        require_constants(patterns, model)
    again = some_of(_handles_read_again(model))
    states = _other_states(model, drop_state)
    noted_before, noted = _restored(model, exclude, only, states)
    index = Index(model.graph)
    assets = {} if model.meta is None else dict.fromkeys(asset_files(model.meta), _ASSET)
    left = exclude if select or not noted else (".*",)
    plan = find_weights(model, index, select=select, exclude=left, only=only, against=assets, called=names)
    if may_have_others:
        require_constants(patterns, model, (*before, *plan.implied.values()))
    if noted and not plan.weights:
        install_init_op(model, existing_variables(model.graph, index))
        kept = [
            _kept_row(each)._replace(reason=_LEFT if each.node.name in noted_before else _NOT_NOTED)
            for each in plan.kept
            if each.node.name in before
        ]
        notes = ["variables were made again as freeze had noted them", *_list_table_fillers(model)]
        noted, more = _chosen_to_train(model, noted, trainable, not_trainable)
        return _finished(model, noted, kept, notes + more, contexts)
    if not plan.weights:
        # Imported here, as all is that is for few graphs: a small one takes as long as its imports.
        from graphsurgeon.weights.refusal import nothing_qualifies

        raise nothing_qualifies(plan, index, exclude)
    check_types(plan.weights, variables)
    held = _held_variables(model, index)
    _check_keys(plan, held)
    values: dict[str, Tensor] = {}
    surgery = ToVariables(model.graph, index, variables)
    surgery.taken.update(weight.variable for weight in plan.weights)
    for weight in plan.weights:
        values[weight.variable] = surgery.convert(weight.node, weight.variable)
    surgery.finish()
    model.variables.update(values)
    surgery.note.gradient_op_type = drop_dead_gradients(model)
    notes = [f"{again} read variables again: freezing had made them read values"] if again else []
    notes += _naming_notes(plan)
    notes += hidden_notes(plan, index, model.library.functions, (*exclude, *(only and (".*",))))
    notes += gradient_notes(surgery.note.gradient_op_type)
    notes += surgery.remarks + _complete_meta_graph(model, plan, surgery, held, states)
    rows = noted + [_variable_row(weight, values[weight.variable]) for weight in plan.weights]
    folded = {each.variable: each.node.name for each in plan.weights if each.variable != each.node.name}
    rows, more = _chosen_to_train(model, rows, trainable, not_trainable, folded)
    return _finished(model, rows, [_kept_row(kept) for kept in plan.kept], notes + more, contexts)


def _handles_read_again(model: Model) -> list[str]:
    if RESOURCE_OPS.isdisjoint(model.graph.ops):
        return []
    from graphsurgeon.rewrites.freezing.handle_reads import read_handles_again

    return [repr(node.name) for node in read_handles_again(model)]


def _held_variables(model: Model, index: Index) -> list[HeldVariable]:
    if (REF_OPS | RESOURCE_OPS).isdisjoint(model.graph.ops):
        return []
    from graphsurgeon.rewrites.freezing.held import held_variables

    return held_variables(model, index)


def _naming_notes(plan: WeightPlan) -> list[str]:
    if not plan.implied:
        return []
    from graphsurgeon.weights.reader_names import naming_notes

    return naming_notes(plan)


def _finished(
    model: Model, variables: list[VariableRow], kept: list[KeptRow], notes: list[str], contexts: bool
) -> UnfreezeReport:
    """Make contexts, and return the report, with what there is to say of loops and of functions."""
    rows, reasons, index = None, {}, None
    if contexts and not _SPLITTING.isdisjoint(model.graph.ops):
        from graphsurgeon.rewrites.training.contexts import lost_conditionals, lost_loops, rebuild_all

        index = Index(model.graph)
        rows = rebuild_all(model, index=index)
        reasons = lost_loops(rows)
        notes = notes + lost_conditionals(rows)
    if contexts and "_SwitchN" in model.graph.ops:
        from graphsurgeon.rewrites.lowering.switch_rows import switch_notes

        notes = notes + switch_notes(model.graph)
    if not ENTER_OPS.isdisjoint(model.graph.ops):
        from graphsurgeon.rewrites.freezing.loops import loop_notes

        notes = notes + loop_notes(model, reasons, index)
    if model.library.functions:
        from graphsurgeon.meta_graph.oldest import version_notes

        notes = notes + version_notes(model)
    return UnfreezeReport(variables, kept, notes, rows)


def _other_states(model: Model, drop: Sequence[str]) -> list[SavedState]:
    """Return the state that is no variable, for the new saver; what is in no checkpoint yet is not among it."""
    if model.meta is None and not model.variables and not drop:
        return []
    # Imported here: most graphs are frozen ones, and have none.
    from graphsurgeon.variables.checkpoint_keys import VariableValues, variable_nodes
    from graphsurgeon.variables.state_choice import StateChoice

    index = Index(model.graph)
    values = VariableValues(model, index)
    saved = {node.name for node in variable_nodes(model.graph) if values.place(node) is not None}
    return StateChoice(model, index, drop, "unfreeze").savable(model.graph, saved)


def _restored(
    model: Model, exclude: Sequence[str], only: Sequence[str], states: Sequence[SavedState]
) -> tuple[Collection[str], list[VariableRow]]:
    """Make the variables again that `freeze` noted: which constants had notes, and the rows."""
    if next(with_attr(model.graph.nodes_of(("Const",)), ATTR), None) is None:
        return (), []
    # Imported here: most graphs have no notes, and it takes a tenth of what a small graph takes.
    from graphsurgeon.rewrites.freezing.restored import restore_variables
    from graphsurgeon.variables.remembered import remembered_constants

    before = remembered_constants(model.graph)
    return before, restore_variables(model, exclude, only, states=states)


def _chosen_to_train(
    model: Model,
    rows: list[VariableRow],
    trainable: Sequence[str],
    not_trainable: Sequence[str],
    folded: Mapping[str, str] | None = None,
) -> tuple[list[VariableRow], list[str]]:
    """Let the meta graph train what the caller says; return the rows that tell so, and notes."""
    if not (trainable or not_trainable):
        return rows, []
    from graphsurgeon.rewrites.training.trained import choose_trained

    chosen, notes = choose_trained(model, trainable, not_trainable, operation="unfreeze", also=folded)
    for position, row in enumerate(rows):
        if row.node in chosen:
            is_trained, pattern = chosen[row.node]
            text = f"{'' if is_trained else 'not '}trained, as {pattern!r} says"
            rows[position] = row._replace(trainable=is_trained, evidence=[*row.evidence, text])
    return rows, notes


def _check_keys(plan: WeightPlan, held: Sequence[HeldVariable]) -> None:
    keys = {each.place.key: each.variable.node for each in held if each.place is not None}
    for weight in plan.weights:
        name = weight.variable
        if name in keys:
            raise PassError("unfreeze", f"the checkpoint has variable {keys[name]!r} under this name", node=name)


def _complete_meta_graph(
    model: Model,
    plan: WeightPlan,
    surgery: ToVariables,
    held: Sequence[HeldVariable],
    states: Sequence[SavedState],
) -> list[str]:
    """Add the save/ subgraph, SaverDef, collections and version."""
    if model.meta is None:
        model.meta = schema.MetaGraphDef()
    meta = model.meta
    if held:
        from graphsurgeon.rewrites.freezing.held import completed

        held = [completed(each, model, surgery.taken) for each in held]
    saved = [SavedVariable(variable.node, variable) for variable in surgery.variables]
    saved += [variable for each in held for variable in each.saved]
    install_saver(model, [*saved, *states])
    replaced = stamp_version(meta)
    notes = [f"wrote tensorflow_version {VERSION}: no version is {replaced!r}"] if replaced else []
    # Made one by one, for a message of its own takes ten times its bytes.
    entries = (
        (variable.to_proto(trainable=weight.trainable), _collections(weight))
        for weight, variable in zip(plan.weights, surgery.variables, strict=True)
    )
    of_held = []
    known = listed_variables(meta)
    for each in held:
        variable, is_listed = each.variable, f"{each.variable.node}:0" in known
        if not is_listed and variable.initializer and variable.snapshot:
            of_held.append((variable.to_proto(trainable=each.is_trained), each.collections))
        is_state = any(state.holder == variable.node for state in states)
        remark = None if is_state else each.remark(is_listed=is_listed)
        notes += [] if remark is None else [remark]
    list_variables(meta, chain(entries, of_held))
    install_init_op(model, [*(each.variable for each in held), *surgery.variables])
    retarget_contexts(meta, surgery.moved)
    if surgery.kind == "resource":
        # X:0 is a handle now; who named it means its value.
        notes += retarget_tensors(meta, {f"{variable.node}:0": variable.snapshot for variable in surgery.variables})
    surgery.note.write(meta)
    return notes + _list_table_fillers(model)


def _list_table_fillers(model: Model) -> list[str]:
    """List the ops that fill tables where `tf.tables_initializer` finds them."""
    added = [] if model.meta is None else list_table_fillers(model.meta, model.graph, model.library)
    some = some_of([*map(repr, added)])
    return [f"tf.tables_initializer runs {some}: listed in collection {TABLE_INITIALIZERS!r}"] if added else []


def _collections(weight: Weight) -> list[str]:
    """Return the collections that a recovered variable truly belongs to."""
    if weight.role == "global_step":
        return ["variables", "global_step"]
    return ["variables", *(["trainable_variables"] if weight.trainable else []), "model_variables"]


def _variable_row(weight: Weight, value: Tensor) -> VariableRow:
    name, shape = weight.variable, list(value.shape)
    evidence = list(weight.evidence)
    return VariableRow(name, name, value.dtype.name, shape, value.nbytes, weight.trainable, weight.role, evidence)


def _kept_row(kept: Kept) -> KeptRow:
    return KeptRow(kept.path, kept.dtype.name, list(kept.shape), kept.nbytes, kept.reason)
