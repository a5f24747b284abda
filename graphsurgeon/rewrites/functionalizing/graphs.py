"""A model's graph without control flow v1: its TensorArrays, loops and branches, one kind after the other."""

from __future__ import annotations

from collections.abc import Collection

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.frames import ENTER_OPS, EXIT_OPS, MERGE_OPS, NEXT_ITERATION_OPS, SPLITTING_OPS
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.contexts import CONTEXTS, needed_by_contexts
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.functionalizing.branches import raise_branches
from graphsurgeon.rewrites.functionalizing.declined import OPERATION, declined
from graphsurgeon.rewrites.functionalizing.loops import raise_loops
from graphsurgeon.rewrites.functionalizing.outer_reads import read_outside
from graphsurgeon.rewrites.functionalizing.regions import Functions, RaisedRow, Region
from graphsurgeon.rewrites.functionalizing.tensor_facts import TensorFacts
from graphsurgeon.rewrites.functionalizing.tensor_lists import tensor_arrays_of, to_tensor_lists
from graphsurgeon.rewrites.lowering.models import lower_switches
from graphsurgeon.rewrites.lowering.switch_rows import MANY
from graphsurgeon.rewrites.pruning.unneeded import remove_unneeded
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from graphsurgeon.rewrites.simplifying.colocated import regroup
from graphsurgeon.rewrites.simplifying.protected import Protected, named_around
from proto_utils.named_tuple import NamedTuple

#: The ops of control flow v1.
CONTROL_FLOW = ENTER_OPS | EXIT_OPS | MERGE_OPS | NEXT_ITERATION_OPS | SPLITTING_OPS | {"LoopCond"}


class Functionalized(NamedTuple):
    """What became of a graph."""

    raised: list[RaisedRow]
    lists: list[str]  # the nodes that make TensorLists now
    functions: list[str]
    handles: list[str]  # variables whose handles are given to functions


def functionalize_graph(model: Model) -> Functionalized:
    """Exchange loops and branches of a model's graph for functions, TensorArrays for TensorLists.

    Function bodies stay as they are. What declines is a PassError, and the model may be half done then.
    """
    graph = model.graph
    if CONTROL_FLOW.isdisjoint(graph.ops) and not tensor_arrays_of(graph):
        return Functionalized([], [], [], [])
    _lower_switches(model)
    before, kept = list(graph), Protected(model, (), (), OPERATION, without=CONTEXTS).of(None)
    loose = _loose_ends(model, kept)
    handles = read_outside(graph)
    shapes = NodeShapes(model)
    lists = to_tensor_lists(graph)
    facts = TensorFacts(model, shapes)
    functions = Functions(model.library)
    nodes, rows = raise_loops(graph, facts, functions)
    region = Region(nodes, [], [])
    rows += raise_branches(region, facts, functions)
    for node in region.nodes.values():
        if node.op in CONTROL_FLOW:
            raise declined(f"a {node.op} is part of no loop or branch", node.name)
    made = functions.install()
    graph.set_nodes(list(region.nodes.values()))
    edit = GraphEdit(graph)
    lost = [node for node in before if node.name not in region.nodes]
    touched = [node_of_input(text) for node in lost for text in node.inputs]
    unneeded = remove_unneeded(edit, [*touched, *loose], set(kept) - loose)
    regroup(edit, {*(node.name for node in lost), *unneeded})
    edit.apply()
    return Functionalized(rows, lists, made, handles)


def _lower_switches(model: Model) -> None:
    """Make conditions of what TensorFlow 2 lowered a Case to."""
    if MANY in model.graph.ops:
        for name, reason in lower_switches(model)[1].items():
            raise declined(reason, name)


def _loose_ends(model: Model, kept: Collection[str]) -> set[str]:
    """Return what is there for contexts alone: nobody reads it, and something else may be an output."""
    read = {node_of_input(text) for node in model.graph for text in node.inputs}
    found = needed_by_contexts(model.meta) - read
    named = set(named_around(model.meta, CONTEXTS))
    return found - named if (set(kept) - read) - found else set()
