"""What to freeze instead of ops that train: the outputs that no such op is needed for."""

from __future__ import annotations

from collections.abc import Sequence

from graphsurgeon.ir import ops
from graphsurgeon.ir.endpoints import likely_outputs
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import READ_OPS
from graphsurgeon.ir.signatures import num_outputs
from graphsurgeon.ir.traversal import successors
from graphsurgeon.rewrites.freezing.update_results import RESULTS

_MAX_NAMES = 3
_KEEP = "`keep` leaves variables as they are"

# Ops that change a variable and whose result can be computed, and those that read one behind them.
_COMPUTED = RESULTS.keys() | READ_OPS
# Ops that change a variable by its handle.
_BY_HANDLE = ("Assign", "ResourceApply", "ResourceSparseApply", "ResourceScatter")


class OutputHint:
    """Says what to do about a node that needs a variable itself, as `freeze` meets it.

    `index` is of the graph as it was given, `roots` are the nodes that were asked for; `can_compute` when the results
    of ops that change a variable could be computed instead. Looks at nothing before it is called.
    """

    def __init__(self, index: Index, roots: Sequence[str], *, can_compute: bool = False) -> None:
        self._index = index
        self._roots = roots
        self._can_compute = can_compute

    def __call__(self, node: Node) -> str:
        """Return the hint about a node."""
        free, others = self._frozen_outputs()
        outputs = free or others if _changes_variable(node) else []
        named = f'`outputs="{",".join(outputs)}"`'
        if self._can_compute and node.op in _COMPUTED and not free and any(map(self._has_results, self._roots)):
            rest = f"or name results that need no update: {named}" if outputs else _KEEP
            return f'`updates="compute"` freezes what the first run gives; {rest}'
        return f"training ops cannot be frozen; name the results alone: {named}" if outputs else _KEEP

    def _has_results(self, name: str) -> bool:
        return num_outputs(self._index.producers[name]) != 0

    def _frozen_outputs(self) -> tuple[list[str], list[str]]:
        """Return the outputs asked for that need no op that changes a variable, and others that look like some."""
        producers = self._index.producers
        changing = [node.name for node in producers.values() if _changes_variable(node)]
        behind = {*changing, *successors(self._index, changing)}
        asked = [name for name in dict.fromkeys(self._roots) if name not in behind and self._has_results(name)]
        if 0 < len(asked) <= _MAX_NAMES:
            return asked, []
        likely = likely_outputs(Graph(producers.values()), self._index)
        found = [name for name in likely if name not in behind]
        if asked:
            return ([name for name in found if name in asked] or asked)[:_MAX_NAMES], []
        return [], found[:_MAX_NAMES]


def _changes_variable(node: Node) -> bool:
    facts = ops.facts(node.op)
    return node.op.startswith(_BY_HANDLE) or (facts is not None and bool(facts.ref_inputs))
