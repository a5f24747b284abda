"""Nodes that training adds to a graph, under a scope of their own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output import Output
from graphsurgeon.ir.versions import drop_later_defaults
from graphsurgeon.tensors.dtypes import DType


class NewNodes:
    """Adds nodes to a graph as TensorFlow's Python makes them, without defaults that TensorFlow 1.15 does not know.

    Parameters
    ----------
    graph : Graph
        Edited in place.
    scope : str
        What nodes are below.
    taken : collection of str
        Names, beside those of the graph's nodes, that are not free.
    operation : str
        For errors.
    """

    def __init__(self, graph: Graph, scope: str, taken: Collection[str], operation: str) -> None:
        self.graph = graph
        self.scope = scope
        self._taken = taken
        self._operation = operation
        self._casts: dict[str, Node] = {}
        self.moved: list[str] = []

    def __call__(
        self,
        op: str,
        inputs: Node | Output | Sequence[Any],
        name: str,
        *,
        control_inputs: Sequence[Node] = (),
        **attrs: Any,
    ) -> Node:
        """Add a node below the scope; the others of its attrs stand at their defaults."""
        return self.add(op, inputs, f"{self.scope}/{name}", control_inputs=control_inputs, **attrs)

    def add(
        self,
        op: str,
        inputs: Node | Output | Sequence[Any],
        name: str,
        *,
        control_inputs: Sequence[Node] = (),
        **attrs: Any,
    ) -> Node:
        """Add a node of this very name."""
        node = self.graph.add(op, inputs, name=name, control_inputs=list(control_inputs), **attrs)
        drop_later_defaults(node)
        return node

    def constant(self, name: str, value: Any, dtype: DType) -> Node:
        """Add a constant of numbers of Python below the scope."""
        return self("Const", (), name, value=value, dtype=dtype)

    def cast(self, node: Node, dtype: DType) -> Node:
        """Return a node that gives a number of a type: the given one, or a Cast behind it."""
        if node.outputs[0].dtype is dtype:
            return node
        name = f"{node.name.removeprefix(f'{self.scope}/')}/Cast"
        if name not in self._casts:
            self._casts[name] = self("Cast", node, name, DstT=dtype)
        return self._casts[name]

    def plain(self, word: str) -> str:
        """Return the name for a node that programs run by it: the word, or below the scope where that is taken."""
        for name in (word, f"{self.scope}/{word}"):
            if self.graph.get(name) is None and name not in self._taken:
                if name != word:
                    self.moved.append(word)
                return name
        hint = "`scope` gives the new nodes another place"
        raise PassError(self._operation, f"the names {word!r} and {name!r} are taken", node=name, hint=hint)
