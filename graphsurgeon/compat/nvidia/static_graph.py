"""Graphs to search in: by name, path, op, and chains of ops.

Source: the public reference of NVIDIA's graphsurgeon, TensorRT 5 to 8.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from graphsurgeon.compat.local_path import local_path
from graphsurgeon.compat.nvidia.nodes import message_class
from graphsurgeon.names import node_of_input
from proto_utils import schema
from proto_utils.errors import NotFoundError
from proto_utils.output import Transaction


class StaticGraph:
    """A GraphDef to search in: ``graph["name"]``, ``graph[0]``, ``for node in graph``.

    Parameters
    ----------
    graphdef : GraphDef, Graph or path, optional
        A message, which is copied; a ``tf.Graph``; or any file with a graph. Without it the graph is empty.

    Raises
    ------
    GraphSurgeonError
        The file does not hold a graph.
    """

    def __init__(self, graphdef: Any = None) -> None:
        self._def: Any = message_class("GraphDef")()
        if isinstance(graphdef, (str, os.PathLike)):
            self.read(graphdef)
        elif graphdef is not None:
            message = graphdef.as_graph_def() if hasattr(graphdef, "as_graph_def") else graphdef
            self._def = type(message)()
            self._def.CopyFrom(message)
        self._nodes: list[Any] = list(self._def.node)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._nodes))

    def __len__(self) -> int:
        return len(self._nodes)

    def __getitem__(self, index: int | str) -> Any:
        if isinstance(index, int):
            return self._nodes[index]
        return self._named(index)

    def __contains__(self, node: object) -> bool:
        return _name_of(node) in self.node_map

    @property
    def node_map(self) -> dict[str, Any]:
        """The nodes by their names."""
        return {node.name: node for node in reversed(self._nodes)}

    @property
    def node_outputs(self) -> defaultdict[str, list[Any]]:
        """The nodes that read a node or wait for it, by its name."""
        found: defaultdict[str, list[Any]] = defaultdict(list)
        for node in self._nodes:
            for name in dict.fromkeys(map(node_of_input, node.input)):
                found[name].append(node)
        return found

    @property
    def node_inputs(self) -> defaultdict[str, list[Any]]:
        """The nodes that a node reads or waits for, by its name."""
        known = self.node_map
        found: defaultdict[str, list[Any]] = defaultdict(list)
        for node in self._nodes:
            names = dict.fromkeys(map(node_of_input, node.input))
            found[node.name] = [known[name] for name in names if name in known]
        return found

    @property
    def graph_inputs(self) -> list[Any]:
        """The nodes that are to be fed."""
        return [node for node in self._nodes if "Placeholder" in node.op]

    @property
    def graph_outputs(self) -> list[Any]:
        """The nodes that no other reads or waits for."""
        read = {name for node in self._nodes for name in map(node_of_input, node.input)}
        return [node for node in self._nodes if node.name not in read]

    def find_nodes_by_op(self, op: str | Collection[str]) -> list[Any]:
        """Return the nodes of an op, or of several."""
        ops = _texts(op)
        return [node for node in self._nodes if node.op in ops]

    def find_nodes_by_name(self, name: str | Collection[str]) -> list[Any]:
        """Return the nodes of a name, or of several: a whole one, or what is behind the last slash."""
        names = _texts(name)
        return [node for node in self._nodes if node.name in names or node.name.rpartition("/")[2] in names]

    def find_nodes_by_path(self, path: str | Collection[str]) -> list[Any]:
        """Return the node of a path and all below it, or those of several paths."""
        paths = [each.rstrip("/") for each in _texts(path)]
        return [node for node in self._nodes if any(is_below(node.name, each) for each in paths)]

    def find_node_inputs(self, node: Any) -> list[Any]:
        """Return the nodes that a node, given or by its name, reads or waits for."""
        return self.node_inputs[self._named(node).name]

    def find_node_inputs_by_name(self, node: Any, name: str | Collection[str]) -> list[Any]:
        """Return those of the inputs of a node that have a name."""
        found = {each.name for each in self.find_nodes_by_name(name)}
        return [each for each in self.find_node_inputs(node) if each.name in found]

    def find_node_inputs_by_op(self, node: Any, op: str | Collection[str]) -> list[Any]:
        """Return those of the inputs of a node that are of an op."""
        ops = _texts(op)
        return [each for each in self.find_node_inputs(node) if each.op in ops]

    def find_node_chains_by_op(self, chain: Sequence[str]) -> list[list[Any]]:
        """Return the chains of nodes of these ops, each of which reads the one before it."""
        outputs = self.node_outputs
        chains = [[node] for node in self.find_nodes_by_op(chain[0])] if chain else []
        for op in chain[1:]:
            chains = [[*each, node] for each in chains for node in outputs[each[-1].name] if node.op == op]
        return chains

    def as_graph_def(self) -> Any:
        """Return the graph as a GraphDef of the kind that was given; TensorFlow's own, if it is loaded and none was."""
        made = type(self._def)()
        made.CopyFrom(self._def)
        del made.node[:]
        for node in self._nodes:
            own = made.node.add()
            if type(own) is type(node):
                own.CopyFrom(node)
            else:
                own.ParseFromString(schema.serialize(node))
        return made

    def read(self, filename: str | os.PathLike[str]) -> None:
        """Replace the graph by that of any file with a graph."""
        from graphsurgeon.formats.load import load

        message = load(os.fspath(filename)).to_graph_def()
        self._def = message_class("GraphDef").FromString(schema.serialize(message))
        self._nodes = list(self._def.node)

    def write(self, filename: str | os.PathLike[str]) -> None:
        """Write the graph as a binary GraphDef; what is there is replaced."""
        data = schema.serialize(self.as_graph_def())
        with Transaction(overwrite=True) as transaction:
            transaction.create(local_path(os.fspath(filename))).write(data)

    def _named(self, node: Any) -> Any:
        """Return the node of this graph that is given, or named."""
        name, known = _name_of(node), self.node_map
        if name not in known:
            raise NotFoundError.among("node", str(name), known)
        return known[name]


def is_below(name: str, path: str) -> bool:
    """Whether a node has a path, or is below it."""
    return name == path or name.startswith(f"{path}/")


def _name_of(node: object) -> Any:
    return node if isinstance(node, str) else getattr(node, "name", None)


def names_of(nodes: Any) -> list[str]:
    """Return the names of nodes: one or several, given or named."""
    given: Iterable[Any] = [nodes] if isinstance(nodes, str) or hasattr(nodes, "attr") else nodes
    return [_name_of(node) for node in given]


def _texts(given: str | Collection[str]) -> set[str]:
    return {given} if isinstance(given, str) else set(given)
