"""Walks over a graph that somebody holds nodes of: ancestors, descendants, what is between, topological order.

Unlike those in `traversal`, which work on names for passes, these take nodes, tensors and names, and give nodes.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.frames import MERGE_OPS, NEXT_ITERATION_OPS
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output import Output, argument_dtype, node_named, require_member, tensor_of
from graphsurgeon.names import is_control, node_of_input

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph

#: What may stand for a node or a tensor; a name without ``:`` is a node's.
Anything: TypeAlias = Node | Output | str


def consumers(graph: Graph, of: Anything) -> list[Node]:
    """Return the nodes that read a tensor, or any output of a node; of ``^a``, those that wait for it."""
    if isinstance(of, str) and is_control(of):
        return graph.index.control_consumers(node_named(graph, of[1:]).name)
    found = _meant(graph, of)
    edges = found.uses() if isinstance(found, Output) else graph.index.consumers(found.name)
    return list(dict.fromkeys([node for node, _ in edges]))


def ancestors(
    graph: Graph, of: Anything | Iterable[Anything], *, until: Anything | Iterable[Anything] = (), control: bool = True
) -> list[Node]:
    """Return nodes, or makers of tensors, with all that they need, in the order of the graph."""
    ends, cut = _ends(graph, until)
    roots = [found.node if isinstance(found, Output) else found for found in _each(graph, of)]

    def step(node: Node) -> Iterator[Node]:
        for text in node.inputs:
            if is_control(text) and not control:
                continue
            producer = graph.index.producer(text)
            if producer is not None and (is_control(text) or not cut or graph.output_of(text) not in cut):
                yield producer

    return _walk(graph, [root for root in roots if root is not None], step, ends)


def descendants(
    graph: Graph, of: Anything | Iterable[Anything], *, until: Anything | Iterable[Anything] = (), control: bool = True
) -> list[Node]:
    """Return nodes, or readers of tensors, with all that needs them, in the order of the graph."""
    ends, cut = _ends(graph, until)
    roots: list[Node] = []
    for found in _each(graph, of):
        roots += found.consumers() if isinstance(found, Output) else [found]

    def step(node: Node) -> Iterator[Node]:
        for reader, position in graph.index.edges(node.name):
            text = reader.inputs[position]
            if is_control(text):
                if control:
                    yield reader
            elif not cut or graph.output_of(text) not in cut:
                yield reader

    return _walk(graph, roots, step, ends)


def between(
    graph: Graph, sources: Anything | Iterable[Anything], targets: Anything | Iterable[Anything], *, control: bool
) -> list[Node]:
    """Return the nodes on the ways from sources to targets, both included."""
    after = set(descendants(graph, sources, control=control))
    return [node for node in ancestors(graph, targets, control=control) if node in after]


def topological(graph: Graph, within: Collection[Node] | None = None) -> Iterator[Node]:
    """Yield nodes in topological order by Kahn's algorithm, the first of the graph first among those that could come.

    The way back of a loop, from NextIteration to Merge, is no edge, nor is one to nodes that are not asked for. A
    GraphError for a cycle.
    """
    index, order = graph.index, graph.index.order
    nodes = {order[node.name]: node for node in (graph if within is None else within)}
    missing = {node.name: _num_needed(graph, node, within) for node in nodes.values()}
    ready = [order[name] for name, count in missing.items() if not count]
    heapq.heapify(ready)
    num_left = len(missing)
    while ready:
        node = nodes[heapq.heappop(ready)]
        num_left -= 1
        yield node
        for reader, position in index.edges(node.name):
            if reader.name not in missing or _is_way_back(node, reader, reader.inputs[position]):
                continue
            missing[reader.name] -= 1
            if not missing[reader.name]:
                heapq.heappush(ready, order[reader.name])
    if num_left:
        first = next(name for name, count in missing.items() if count)
        raise GraphError("it is in a cycle, or needs a node that is", node=first)


def _num_needed(graph: Graph, node: Node, within: Collection[Node] | None) -> int:
    """Count the inputs that nodes have to make before it."""
    count = 0
    for text in node.inputs:
        producer = graph.index.producer(text)
        if producer is not None and (within is None or producer in within):
            count += not _is_way_back(producer, node, text)
    return count


def _is_way_back(producer: Node, reader: Node, text: str) -> bool:
    return producer.op in NEXT_ITERATION_OPS and reader.op in MERGE_OPS and not is_control(text)


def _walk(graph: Graph, roots: Iterable[Node], step: Callable[[Node], Iterable[Node]], ends: set[Node]) -> list[Node]:
    """Return the transitive closure of nodes under a step, in the order of the graph."""
    found = dict.fromkeys(roots)
    pending = [node for node in found if node not in ends]
    while pending:
        for other in step(pending.pop()):
            if other not in found:
                found[other] = None
                if other not in ends:
                    pending.append(other)
    order = graph.index.order
    return sorted(found, key=lambda node: order[node.name])


def _ends(graph: Graph, until: Anything | Iterable[Anything]) -> tuple[set[Node], set[Output]]:
    found = _each(graph, until)
    return {each for each in found if isinstance(each, Node)}, {each for each in found if isinstance(each, Output)}


def _each(graph: Graph, given: Any) -> list[Node | Output]:
    return [_meant(graph, each) for each in ([given] if isinstance(given, (Node, Output, str)) else given)]


def _meant(graph: Graph, given: Anything) -> Node | Output:
    if isinstance(given, Node):
        return require_member(given, graph)
    if isinstance(given, Output):
        return tensor_of(graph, given)
    is_node = argument_dtype(graph, given) is None and node_of_input(given) == given
    return node_named(graph, given) if is_node else tensor_of(graph, given)
