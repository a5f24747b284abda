"""Who makes a tensor, and who reads it: a snapshot of a graph's edges."""

from __future__ import annotations

from collections.abc import Sequence

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input

_NOBODY: list[tuple[Node, int]] = []


class Index:
    """Producers and consumers of a graph, as it was when the index was made.

    Works on function bodies too: there the producer of ``argument`` is not a node.
    Costs one pass over all inputs; edits afterwards do not show in it.

    Attributes
    ----------
    producers : dict of str to Node
        By name.
    """

    def __init__(self, graph: Graph) -> None:
        self.producers: dict[str, Node] = {}
        self._consumers: dict[str, list[tuple[Node, int]]] = {}
        consumers = self._consumers
        for node in graph:
            self.producers.setdefault(node.name, node)
            for position, text in enumerate(node.inputs):
                name = text[1:] if text[:1] == "^" else text.partition(":")[0]
                if name in consumers:
                    consumers[name].append((node, position))
                else:
                    consumers[name] = [(node, position)]

    def edges(self, name: str) -> Sequence[tuple[Node, int]]:
        """Return every (consumer, input position) that names the node, control inputs included."""
        return self._consumers.get(name, _NOBODY)

    def consumers(self, name: str) -> list[tuple[Node, int]]:
        """Return the (consumer, input position) pairs that read a tensor of the node."""
        return [(node, i) for node, i in self.edges(name) if node.inputs[i][:1] != "^"]

    def control_consumers(self, name: str) -> list[Node]:
        """Return the nodes that wait for the node by a control input."""
        return [node for node, i in self.edges(name) if node.inputs[i][:1] == "^"]

    def producer(self, text: str) -> Node | None:
        """Return the node that an input names, or None."""
        return self.producers.get(node_of_input(text))
