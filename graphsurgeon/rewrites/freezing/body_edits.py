"""The edits of one graph or function body, gathered before any of them is applied.

Nodes are edited as copies. What a pass learns on its way is kept beside them: which
nodes change a variable that is a value from now on, and which ones read it.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import signature_of
from graphsurgeon.names import node_of_input


class BodyEdits:
    """Copies of nodes, new nodes and removed ones of a graph or function body.

    Parameters
    ----------
    graph : Graph
        Not edited.
    function : str, optional
        The function whose body it is.

    Attributes
    ----------
    index : Index
        As the graph was before.
    edited : dict of str to Node
    added : list of Node
    removed : dict of str to None
        In the order in which they were removed.
    users : dict of str to str
        Nodes that need a variable itself, with the tensor by which it came into this body.
    writers : dict of str to set of str
        By that tensor, the users among them that change the variable, and calls that do.
    readers : dict of str to set of str
        By that tensor, the nodes that read its value.
    """

    def __init__(self, graph: Graph, function: str | None = None) -> None:
        self.graph = graph
        self.function = function
        self.index = Index(graph)
        self.edited: dict[str, Node] = {}
        self.added: list[Node] = []
        self.removed: dict[str, None] = {}
        self.users: dict[str, str] = {}
        self.writers: dict[str, set[str]] = {}
        self.readers: dict[str, set[str]] = {}

    def edit(self, node: Node) -> Node:
        """Return the copy of a node that is edited in its place."""
        if node.name not in self.edited:
            self.edited[node.name] = node.copy()
        return self.edited[node.name]

    def current(self, node: Node) -> Node:
        """Return a node with its edits so far; not to be edited."""
        return self.edited.get(node.name, node)

    def add_constant(self, node: Node) -> None:
        """Add a node, unless there is one of its name."""
        if node.name not in self.index.producers and all(node.name != added.name for added in self.added):
            self.added.append(node)

    def output(self, node: Node, number: int) -> str:
        """Return how readers write an output of a node."""
        if self.function is None:
            return node.name if number == 0 else f"{node.name}:{number}"
        for name, count in signature_of(node).output_names or ():
            if number < count:
                return f"{node.name}:{name}:{number}"
            number -= count
        return f"{node.name}:output:{number}"

    def consumers(self, text: str) -> list[tuple[Node, int]]:
        """Return the (reader, input position) pairs of a tensor."""
        texts = {text, f"{text}:0"} if self.function is None and ":" not in text else {text}
        return [(node, i) for node, i in self.index.edges(node_of_input(text)) if node.inputs[i] in texts]

    def where(self, name: str) -> str:
        """Return a node's name for reports: ``node``, or ``function/node`` in a body."""
        return name if self.function is None else f"{self.function}/{name}"

    def nodes(self) -> Iterator[Node]:
        """Yield the nodes after all edits; what waited for a removed node no longer does."""
        gone = {f"^{name}" for name in self.removed}
        for node in [*self.graph, *self.added]:
            if node.name in self.removed:
                continue
            now = self.edited.get(node.name, node)
            if gone and not gone.isdisjoint(now.inputs):
                now = self.edit(node)
                now.inputs = [text for text in now.inputs if text not in gone]
            yield now
