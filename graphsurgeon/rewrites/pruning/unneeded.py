"""Nodes that nobody needs any more, because what read them went or reads something else."""

from __future__ import annotations

from collections.abc import Container, Iterable

from graphsurgeon.ir import ops
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.names import node_of_input

#: What is stateful, and leaves nothing behind when it does not run.
_IDLE = frozenset(
    ("RandomUniform", "RandomUniformInt", "RandomStandardNormal", "TruncatedNormal", "Placeholder", "PlaceholderV2")
)


def remove_unneeded(edit: GraphEdit, touched: Iterable[str], kept: Container[str]) -> list[str]:
    """Remove nodes that lost a reader and have none left, and so on; return their names.

    Variables, other state, nodes with effects, and those to be `kept` stay, and what is unknown.
    """
    removed = []
    pending = list(touched)
    while pending:
        name = pending.pop()
        node = edit.get(name)
        if node is not None and name not in kept and not edit.index.edges(name) and _may_go(node):
            pending += map(node_of_input, node.inputs)
            edit.remove(name)
            removed.append(name)
    return removed


def _may_go(node: Node) -> bool:
    if node.op in REF_OPS or node.op in RESOURCE_OPS:
        return False
    facts = ops.facts(node.op)
    return facts is not None and (not facts.is_stateful or node.op in _IDLE)
