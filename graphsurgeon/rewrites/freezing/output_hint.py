"""What to freeze instead of ops that train: the outputs that no such op is needed for."""

from __future__ import annotations

from collections.abc import Sequence

from graphsurgeon.ir import ops
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import num_outputs
from graphsurgeon.ir.traversal import successors
from graphsurgeon.meta_graph.endpoints import likely_outputs

_MAX_NAMES = 3

# Ops that change a variable by its handle.
_BY_HANDLE = ("Assign", "ResourceApply", "ResourceSparseApply", "ResourceScatter")


class OutputHint:
    """Says what to do about a node that needs a variable itself, as `freeze` meets it.

    `index` is of the graph as it was given, `roots` are the nodes that were asked for. Looks at nothing before it
    is called.
    """

    def __init__(self, index: Index, roots: Sequence[str]) -> None:
        self._index = index
        self._roots = roots

    def __call__(self, node: Node) -> str:
        """Return the hint about a node."""
        outputs = self._frozen_outputs() if _changes_variable(node) else []
        if not outputs:
            return "`keep` leaves variables as they are"
        return f'training ops cannot be frozen; name the results alone: `outputs="{",".join(outputs)}"`'

    def _frozen_outputs(self) -> list[str]:
        """Return the outputs that need no op that changes a variable: those asked for, else what looks like some."""
        producers = self._index.producers
        changing = [node.name for node in producers.values() if _changes_variable(node)]
        behind = {*changing, *successors(self._index, changing)}
        asked = [name for name in dict.fromkeys(self._roots) if name not in behind and num_outputs(producers[name])]
        if 0 < len(asked) <= _MAX_NAMES:
            return asked
        likely = likely_outputs(Graph(producers.values()), self._index)
        found = [name for name in likely if name not in behind and (not asked or name in asked)]
        return (found or asked)[:_MAX_NAMES]


def _changes_variable(node: Node) -> bool:
    facts = ops.facts(node.op)
    return node.op.startswith(_BY_HANDLE) or (facts is not None and bool(facts.ref_inputs))
