"""Branches of conditionals in graphs of control flow v1: which nodes run only when a branch is taken.

A Switch gives its value on one of its outputs; what reads or waits for that runs only then, until a Merge takes what
the branches give. An edge that goes past the Merge would leave its reader without a value; one that comes from outside
lets a branch run that was not taken, and the Merge takes whichever value comes first. TensorFlow imports both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TypeAlias

from graphsurgeon.ir.frames import MERGE_OPS, NEXT_ITERATION_OPS, SPLITTING_OPS
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.names import is_control, node_of_input, parse_input

#: The predicates that must have come out so for a node to run: the tensor, and the output that it stands for, of a
#: condition 1 where it was true.
Guards: TypeAlias = "frozenset[tuple[str, int]]"

_NONE: Guards = frozenset()


def has_branches(graph: Graph) -> bool:
    """Whether a graph has conditionals of control flow v1, or loops, which are made of the same ops."""
    return bool(graph.nodes_of(SPLITTING_OPS))


def guards_of(graph: Graph) -> dict[str, Guards]:
    """Return the guards of every node that has any; costs O(nodes + edges).

    Of loops, which go round by their own Merge and Switch, nothing is told but what guards them as a whole.
    """
    index = Index(graph)
    missing = {node.name: sum(_comes_before(index, text) for text in node.inputs) for node in graph}
    ready = deque(node for node in graph if missing[node.name] == 0)
    found: dict[str, Guards] = {}
    while ready:
        node = ready.popleft()
        guards = [_read(index, found, text) for text in node.inputs]
        if node.op in MERGE_OPS and guards:
            merged = frozenset.intersection(*guards)
        else:
            merged = frozenset().union(*guards)
        if merged:
            found[node.name] = merged
        if node.op in NEXT_ITERATION_OPS:
            continue
        for reader, _ in index.edges(node.name):
            missing[reader.name] -= 1
            if missing[reader.name] == 0:
                ready.append(reader)
    return found


def _comes_before(index: Index, text: str) -> bool:
    producer = index.producer(text)
    return producer is not None and producer.op not in NEXT_ITERATION_OPS


def _read(index: Index, found: Mapping[str, Guards], text: str) -> Guards:
    """Return the guards of one input: those of its node, and of which output of a Switch it is."""
    name = node_of_input(text)
    guards = found.get(name, _NONE)
    node = index.producers.get(name)
    if node is None or node.op not in SPLITTING_OPS or is_control(text) or len(node.inputs) < 2:
        return guards
    predicate = index.producer(node.inputs[1])
    if predicate is not None and predicate.op == "LoopCond":
        return guards
    name = node.inputs[1]
    return guards | {(name if ":" in name else f"{name}:0", parse_input(text).output)}
