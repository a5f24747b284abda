"""What edits of a graph need to know at once: names that are taken, who is colocated with whom, frames of loops.

Each is found with one look at all nodes when it is first asked for, and follows the edits from then on.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from graphsurgeon.ir.colocation import colocated_with, colocations
from graphsurgeon.ir.live_frames import LiveFrames
from graphsurgeon.ir.node import Node

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph


def state_of(graph: Graph) -> LiveState:
    """Return what is known of a graph, which keeps it."""
    if graph._state is None:
        graph._state = LiveState(graph)
    return graph._state


class LiveState:
    """What is known of one graph; the graph tells it of every edit."""

    __slots__ = ("_colocated", "_frames", "_graph", "_numbers", "_taken")

    def __init__(self, graph: Graph) -> None:
        self._graph = weakref.ref(graph)
        # How many nodes have a name, in lower case.
        self._taken: dict[str, int] | None = None
        # From which number on to look for a name that is free.
        self._numbers: dict[str, int] = {}
        # Nodes that have been colocated with one.
        self._colocated: dict[str, dict[str, None]] | None = None
        self._frames: LiveFrames | None = None

    @property
    def graph(self) -> Graph:
        """The graph, which holds this."""
        graph = self._graph()
        assert graph is not None
        return graph

    @property
    def frames(self) -> LiveFrames:
        """The frames of loops."""
        if self._frames is None:
            self._frames = LiveFrames(self.graph)
        return self._frames

    def unique_name(self, name: str) -> str:
        """Return a name, or ``name_1``, ``name_2`` ... that no node has; case does not count, as in TensorFlow."""
        if self._taken is None:
            self._taken = {}
            for node in self.graph:
                self._take(node.name)
        taken, key = self._taken, name.lower()
        if key not in taken:
            return name
        number = self._numbers.get(key, 1)
        while f"{key}_{number}" in taken:
            number += 1
        self._numbers[key] = number
        return f"{name}_{number}"

    def colocated(self, name: str) -> list[Node]:
        """Return the nodes that are to be on a device with a node."""
        graph = self.graph
        if self._colocated is None:
            self._colocated = {}
            for each, near in colocations(graph).items():
                for other in near:
                    self._colocated.setdefault(other, {})[each] = None
            graph._membership.edited = set()
        edited = graph._membership.edited or ()
        for each in edited:
            node = graph.get(each)
            for other in colocated_with(node) if node is not None else ():
                self._colocated.setdefault(other, {})[each] = None
        graph._membership.edited = set()
        order = graph.index.order
        names = sorted([each for each in self._colocated.get(name, ()) if each in order], key=order.__getitem__)
        return [node for node in map(graph.node, names) if name in colocated_with(node)]

    def added(self, node: Node) -> None:
        """Take in a node that is new."""
        self._take(node.name)
        self._watch(node.name)
        if self._frames is not None:
            self._frames.added(node)

    def removed(self, node: Node) -> None:
        """Take in that a node is gone."""
        if self._taken is not None:
            self._give(node.name)
        if self._frames is not None:
            self._frames.removed(node)

    def renamed(self, node: Node, before: str) -> None:
        """Take in that a node has another name than before."""
        if self._taken is not None:
            self._give(before)
        self._take(node.name)
        self._watch(node.name)
        if self._frames is not None:
            self._frames.renamed(node, before)

    def forget_frames(self) -> None:
        """Find the frames again when they are asked for."""
        self._frames = None

    def rewired(self, node: Node) -> None:
        """Take in that a node has other inputs."""
        if self._frames is not None and not self._frames.is_true(node):
            self._frames = None

    def _take(self, name: str) -> None:
        if self._taken is not None:
            key = name.lower()
            self._taken[key] = self._taken.get(key, 0) + 1

    def _give(self, name: str) -> None:
        taken, key = self._taken, name.lower()
        if taken is not None and key in taken:
            taken[key] -= 1
            if not taken[key]:
                del taken[key]

    def _watch(self, name: str) -> None:
        edited = self.graph._membership.edited
        if edited is not None:
            edited.add(name)
