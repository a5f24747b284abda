"""Graphs to change: nodes go, are spliced out, and whole name scopes become one node each.

Names in inputs are those of the grammar: ``a``, ``a:1``, ``^a``. Where nodes become one that stands for a plugin, that
has one output. A removed node is no input of anybody any more.

Source: the public reference of NVIDIA's graphsurgeon, TensorRT 5 to 8, and what scripts that use it rely on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphsurgeon.compat.nvidia.static_graph import StaticGraph, is_below, names_of
from graphsurgeon.ir.colocation import colocated_with, drop_colocation
from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control, node_of_input
from proto_utils import schema


class DynamicGraph(StaticGraph):
    """A GraphDef to search in and to change; parameters as those of `StaticGraph`."""

    def append(self, node: Any) -> None:
        """Add a node, which is copied, at the end."""
        own = type(self._def)().node.add()
        if type(own) is type(node):
            own.CopyFrom(node)
        else:
            own.ParseFromString(schema.serialize(node))
        self._nodes.append(own)

    def extend(self, node_list: Iterable[Any]) -> None:
        """Add several nodes at the end."""
        for node in node_list:
            self.append(node)

    def remove(self, nodes: Any, remove_exclusive_dependencies: bool = False) -> None:
        """Take nodes out.

        Parameters
        ----------
        nodes : node or name, or list of such
        remove_exclusive_dependencies : bool
            Also those that nobody else reads or waits for, and those that nobody then does, and so on.
        """
        gone = dict.fromkeys(name for name in names_of(nodes) if name in self.node_map)
        if remove_exclusive_dependencies:
            inputs, outputs = self.node_inputs, self.node_outputs
            pending = list(gone)
            while pending:
                for each in inputs[pending.pop()]:
                    if each.name not in gone and all(reader.name in gone for reader in outputs[each.name]):
                        gone[each.name] = None
                        pending.append(each.name)
        self._nodes = [node for node in self._nodes if node.name not in gone]
        for node in self._nodes:
            _set_inputs(node, [text for text in node.input if node_of_input(text) not in gone])
        self._cut_colocation()

    def forward_inputs(self, nodes: Any, name: str | None = None) -> None:
        """Take nodes out whose inputs become those of the nodes that read them.

        Nodes that nobody reads are outputs of the graph, and stay.

        Parameters
        ----------
        nodes : node or name, or list of such
        name : str, optional
            Only the input of this name is handed on.
        """
        known = self.node_map
        read = self.node_outputs
        chosen = {each: known[each] for each in names_of(nodes) if each in known and read[each]}
        forwarded = {each: list(_forwarded(node, name)) for each, node in chosen.items()}
        self._nodes = [node for node in self._nodes if node.name not in chosen]
        for node in self._nodes:
            _set_inputs(node, _resolved(node.input, forwarded))
        self._cut_colocation()

    def collapse_namespaces(
        self, namespace_map: Mapping[str, Any], exclude_nodes: Any = (), unique_inputs: bool = True
    ) -> None:
        """Let all nodes of a name scope become one.

        Parameters
        ----------
        namespace_map : mapping of str to NodeDef
            The node that each scope, or single node, becomes; one node may stand for several. Of scopes within each
            other the inner one counts. A scope that is not there brings no node.
        exclude_nodes : node or name, or list of such
            Nodes that stay as they are.
        unique_inputs : bool
            Whether the node reads each of its inputs once.
        """
        kept = set(names_of(exclude_nodes))
        scopes = sorted(namespace_map, key=len, reverse=True)
        became: dict[str, Any] = {}
        for node in self._nodes:
            scope = next((each for each in scopes if is_below(node.name, each.rstrip("/"))), None)
            if scope is not None and node.name not in kept:
                became[node.name] = namespace_map[scope]
        made: dict[str, Any] = {}
        inputs: dict[str, list[str]] = {}
        left: list[Any] = []
        for node in self._nodes:
            plugin = became.get(node.name)
            texts = [_moved(text, became) for text in node.input]
            if plugin is None:
                _set_inputs(node, texts)
                left.append(node)
                continue
            if plugin.name not in made:
                made[plugin.name] = self._copy(plugin)
                left.append(made[plugin.name])
                inputs[plugin.name] = list(plugin.input)
            inputs[plugin.name] += [text for text in texts if node_of_input(text) != plugin.name]
        for name, texts in inputs.items():
            _set_inputs(made[name], list(dict.fromkeys(texts)) if unique_inputs else texts)
        self._nodes = left
        self._cut_colocation()

    def _cut_colocation(self) -> None:
        """Let no node share a device with one that is not there, which TensorFlow would refuse."""
        there = self.node_map
        for each in self._nodes:
            if "_class" in each.attr:
                node = Node(each)
                gone = [name for name in colocated_with(node) if name not in there]
                if gone:
                    drop_colocation(node, gone)

    def _copy(self, node: Any) -> Any:
        self.append(node)
        return self._nodes.pop()


def _forwarded(node: Any, name: str | None) -> Iterator[str]:
    for text in node.input:
        if name is None or name in (node_of_input(text), text):
            yield text


def _resolved(texts: Iterable[str], forwarded: Mapping[str, list[str]]) -> list[str]:
    """Return inputs with those of nodes that go in the place of these, however many stand in a row."""
    return [each for text in texts for each in _expanded(text, forwarded)]


def _expanded(text: str, forwarded: Mapping[str, list[str]]) -> Iterator[str]:
    pending, seen = [text], set()
    while pending:
        each = pending.pop()
        name = node_of_input(each)
        if name not in forwarded:
            yield each
        elif name not in seen:
            seen.add(name)
            inputs = reversed(forwarded[name])
            pending += [f"^{node_of_input(one)}" for one in inputs] if is_control(each) else inputs


def _moved(text: str, became: Mapping[str, Any]) -> str:
    plugin = became.get(node_of_input(text))
    if plugin is None:
        return text
    return f"^{plugin.name}" if is_control(text) else str(plugin.name)


def _set_inputs(node: Any, texts: list[str]) -> None:
    controls = [text for text in dict.fromkeys(texts) if is_control(text)]
    wanted = [text for text in texts if not is_control(text)] + controls
    if list(node.input) != wanted:
        del node.input[:]
        node.input.extend(wanted)
