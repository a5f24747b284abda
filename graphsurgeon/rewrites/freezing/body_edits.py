"""The edits of one graph or function body in which variables become values.

What a pass learns on its way is kept beside the edits: which nodes change a variable
that is a value from now on, and which ones read it.
"""

from __future__ import annotations

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import output_number, signature_of


class BodyEdits(GraphEdit):
    """Edits of a graph, or of a function's body, and who uses the variables that are gathered to become values."""

    def __init__(self, graph: Graph, function: str | None = None) -> None:
        super().__init__(graph)
        self.function = function
        self.before = Index(graph)  # what waited for what is known when the waiting is over
        # nodes that need a variable itself, with the tensor by which it came into this body
        self.users: dict[str, str] = {}
        self.writers: dict[str, set[str]] = {}  # by that tensor, the users that change the variable, and calls that do
        self.readers: dict[str, set[str]] = {}  # by that tensor, the nodes that read its value

    def output(self, node: Node, number: int) -> str:
        """Return how readers write an output of a node."""
        if self.function is None:
            return node.name if number == 0 else f"{node.name}:{number}"
        for name, count in signature_of(node).output_names or ():
            if number < count:
                return f"{node.name}:{name}:{number}"
            number -= count
        return f"{node.name}:output:{number}"

    def read_outputs(self, node: Node) -> list[int]:
        """Return the numbers of the outputs of a node that others read, each once."""
        found = set()
        for reader, position in self.before.consumers(node.name):
            output = reader.inputs[position].partition(":")[2]
            found.add(0 if not output else output_number(node, output) or 0)
        return sorted(found)

    def where(self, name: str) -> str:
        """Return a node's name for reports: ``node``, or ``function/node`` in a body."""
        return name if self.function is None else f"{self.function}/{name}"
