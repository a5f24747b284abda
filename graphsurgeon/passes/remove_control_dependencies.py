"""Drop control inputs: nodes do not wait any more for what they do not read.

For: graphs that are served, where checks (Assert), updates and summaries are not wanted; what only control inputs
needed is dead afterwards, and `prune` takes it out.

Prerequisites: none.

Leaves behind: the same nodes; those that give tensors wait for nobody. Ops that give none, such as a NoOp that runs
initializers or a training step, stay as they are, for waiting is all they do. So do nodes that are named around the
graph: of a saver, which would return before it has saved, and of collections and signatures.

What else it meets: in loops and branches of control flow v1 control inputs stay: they tell in which frame a constant
is, and whether a branch is taken. What reads or changes a variable, or another resource, goes on waiting, and so does
what is computed for it: that tells which of two changes comes first, as of Adam's slots and its powers. In function
bodies they go alike; what has to run for a function (`control_ret`) still does. Colocation and devices stay.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from graphsurgeon.display import Displayed
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.frames import ENTER_OPS, frames_of
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.names import Names, split_names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.editing.branches import guards_of, has_branches
from graphsurgeon.rewrites.simplifying.protected import named_around
from graphsurgeon.tensors.dtypes import RESOURCE


@dataclass(frozen=True)
class FreedRow:
    """A node that waits for nobody any more, and for how many it waited; of function bodies as FUNCTION/node."""

    node: str
    op: str
    controls: int


@dataclass(frozen=True)
class WaitingRow:
    """A node that goes on waiting, and why."""

    node: str
    op: str
    reason: str


@dataclass(frozen=True)
class RemoveControlDependenciesReport(Displayed):
    """What `remove_control_dependencies` did."""

    freed: list[FreedRow]
    kept: list[WaitingRow]


@model_pass()
def remove_control_dependencies(model: Model, *, exclude: Names = ()) -> RemoveControlDependenciesReport:
    """Drop control inputs: nodes do not wait any more for what they do not read.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    exclude : str or sequence of str
        Ops that go on waiting, such as Print.
    """
    report = RemoveControlDependenciesReport([], [])
    signatures = OpSignatures(model.library.functions)
    named = set(named_around(model.meta))
    for function, graph in model.graphs():
        scope = "" if function is None else f"{function}/"
        _free(graph, signatures, named if function is None else (), split_names(exclude), scope, report)
    return report


def _free(
    graph: Graph,
    signatures: OpSignatures,
    named: Collection[str],
    exclude: Collection[str],
    scope: str,
    report: RemoveControlDependenciesReport,
) -> None:
    """Drop the control inputs of one graph or function body."""
    inside = frames_of(graph, Index(graph)) if graph.nodes_of(ENTER_OPS) else {}
    guarded = guards_of(graph) if has_branches(graph) else {}
    edit = GraphEdit(graph)
    ordered = _ordered(graph, signatures, edit.index) if any(node.control_inputs for node in graph) else set[str]()
    for node in graph:
        controls = node.control_inputs
        if not controls:
            continue
        reason = ""
        if node.name in inside or node.name in guarded:
            reason = "they tell in which loop or branch it is"
        elif node.name in named:
            reason = "is named around the graph"
        elif node.op in exclude:
            reason = "is of an op that goes on waiting"
        elif not signatures.of(node).outputs:
            reason = "gives no tensor, so that waiting is what it is for"
        elif node.name in ordered:
            reason = "reads or changes state, or is computed for what does, and waiting tells when"
        if reason:
            report.kept.append(WaitingRow(scope + node.name, node.op, reason))
        else:
            edit.set_inputs(node, node.data_inputs)
            report.freed.append(FreedRow(scope + node.name, node.op, len(controls)))
    edit.apply()


def _ordered(graph: Graph, signatures: OpSignatures, index: Index) -> set[str]:
    """Return the nodes that are given a variable or another resource, and not just a value; and what they compute with.

    Adam's powers are updated so: ``Assign(power, Mul(power/read, beta, ^update_w))``.
    """
    found = set[str]()
    stack = [node for node in graph if _touches_state(node, signatures, index)]
    while stack:
        node = stack.pop()
        if node.name not in found:
            found.add(node.name)
            stack += [each for each in map(index.producer, node.data_inputs) if each is not None]
    return found


def _touches_state(node: Node, signatures: OpSignatures, index: Index) -> bool:
    """Whether a node is given a variable, or another resource, and not just a value."""
    if RESOURCE.number in (signatures.of(node).inputs or ()):
        return True
    return any(signatures.is_reference(index.producer(text), text) for text in node.data_inputs)
