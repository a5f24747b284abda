"""Removal of nodes that hand on what they read, in a whole model: graph, function bodies, and what is around them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeAlias

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.names import Names, split_names
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.rewrites.simplifying.pass_through import PassThrough
from graphsurgeon.rewrites.simplifying.protected import Protected
from graphsurgeon.weights import find_weights

#: Weights of a graph, as `found_weights` has them.
FoundWeights: TypeAlias = "list[tuple[str, str, bool]]"


@dataclass(frozen=True)
class HandedOnRow:
    """A node that went, and the node that is read instead; those of function bodies as FUNCTION/node."""

    node: str
    op: str
    instead: str


@dataclass(frozen=True)
class StaysRow:
    """A node of those ops that stays, and why."""

    node: str
    op: str
    reason: str


@dataclass(frozen=True)
class RemoveNodesReport(Displayed):
    """Which nodes a pass took out, which stay, and notes."""

    removed: list[HandedOnRow]
    kept: list[StaysRow]
    notes: list[str] = field(default_factory=list)


def hand_on(
    model: Model,
    operation: str,
    op: Names,
    outputs: Names,
    inputs: Names,
    max_inputs: int = 1,
) -> RemoveNodesReport:
    """Take nodes of some ops out of a model, unless somebody needs them as they are.

    Reads of constants stay when without them other constants, or fewer, would be taken for weights.
    """
    ops = frozenset(split_names(op))
    if not ops:
        raise PassError(operation, "no ops are named", hint='such as `op="Identity"`', is_usage=True)
    protected = Protected(model, outputs, inputs, operation)
    reads = _reads(model, ops)
    before = model.snapshot() if reads else None
    # One index for all that looks at the graph, before and after: making one is a good part of each look.
    index = Index(model.graph) if reads else None
    weights = found_weights(model, index) if reads else []
    done = _hand_on(model, ops, max_inputs, protected, (), index)
    if before is not None and found_weights(model, index) != weights:
        model.restore(before)
        done = _hand_on(model, ops, max_inputs, protected, reads)
        done.notes.append("reads of constants stay, because without them weights would not be known any more")
    if model.meta is not None and done.removed:
        update_meta_graph(model, Removal({node.name for node in model.graph}, saver="kept"))
    return done


def hand_on_reads(model: Model, protected: Protected, weights: FoundWeights | None = None) -> list[str]:
    """Take Identities that read constants out of a graph, if weights are known without them; return those that went.

    These are the `weights`, or those that are found before.
    """
    reads = _reads(model, ("Identity",))
    if not reads:
        return []
    index = Index(model.graph)
    before = model.snapshot()
    if weights is None:
        weights = found_weights(model, index)
    edit = GraphEdit(model.graph, index)
    removal = PassThrough(edit, OpSignatures(model.library.functions), protected.of(None))
    removal.remove([model.graph[name] for name in reads])
    edit.apply()
    if found_weights(model, index) != weights:
        model.restore(before)
        return []
    return [*removal.gone]


def _hand_on(
    model: Model,
    ops: Collection[str],
    max_inputs: int,
    protected: Protected,
    reads: Collection[str],
    index: Index | None = None,
) -> RemoveNodesReport:
    signatures = OpSignatures(model.library.functions)
    done = RemoveNodesReport([], [])
    for function, graph in model.graphs():
        nodes = graph.nodes_of(ops)
        if not nodes:
            continue
        scope = "" if function is None else f"{function}/"
        edit = GraphEdit(graph, index if function is None else None)
        removal = PassThrough(edit, signatures, protected.of(function))
        if function is None and reads:
            removal.keep(reads, "without it, weights would not be known any more")
        removal.remove(nodes, max_inputs=max_inputs)
        op_of = {node.name: node.op for node in nodes}
        edit.apply()
        done.removed.extend(HandedOnRow(scope + name, op_of[name], source) for name, source in removal.gone.items())
        done.kept.extend(StaysRow(scope + name, op_of[name], reason) for name, reason in removal.stays.items())
    return done


def _reads(model: Model, ops: Collection[str]) -> list[str]:
    """Return the nodes of some ops that read a constant."""
    found = []
    for node in model.graph.nodes_of(ops):
        producer = model.graph.get(node.data_inputs[0]) if node.data_inputs else None
        if producer is not None and producer.op == "Const":
            found.append(node.name)
    return found


def found_weights(model: Model, index: Index | None = None) -> FoundWeights:
    """Return the weights of a graph: constant, variable, whether it is trained; costs a good look at all nodes."""
    return sorted((each.node.name, each.variable, each.trainable) for each in find_weights(model, index).weights)
