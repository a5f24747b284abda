"""Which nodes are inside of a branch of a cond (control flow v1), and so without a value when the other is taken.

A Switch goes one level in, a Merge one out; a Merge that a loop comes back to stays where it is, and an Exit leaves the
branch that the loop's Switch was::

    pred -> Switch -> square -> Merge        1 inside: Switch, square
"""

from __future__ import annotations

from collections import deque

from graphsurgeon.ir.frames import MERGE_OPS, NEXT_ITERATION_OPS, SPLITTING_OPS
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.names import node_of_input

_EXIT_OPS = frozenset({"Exit", "RefExit"})


def branches_of(graph: Graph, index: Index) -> dict[str, str]:
    """Return a Switch of the innermost cond that each node inside of one is in, by node; costs O(nodes + edges)."""
    if not any(node.op in SPLITTING_OPS for node in graph):
        return {}
    inside: dict[str, tuple[str, ...]] = {}
    missing = {}
    for node in graph:
        sources = [index.producer(text) for text in node.inputs]
        missing[node.name] = sum(s is not None and s.op not in NEXT_ITERATION_OPS for s in sources)
    ready = deque(node for node in graph if missing[node.name] == 0)
    while ready:
        node = ready.popleft()
        levels = max((inside.get(node_of_input(text), ()) for text in node.inputs), key=len, default=())
        sources = [index.producer(text) for text in node.inputs]
        is_loop = any(s is not None and s.op in NEXT_ITERATION_OPS for s in sources)
        if node.op in SPLITTING_OPS:
            levels = (*levels, node.name)
        elif node.op in _EXIT_OPS or (node.op in MERGE_OPS and not is_loop):
            levels = levels[:-1]
        if levels:
            inside[node.name] = levels
        for reader, _ in index.edges(node.name) if node.op not in NEXT_ITERATION_OPS else ():
            missing[reader.name] -= 1
            if missing[reader.name] == 0:
                ready.append(reader)
    return {name: levels[-1] for name, levels in inside.items()}
