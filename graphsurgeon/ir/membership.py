"""What the nodes of a graph share with it: the way back to the graph, a count of edits, and journals to undo them.

Nodes know their graph by a weak reference, so a graph that nobody holds any more goes at once, with all its nodes.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph
    from graphsurgeon.ir.node import Node


class Membership:
    """One for each graph, held by the graph and by its nodes.

    Attributes
    ----------
    num_edits : int
        How often something of the graph was edited: nodes in place, or their list.
    edited : set of str or None
        The nodes that were edited since somebody began to watch.
    """

    __slots__ = ("_graph", "_journals", "edited", "num_edits")

    def __init__(self, graph: Any) -> None:
        self._graph: Callable[[], Graph | None]
        self.set_graph(graph)
        self._journals: tuple[weakref.ref[Journal], ...] = ()
        self.num_edits = 0
        self.edited: set[str] | None = None

    def __getstate__(self) -> int:
        """Return what goes along in a copy: not the graph, which sets itself when it is copied, too."""
        return self.num_edits

    def __setstate__(self, num_edits: int) -> None:
        self.num_edits, self.edited, self._journals = num_edits, None, ()
        self.set_graph(None)

    def set_graph(self, graph: Any) -> None:
        """Let it be the membership of a graph; None for one that is gone."""
        self._graph = weakref.ref(graph) if graph is not None else lambda: None

    @property
    def graph(self) -> Graph | None:
        """The graph; None when it is gone."""
        return self._graph()

    def before_edit(self, node: Node) -> None:
        """Count an edit of a node, and note in open journals what the node was."""
        self.num_edits += 1
        if self.edited is not None:
            self.edited.add(node.name)
        if self._journals:
            self._note(node)

    def rewired(self, node: Node, before: tuple[str, ...]) -> None:
        """Let the graph know that a node has other inputs than before."""
        graph = self._graph()
        if graph is not None:
            graph._rewired(node, before)

    def open_journal(self) -> Journal:
        """Begin a journal: what nodes were before their first edit from now on, as long as somebody holds it."""
        journal = Journal()
        alive = [each for each in self._journals if each() is not None]
        self._journals = (*alive, weakref.ref(journal))
        return journal

    def _note(self, node: Node) -> None:
        for each in self._journals:
            journal = each()
            if journal is None:
                self._journals = tuple([each for each in self._journals if each() is not None])
            else:
                journal.note(node)


class Journal:
    """What nodes were before they were edited in place.

    `undo` makes them that again; what somebody changes later of a message that `Node.editable_proto` gave him before
    is not noted.
    """

    __slots__ = ("__weakref__", "_states")

    def __init__(self) -> None:
        self._states: dict[int, tuple[Node, tuple[Any, ...]]] = {}

    def note(self, node: Node) -> None:
        """Note what a node is, unless that was done before."""
        if id(node) not in self._states:
            self._states[id(node)] = (node, node._state())

    def undo(self) -> None:
        """Make all nodes what they were; the journal goes on from there."""
        states = [*self._states.values()]
        self._states.clear()
        for node, state in states:
            node._set_state(state)
