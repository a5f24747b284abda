"""Static shapes that are noted on nodes (``_output_shapes``): TensorFlow holds them against what it infers.

So they go from nodes that give others now, and from all that follows from those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_messages import with_attr
from graphsurgeon.ir.traversal import successors

SHAPES: Final = "_output_shapes"


def drop_noted_shapes(graph: Graph, names: Iterable[str], edit: Callable[[Node], Node]) -> list[str]:
    """Let the shapes of nodes and of all that follows from them go; return the nodes that had any.

    `edit` gives the node that may be changed.
    """
    changed = list(names)
    noted = [node for node, _ in with_attr(graph, SHAPES)] if changed else []
    reached = {*changed, *successors(Index(graph), changed, by_data=True)} if noted else set()
    dropped = []
    for node in noted:
        if node.name in reached:
            own = edit(node)
            if SHAPES in own.attrs:
                del own.attrs[SHAPES]
                dropped.append(node.name)
    return dropped
