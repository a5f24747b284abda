"""Merge nodes that compute the same from the same: common subexpression elimination.

For: graphs that were built by scripts which make a constant, a shape or a cast anew wherever they need it.

Prerequisites: a well-formed graph.

Leaves behind: of nodes with the same op, inputs, control inputs, device and attrs the first, or the one that is an
output, an input or named around the graph; who read the others reads that one. Constants are the same when their values
are, up to a size.

What else it meets: weights stay apart, for two of equal values (zero biases) are trained to be different ones. So do
placeholders, what has state or effects, reads a variable, calls functions, or controls the flow of loops and branches.
In function bodies, which are treated alike, all that may be weights stay apart. Nodes that shared a device with one
that went share it with the one that stands for it. Saver, collections, signatures and devices stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.names import Names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.rewrites.simplifying.duplicates import merge_duplicates
from graphsurgeon.rewrites.simplifying.protected import Protected
from graphsurgeon.weights import find_weights
from graphsurgeon.weights.marks import is_resource_gather
from graphsurgeon.weights.scope import constants_of


@dataclass(frozen=True)
class MergedRow:
    """A node that went, and the one that stands for it; those of function bodies as FUNCTION/node."""

    node: str
    op: str
    instead: str


@dataclass(frozen=True)
class MergeDuplicateNodesReport(Displayed):
    """What `merge_duplicate_nodes` did."""

    merged: list[MergedRow]
    notes: list[str] = field(default_factory=list)


@model_pass(rewires=True)
def merge_duplicate_nodes(
    model: Model,
    *,
    outputs: Names = (),
    inputs: Names = (),
    max_constant_size: int = 1 << 16,
) -> MergeDuplicateNodesReport:
    """Merge nodes that compute the same from the same.

    Parameters
    ----------
    model : Model
        Edited in place; the values of small constants are read.
    outputs : str or sequence of str
        Nodes that stay, by name or as a signature calls them; without any, nodes that nobody reads stay.
    inputs : str or sequence of str
        Nodes that are fed, and stay.
    max_constant_size : int
        Constants of more bytes are not compared.

    Raises
    ------
    NotFoundError
        An output or input means no node.
    """
    protected = Protected(model, outputs, inputs, "merge_duplicate_nodes")
    plan = find_weights(model)
    apart = {each.node.name for each in plan.weights} | {each.node.name for each in plan.kept if each.role}
    # Freezing leaves a gather its own axis, by which a weight is known.
    apart |= {node.data_inputs[2] for node in model.graph.nodes_of(("GatherV2",)) if is_resource_gather(node)}
    signatures = OpSignatures(model.library.functions)
    rows = []
    for function, graph in model.graphs():
        ops = {node.name: node.op for node in graph}
        scope = "" if function is None else f"{function}/"
        same = merge_duplicates(
            graph, signatures, protected.of(function), apart if function is None else _floats(graph), max_constant_size
        )
        rows += [MergedRow(scope + name, ops[name], first) for name, first in same.items()]
    if model.meta is not None and rows:
        update_meta_graph(model, Removal({node.name for node in model.graph}, saver="kept"))
    return MergeDuplicateNodesReport(rows)


def _floats(graph: Graph) -> set[str]:
    """Return the constants of a function's body that may be weights once it is inlined."""
    return {each.name for each in constants_of(graph) if each.size > 1 and each.dtype.is_floating}
