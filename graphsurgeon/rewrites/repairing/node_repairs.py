"""Nodes that broken tools leave behind: repeated ones, edges that lost their ^, edges to nothing.

Each repair is for the graph and for all function bodies, and costs one look at each node.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphsurgeon.ir.colocation import colocated_with, drop_colocation
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.names import node_of_input
from graphsurgeon.tensors.compare import same_values
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.named_tuple import NamedTuple


class NodeRepair(NamedTuple):
    """What was done to a node of a function body, or of the graph."""

    node: str
    function: str | None
    op: str
    repair: str


def drop_repeated(model: Model) -> list[NodeRepair]:
    """Drop nodes that are equal to an earlier one of the same name; others of one name stay."""
    return [repair for function, graph in model.graphs() for repair in _drop_repeated(function, graph)]


def restore_control_inputs(model: Model) -> list[NodeRepair]:
    """Make control inputs of data inputs that an op has too many of: their ^ got lost, as of a Const in a branch."""
    signatures = OpSignatures(model.library.functions)
    repairs = []
    for function, graph in model.graphs():
        names = {node.name for node in graph}
        edit = GraphEdit(graph)
        for node in graph:
            wanted = signatures.of(node).inputs
            texts = node.data_inputs
            if wanted is None or len(texts) <= len(wanted):
                continue
            lost = texts[len(wanted) :]
            if not names.issuperset(map(node_of_input, lost)):
                continue  # a function's argument has no node to wait for; what names nothing is refused by name
            waits = [f"^{node_of_input(text)}" for text in lost]
            edit.set_inputs(node, [*texts[: len(wanted)], *dict.fromkeys([*waits, *node.control_inputs])])
            repairs += [
                NodeRepair(node.name, function, node.op, f"waits for {wait[1:]!r}, which was a data input")
                for wait in waits
            ]
        edit.apply()
    return repairs


def drop_dangling(model: Model) -> list[NodeRepair]:
    """Drop control inputs and colocation that name nothing."""
    repairs = []
    for function, graph in model.graphs():
        names = {node.name for node in graph}
        if function is not None:
            names.update(arg.name for arg in model.library.functions[function].proto.signature.input_arg)
        edit = GraphEdit(graph)
        for node in graph:
            lost = [text for text in node.control_inputs if node_of_input(text) not in names]
            if lost:
                edit.set_inputs(node, [text for text in node.inputs if text not in lost])
            gone = [name for name in colocated_with(node) if name not in names]
            if gone:
                drop_colocation(edit.edit(node), gone)
            changes = [f"does not wait for {text[1:]!r} any more" for text in lost]
            changes += [f"is not colocated with {name!r} any more" for name in gone]
            repairs += [NodeRepair(node.name, function, node.op, change) for change in changes]
        edit.apply()
    return repairs


def _drop_repeated(function: str | None, graph: Graph) -> Iterator[NodeRepair]:
    first: dict[str, Node] = {}
    kept = []
    for node in graph:
        earlier = first.setdefault(node.name, node)
        if earlier is node or not _is_equal(earlier, node):
            kept.append(node)
        else:
            yield NodeRepair(node.name, function, node.op, "was there twice, and is there once now")
    if len(kept) < len(graph):
        graph.set_nodes(kept)


def _is_equal(a: Node, b: Node) -> bool:
    if (a.op, a.inputs, a.device, sorted(a.attrs)) != (b.op, b.inputs, b.device, sorted(b.attrs)):
        return False
    return all(_is_equal_value(a.attrs[key], b.attrs[key]) for key in a.attrs)


def _is_equal_value(a: object, b: object) -> bool:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return same_values(a, b)
    return a == b
