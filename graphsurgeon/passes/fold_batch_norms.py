"""Fold batch norms, and other factors for each channel, into the weights of the layers before them.

For: serving: a normalization costs a pass over each feature map, and nothing once it is folded.

Prerequisites: batch norms at inference: graphs that are frozen, or built with ``is_training`` false. Of graphs with
variables their values.

Leaves behind: a kernel times the factors, and a bias, where a layer went through a normalization: FusedBatchNorm in its
three versions, BatchNormWithGlobalNormalization, those that are written out, and any product or quotient with one
number for each channel, behind Conv2D, DepthwiseConv2dNative, transposed and 3-D convolutions and MatMul, also through
Identity, BiasAdd, Add, BatchToSpaceND and ConcatV2. The last node of each has its name; kernels and biases keep theirs,
in the graph or in the checkpoint. Factors are computed in float64 and rounded once.

What else it meets: what is read by others too, as a layer with two readers or a kernel of two layers, is left, and so
is what trains, or whose numbers would be out of range; each has its reason in the report. Constants of frozen function
bodies are treated alike; variables that bodies are given are not known there, so `freeze` comes first. Statistics that
nobody reads any more go, but for variables, which `prune` takes out. A note names what an optimizer holds of weights
that are others now; an object graph whose functions read them goes. Devices, colocation, saver, collections and
signatures stay.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import ASSIGN_OPS, IS_INITIALIZED_OPS, SAVE_OPS
from graphsurgeon.names import Names, node_of_input, some_of
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.editing.rewiring import let_objects_go
from graphsurgeon.rewrites.folding.batch_norms import SCALING_OPS, ScaleFolding
from graphsurgeon.rewrites.folding.known_tensors import KnownTensors
from graphsurgeon.rewrites.folding.linear_layers import LAYER_OPS
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.rewrites.pruning.unneeded import remove_unneeded
from graphsurgeon.rewrites.simplifying.colocated import regroup
from graphsurgeon.rewrites.simplifying.protected import Protected
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import VariableValues, variable_nodes


@dataclass(frozen=True)
class FoldedNormRow:
    """A normalization or product that went into layers; of function bodies as FUNCTION/node."""

    node: str
    op: str
    layers: list[str]


@dataclass(frozen=True)
class UnfoldedNormRow:
    """One that stays, and why."""

    node: str
    op: str
    reason: str


@dataclass(frozen=True)
class FoldBatchNormsReport(Displayed):
    """What `fold_batch_norms` did.

    Attributes
    ----------
    folded : list of FoldedNormRow
    kept : list of UnfoldedNormRow
    values : list of str
        Checkpoint keys whose values are others.
    removed : list of str
        Nodes that nobody needs any more.
    notes : list of str
    """

    folded: list[FoldedNormRow]
    kept: list[UnfoldedNormRow]
    values: list[str]
    removed: list[str]
    notes: list[str] = field(default_factory=list)


@model_pass()
def fold_batch_norms(model: Model, *, outputs: Names = (), inputs: Names = ()) -> FoldBatchNormsReport:
    """Fold batch norms, and other factors for each channel, into the weights of the layers before them.

    Parameters
    ----------
    model : Model
        Edited in place; statistics are read, kernels when they are saved.
    outputs : str or sequence of str
        Nodes that stay, by name or as a signature calls them; without any, nodes that nobody reads stay.
    inputs : str or sequence of str
        Nodes that are fed, and stay.

    Raises
    ------
    NotFoundError
        An output or input means no node.
    PassError
        Values of variables would change that other meta graphs read, or that objects alone restore.
    """
    protected = Protected(model, outputs, inputs, "fold_batch_norms")
    report = FoldBatchNormsReport([], [], [], [])
    for function, graph in model.graphs():
        if graph.nodes_of(LAYER_OPS) and graph.nodes_of(SCALING_OPS):
            _fold(model, function, graph, protected, report)
    if report.values:
        report.notes.extend(_follow_values(model, report.values))
    if model.meta is not None and report.folded:
        update_meta_graph(model, Removal({node.name for node in model.graph}, saver="kept"))
    return report


def _fold(model: Model, function: str | None, graph: Graph, protected: Protected, report: FoldBatchNormsReport) -> None:
    """Fold in one graph or function body, and add to the report."""
    scope, edit = "" if function is None else f"{function}/", GraphEdit(graph)
    names = {node.name: node.op for node in graph}
    own = [] if function is not None else list(variable_nodes(graph))
    variables = VariableValues(model, edit.index) if own else None
    known = KnownTensors(edit.index, _evaluated, variables, protected.fed_of(function))
    folding = ScaleFolding(
        edit, known, protected.of(function), protected.asked_of(function), protected.later_of(function)
    )
    folding.run()
    removed = remove_unneeded(edit, folding.touched, protected.of(function))
    regroup(edit, {name for name in names if edit.get(name) is None})
    edit.apply()
    if function is not None:
        ret = model.library.functions[function].proto.ret
        for key, text in sorted(ret.items()):
            if node_of_input(text) in folding.outputs:
                ret[key] = f"{node_of_input(text)}:{folding.outputs[node_of_input(text)]}:0"
    for name, value in known.values.items():
        place = None if variables is None or graph.get(name) is None else variables.place(graph[name])
        if place is not None and graph[name].op != "Const":
            model.variables[place.key] = value
            report.values.append(place.key)
    report.folded.extend(FoldedNormRow(scope + row.node, row.op, row.layers) for row in folding.folded)
    report.kept.extend(UnfoldedNormRow(scope + name, names[name], reason) for name, reason in folding.kept.items())
    report.removed.extend(scope + name for name in removed)
    idle = ASSIGN_OPS | IS_INITIALIZED_OPS | SAVE_OPS
    read = {node_of_input(text) for node in graph if node.op not in idle for text in node.data_inputs}
    unread = [repr(node.name) for node in own if removed and node.name not in read]
    if unread:
        report.notes.append(f"variables that nothing computes with any more: {some_of(unread)}")


def _follow_values(model: Model, keys: Collection[str]) -> list[str]:
    """Look at who else knows the variables whose values are others now; return notes of what is not in step."""
    notes = let_objects_go(model, "fold_batch_norms")
    scopes = tuple([f"{key}/" for key in keys])
    slots = [repr(key) for key in model.variables if key.startswith(scopes) and key not in keys]
    if slots:
        notes.append(f"what an optimizer or average holds of the old values stays as it was: {some_of(slots)}")
    return notes


def _evaluated(node: Node, operands: Sequence[Tensor]) -> Sequence[Tensor]:
    # Imported here: graphs in which there is nothing to fold need no numpy.
    from graphsurgeon.evaluator import evaluate

    return evaluate(node, operands, operation="fold_batch_norms")
