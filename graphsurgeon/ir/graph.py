"""Graphs and function bodies: ordered nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, KeysView
from itertools import compress

from graphsurgeon.ir.node import NAME, OP, OP_EDITS, Node
from proto_utils import schema
from proto_utils.errors import NotFoundError
from proto_utils.files import Span


class Graph:
    """An ordered collection of nodes.

    The order is the file's and carries no meaning for TensorFlow; it is kept so that
    what was not edited is written back unchanged.

    Parameters
    ----------
    nodes : iterable of Node
    """

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        # A list, so that nodes share it with their graph.
        self._edits = [0]
        self._nodes = self._held(nodes)
        self._as_read = list(self._nodes)
        self._by_name: dict[str, Node] | None = None
        self._by_op: tuple[int, dict[str, list[Node]]] | None = None

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def __getitem__(self, name: str) -> Node:
        """Return the node of that name.

        Raises
        ------
        NotFoundError
            There is none; near names are in the error.
        """
        if not isinstance(name, str):
            raise TypeError(f"nodes are found by name, a str, not by {type(name).__name__}: {name!r:.60}")
        node = self._find(name)
        if node is None:
            raise NotFoundError.among("node", name, (n.name for n in self._nodes))
        return node

    def get(self, name: str) -> Node | None:
        """Return the node of that name, or None."""
        return self._find(name)

    def append(self, node: Node) -> None:
        """Add a node at the end."""
        self.extend((node,))

    def extend(self, nodes: Iterable[Node]) -> None:
        """Add nodes at the end."""
        found = self._held(nodes)
        self._nodes += found
        self._edits[0] += 1
        self._by_op = None
        if self._by_name is not None:
            for node in found:
                self._by_name.setdefault(node.name, node)

    def rename(self, node: Node, name: str) -> None:
        """Give a node another name; what refers to it is the caller's to rewrite."""
        node._rename(name)
        self._by_name = None

    def set_nodes(self, nodes: Iterable[Node]) -> None:
        """Replace all nodes, in order: how a pass applies what it has gathered."""
        self._nodes = self._held(nodes)
        self._edits[0] += 1
        self._by_name = self._by_op = None

    @property
    def ops(self) -> KeysView[str]:
        """The ops that the nodes are of; costs what `nodes_of` does."""
        return self._nodes_by_op().keys()

    def nodes_of(self, ops: Collection[str]) -> list[Node]:
        """Return the nodes of some ops, in order; costs one look at each node after an edit, else what it finds."""
        by_op = self._nodes_by_op()
        found = [op for op in by_op if op in ops]
        if len(found) > 1:
            return list(compress(self._nodes, map(set(found).__contains__, map(OP, self._nodes))))
        return list(by_op[found[0]]) if found else []

    @property
    def num_edits(self) -> int:
        """How often something of it was edited: nodes in place, or their list."""
        return self._edits[0]

    @property
    def is_edited(self) -> bool:
        """Whether the nodes differ from those that were read; costs one look at each."""
        if len(self._nodes) != len(self._as_read):
            return True
        return any(a is not b or a.origin is None for a, b in zip(self._nodes, self._as_read, strict=True))

    def _held(self, nodes: Iterable[Node]) -> list[Node]:
        """Return nodes that know they are in this graph; a TypeError when they are none."""
        found, edits = list(nodes), self._edits
        for node in found:
            if not isinstance(node, Node):
                raise TypeError(f"a graph is made of nodes, not of {type(node).__name__}: gs.Node.new makes one")
            node._edits = edits
        return found

    def _nodes_by_op(self) -> dict[str, list[Node]]:
        # A node of another op in place may be in any graph.
        if self._by_op is None or self._by_op[0] != OP_EDITS[0]:
            by_op: dict[str, list[Node]] = defaultdict(list)
            for node, op in zip(self._nodes, map(OP, self._nodes), strict=True):
                by_op[op].append(node)
            self._by_op = OP_EDITS[0], dict(by_op)
        return self._by_op[1]

    def _find(self, name: str) -> Node | None:
        if self._by_name is None:
            # The first of several nodes with one name wins; `verify` reports them.
            nodes = self._nodes
            self._by_name = dict(zip(map(NAME, reversed(nodes)), reversed(nodes), strict=True))
        return self._by_name.get(name)

    def __repr__(self) -> str:
        return f"Graph({len(self._nodes)} nodes)"


class Function:
    """A function of the library: a signature and a body that is a graph.

    In the body, inputs are written ``argument`` or ``node:output:index``; see `names`.

    Attributes
    ----------
    proto : FunctionDef
        Everything but the nodes.
    body : Graph
    origin : Span or None
        The FunctionDef in the file it was read from.
    """

    def __init__(self, proto: schema.FunctionDef, body: Graph, origin: Span | None = None) -> None:
        self.proto = proto
        self.body = body
        self.origin = origin
        self._as_read = (body, schema.serialize(proto))

    @property
    def name(self) -> str:
        """The function's name."""
        return self.proto.signature.name

    @property
    def is_edited(self) -> bool:
        """Whether it differs from what was read."""
        if self.origin is None or self.body.is_edited:
            return True
        body, proto = self._as_read
        return self.body is not body or schema.serialize(self.proto) != proto

    def copy(self) -> Function:
        """Return an independent function; payloads are shared."""
        proto = schema.parse(schema.FunctionDef, schema.serialize(self.proto))
        body = Graph(node.copy() for node in self.body)
        return Function(proto, body, None if self.is_edited else self.origin)

    def __repr__(self) -> str:
        return f"Function({self.name!r}, {len(self.body)} nodes)"


class Library:
    """The function library of a graph.

    Attributes
    ----------
    functions : dict of str to Function
    rest : FunctionDefLibrary
        Everything but the functions: gradients, unknown fields.
    origin : Span or None
    is_set : bool
        Whether the graph has a library at all, if an empty one.
    """

    def __init__(
        self,
        functions: Iterable[Function] = (),
        rest: schema.FunctionDefLibrary | None = None,
        origin: Span | None = None,
    ) -> None:
        self.functions = {function.name: function for function in functions}
        self.rest = rest if rest is not None else schema.FunctionDefLibrary()
        self.origin = origin
        self.is_set = origin is not None
        self._as_read = (list(self.functions.values()), schema.serialize(self.rest))

    @property
    def is_edited(self) -> bool:
        """Whether it differs from what was read, or from how it was made."""
        functions, rest = self._as_read
        return (
            list(self.functions.values()) != functions
            or any(function.is_edited for function in functions)
            or schema.serialize(self.rest) != rest
        )

    def copy(self) -> Library:
        """Return an independent library; payloads are shared."""
        rest = schema.parse(schema.FunctionDefLibrary, schema.serialize(self.rest))
        copies = [function.copy() for function in self.functions.values()]
        made = Library(copies, rest, None if self.is_edited else self.origin)
        made.is_set = self.is_set
        return made

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it to write."""
        return not self.is_set and not self.functions and self.rest.ByteSize() == 0
