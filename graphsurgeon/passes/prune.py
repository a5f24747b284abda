"""Extract the subgraph that outputs depend on, with new inputs where asked.

For: serving and porting. Training, input pipelines and heads that nobody asks for go; a
graph can be cut off behind a decoder, a dataset or a placeholder for training.

Prerequisites: the names of the outputs. What they need must be well formed; what is wrong
with the rest goes with it, and so does colocation with nodes that are not there.

Leaves behind: the nodes that the outputs need by data and control inputs, in their order
and unedited, and the versions as they were. A node named in ``inputs`` becomes a
Placeholder of the same name with the dtype it had and its shape as far as that is known;
of several outputs that are read, the others become Placeholders of their own. So does a
loose end: a name that is read and that no node has.

What else it meets: colocation is not a dependency; a node whose ``loc:@x`` goes loses that
entry. Function bodies stay whole, functions that nothing calls any more go. What sets the kept
variables, tables and queues up stays: initializers, reads, queue runners, and main and init ops
cut down to what is left of them; of a graph alone, the ops that fill tables. The ``save/``
subgraph stays when all it saves stays, is made anew for the variables and tables that are left,
or goes. Entries of collections, signatures, assets and values of variables go with their nodes,
control-flow contexts are cut down; a TensorFlow 2 object graph goes when functions that it
exports do, and the saver made anew restores what only the objects did. While loops stay
whole, because their nodes need each other; an input inside of one is declined. Devices stay.
All that went is in the report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.colocation import colocated_with, drop_colocation
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.function_calls import called_functions, trim_library
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.arguments import find_outputs, named_tensors
from graphsurgeon.meta_graph.dangling import idle_inputs
from graphsurgeon.meta_graph.dependencies import initialization_dependencies
from graphsurgeon.names import Names, split_names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.pruning.input_tensors import give_nodes
from graphsurgeon.rewrites.pruning.kept_saver import OldSaver, find_saver, lost_values, remake_saver
from graphsurgeon.rewrites.pruning.new_inputs import InputMaker, NewInput
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.variables.saver import Saver
from graphsurgeon.variables.state_choice import StateChoice


@dataclass(frozen=True)
class InputRow:
    """A node that is an input now, and what it was."""

    node: str
    op: str
    dtype: str
    shape: list[int | None] | None


@dataclass(frozen=True)
class RemovedRow:
    """A node that went."""

    node: str
    op: str


@dataclass(frozen=True)
class ReferenceRow:
    """An entry around the graph that went, or `part` of it."""

    where: str
    name: str
    part: str


@dataclass(frozen=True)
class ColocationRow:
    """A node, and what it was to share a device with until that went."""

    node: str
    target: str


@dataclass(frozen=True)
class PruneReport(Displayed):
    """What `prune` did.

    Attributes
    ----------
    outputs : list of str
        The nodes that were asked for.
    inputs : list of InputRow
    num_nodes : int
        How many there are now.
    removed : list of RemovedRow
        Every node that went, in graph order.
    functions : list of str
        The functions that went.
    variables : list of str
        The checkpoint keys of the values that went.
    references : list of ReferenceRow
        Entries of collections, signatures and assets that went.
    colocations : list of ColocationRow
    saver : {"none", "kept", "remade", "removed"}
    notes : list of str
    """

    outputs: list[str]
    inputs: list[InputRow]
    num_nodes: int
    removed: list[RemovedRow]
    functions: list[str]
    variables: list[str]
    references: list[ReferenceRow]
    colocations: list[ColocationRow]
    saver: Literal["none", "kept", "remade", "removed"]
    notes: list[str] = field(default_factory=list)


@model_pass(tolerates="everything", rewires=True)
def prune(
    model: Model,
    *,
    outputs: Names,
    inputs: Names = (),
    input_type: Names = (),
    input_shape: Names = (),
    drop_state: Names = (),
) -> PruneReport:
    """Extract the subgraph that outputs depend on, and what belongs to it in the model.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    outputs : str or sequence of str
        Nodes to keep, with all they need: prob or prob:0, or outputs as a signature calls them; also several
        separated by commas.
    inputs : str or sequence of str
        Nodes, or inputs as a signature calls them, to feed from now on; each becomes a Placeholder, one for each
        output that is read.
    input_type : str or sequence of str
        The dtype of the inputs, one for all or one for each; by default what they have.
    input_shape : str or sequence of str
        The shape of the inputs, as in 1,224,224,3 with ? for unknown, one for all or one
        for each; by default what is known of it.
    drop_state : str or sequence of str
        Names or patterns of tables, iterators ..., or of their keys, that a saver need not save any more.

    Raises
    ------
    NotFoundError
        There is no such node; near names are in the error.
    PassError
        A node cannot become an input, or state that is no variable would be lost.
    GraphError
        What the outputs need is not well formed.
    """
    producers = Index(model.graph).producers
    wanted = [node.name for node in find_outputs(model, producers, split_names(outputs), "prune")]
    if not wanted:
        raise PassError("prune", "no outputs are named", hint='name the nodes to keep: `outputs="prob"`')
    tensors = give_nodes(model, named_tensors(model, split_names(inputs), "inputs", "prune"), "prune")
    index = Index(model.graph)
    maker = InputMaker(model.graph, index, OpSignatures(model.library.functions), "prune")
    for name in tensors.sources:
        maker.refuse_in_loop(index.producers[name])
    made = [*maker.make(tensors.names, split_names(input_type), input_shape), *maker.make(tensors.more, (), ())]
    choice = StateChoice(model, index, drop_state, "prune")
    plan = _plan(model, index, wanted, {new.old.name: new.node for new in made if new.node is not new.old}, choice)
    maker.check_readers(made, plan.kept)
    removed = [RemovedRow(node.name, node.op) for node in model.graph if node.name not in plan.kept]
    lost = lost_values(model, index, plan.kept - plan.replaced.keys(), choice)
    notes = [*_input_notes(made, plan), *plan.notes]
    plan.edit.apply()
    functions = trim_library(model.library, called_functions(model.graph, model.library))
    for key in lost:
        del model.variables[key]
    references = update_meta_graph(model, Removal(plan.kept, plan.replaced, plan.saver, bool(lost)))
    return PruneReport(
        list(dict.fromkeys(wanted)),
        [_input_row(new, tensors.was) for new in made if new.old.name in plan.kept],
        len(model.graph), removed, functions, lost,
        [ReferenceRow(*gone) for gone in references],
        plan.colocations, plan.saver if isinstance(plan.saver, str) else "remade", notes,
    )  # fmt: skip


@dataclass
class _Plan:
    """What is to be done: gathered before anything is edited."""

    kept: set[str]
    replaced: dict[str, Node]
    edit: GraphEdit
    colocations: list[ColocationRow]
    saver: Saver | Literal["none", "kept", "removed"]
    notes: list[str]


def _plan(model: Model, index: Index, wanted: Sequence[str], replaced: dict[str, Node], choice: StateChoice) -> _Plan:
    producers = {**index.producers, **replaced}
    also, init = initialization_dependencies(model.meta, index.producers, replaced)
    kept = ancestors(producers, wanted, also)
    # A signature may have inputs that its outputs do not need; TensorFlow feeds them all the same.
    before = ancestors(index.producers, wanted, also) if replaced else kept
    more = idle_inputs(model.meta, kept, before) if model.meta is not None else []
    old = find_saver(model, index)
    keeps_saver = old.is_whole and old.state <= kept and replaced.keys().isdisjoint(old.nodes) and not choice.drops_any
    kept = ancestors(producers, [*wanted, *more, *(old.names if keeps_saver else ())], also)
    cut = init.cut(kept)
    kept.update(cut)
    edit = GraphEdit(model.graph)
    edit.keep(kept)
    for name in replaced.keys() & kept:
        edit.replace(name, [replaced[name]])
    for name, waits in cut.items():
        if waits != producers[name].inputs:
            edit.set_inputs(producers[name], waits)
    plan = _Plan(kept, replaced, edit, _cut_colocations(edit, kept), "kept" if old.names else "none", [])
    if old.names and not keeps_saver:
        _replace_saver(model, index, old, plan, choice)
    return plan


def _cut_colocations(edit: GraphEdit, kept: set[str]) -> list[ColocationRow]:
    """Drop colocation with nodes that go."""
    rows = []
    for node in edit.nodes():
        gone = [name for name in colocated_with(node) if name not in kept]
        if gone:
            drop_colocation(edit.edit(node), gone)
            rows += [ColocationRow(node.name, name) for name in gone]
    return rows


def _replace_saver(model: Model, index: Index, old: OldSaver, plan: _Plan, choice: StateChoice) -> None:
    left = [node for node in plan.edit.nodes() if node.name not in plan.replaced]
    made, unsaved, more = remake_saver(model, index, old, left, choice)
    plan.saver = made or "removed"
    plan.kept.update(node.name for node in more)
    for node in [*more, *(made.nodes if made is not None else ())]:
        plan.edit.add(node)
    if unsaved:
        plan.notes.append(
            f"the saver does not save {', '.join(unsaved)} any more: no variable, or its key is not known"
        )


def _input_notes(made: Sequence[NewInput], plan: _Plan) -> Iterator[str]:
    for new in made:
        if new.old.name not in plan.kept:
            yield f"the outputs do not need the input {new.old.name!r}"
    names = {new.old.name for new in made}
    others = [node.name for node in plan.edit.nodes() if node.op == "Placeholder" and node.name not in names]
    if made and others:
        yield f"the outputs also need {', '.join(others)} to be fed"


def _input_row(new: NewInput, was: Mapping[str, str]) -> InputRow:
    op = was.get(new.old.name, new.old.op)
    return InputRow(new.old.name, op, new.dtype.name, None if new.shape.dims is None else list(new.shape.dims))
