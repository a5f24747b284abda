"""Put the nodes of a graph into topological order: each behind all that it reads and waits for.

For: tools that read a graph from the top, such as converters and interpreters of other frameworks, and people.

Prerequisites: no cycles, but for the way back of loops.

Leaves behind: the same nodes, to the byte. The order is stable: of the nodes that could come next, the one that stood
first does, so a graph that is in order stays as it is. Of a loop, a Merge comes before the NextIteration that it reads.

What else it meets: function bodies are sorted alike; all else stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphsurgeon.display import Displayed
from graphsurgeon.ir.model import Model
from graphsurgeon.passes._contract import model_pass


@dataclass(frozen=True)
class SortedRow:
    """A graph of which nodes moved: the function whose body it is, empty for the main one; and how many moved."""

    function: str
    moved: int


@dataclass(frozen=True)
class SortReport(Displayed):
    """What `sort` did."""

    graphs: list[SortedRow]


@model_pass()
def sort(model: Model) -> SortReport:
    """Put the nodes of a graph into topological order: each behind all that it reads and waits for.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.

    Raises
    ------
    GraphError
        There is a cycle.
    """
    rows = []
    for function, graph in model.graphs():
        nodes, before = list(graph.topological()), list(graph)
        moved = sum(now is not then for now, then in zip(nodes, before, strict=True))
        if moved:
            graph.set_nodes(nodes)
            rows.append(SortedRow(function or "", moved))
    return SortReport(rows)
