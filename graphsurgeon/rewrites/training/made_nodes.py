"""Nodes that are added one by one: of ops and attrs that TensorFlow 1.15 has, on a device, beside a variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.versions import drop_later_defaults


class Maker:
    """Makes nodes; `made` are their names, in order.

    Attrs that TensorFlow 1.15 does not know are left at their defaults, so an older TensorFlow loads what it loaded.
    """

    def __init__(self, graph: Graph, *, device: str = "", beside: str = "") -> None:
        self._graph = graph
        self._device = device
        self._beside = beside
        self.made: list[Node] = []

    def __call__(
        self, name: str, op: str, inputs: Sequence[str] = (), *, waits: Sequence[str] = (), **attrs: Any
    ) -> str:
        """Add a node under a name that is free, and return that: the name of its first output, too."""
        if self._beside:
            attrs["_class"] = [f"loc:@{self._beside}"]
        free = self._graph.unique_name(name)
        node = self._graph.add(op, list(inputs), name=free, control_inputs=list(waits), **attrs)
        if self._device:
            node.device = self._device
        drop_later_defaults(node)
        self.made.append(node)
        return node.name

    def constant(self, name: str, value: Any, dtype: Any, *, waits: Sequence[str] = ()) -> str:
        """Add a Const of a type."""
        return self(name, "Const", waits=waits, value=value, dtype=dtype)

    def copy(self, name: str, node: Node, inputs: Sequence[str]) -> str:
        """Add a node like another one, with other inputs."""
        made = node.copy()
        made.name = self._graph.unique_name(name)
        made.inputs = tuple(inputs)
        made.attrs.pop("_output_shapes", None)
        self._graph.append(made)
        self.made.append(made)
        return made.name


def free_scope(graph: Graph, wanted: str, parts: Sequence[str]) -> str:
    """Return the first of ``wanted``, ``wanted_1`` ... that names no node, and below which none of these parts is."""
    name, number = wanted, 0
    while name in graph or any(f"{name}/{part}" in graph for part in parts):
        number += 1
        name = f"{wanted}_{number}"
    return name
