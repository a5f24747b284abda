"""The nodes of a graph: in order, found by name, with an index of who reads whom that follows every edit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, KeysView
from itertools import compress
from typing import TYPE_CHECKING, Any

from graphsurgeon.ir.membership import Journal, Membership
from graphsurgeon.ir.node import NAME, OP, OP_EDITS, Node

if TYPE_CHECKING:
    from graphsurgeon.ir.index import Index
    from graphsurgeon.ir.live_state import LiveState


class NodeList:
    """An ordered collection of nodes, which know it; see `Graph`.

    Parameters
    ----------
    nodes : iterable of Node
    """

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self._membership = Membership(self)
        self._nodes = self._held(nodes)
        self._as_read = list(self._nodes)
        # Those that were removed and are in the list until somebody looks at it.
        self._gone: dict[int, Node] = {}
        self._by_name: dict[str, Node] | None = None
        self._by_op: tuple[int, dict[str, list[Node]]] | None = None
        self._index: Index | None = None
        self._state: LiveState | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return what goes along in a copy: what was found out of the nodes is found again."""
        self._list()
        found = dict.fromkeys(("_by_name", "_by_op", "_index", "_state", "_model", "_library", "_signatures"))
        return {**self.__dict__, **found}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._membership.set_graph(self)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._list())

    def __len__(self) -> int:
        return len(self._nodes) - len(self._gone)

    def get(self, name: str) -> Node | None:
        """Return the node of that name, or None."""
        if self._index is not None:
            return self._index.producers.get(name)
        if self._by_name is None:
            # The first of several nodes with one name wins; `verify` reports them.
            nodes = self._list()
            self._by_name = dict(zip(map(NAME, reversed(nodes)), reversed(nodes), strict=True))
        return self._by_name.get(name)

    @property
    def index(self) -> Index:
        """Producers and consumers, which follow every edit; made on first use, with one look at each node."""
        if self._index is None:
            from graphsurgeon.ir.index import Index

            self._index = Index(self)
        return self._index

    @property
    def ops(self) -> KeysView[str]:
        """The ops that the nodes are of; costs what `nodes_of` does."""
        return self._nodes_by_op().keys()

    def nodes_of(self, ops: Collection[str]) -> list[Node]:
        """Return the nodes of some ops, in order; costs one look at each node after an edit, else what it finds."""
        by_op = self._nodes_by_op()
        found = [op for op in by_op if op in ops]
        if len(found) > 1:
            nodes = self._list()
            return list(compress(nodes, map(set(found).__contains__, map(OP, nodes))))
        return list(by_op[found[0]]) if found else []

    @property
    def num_edits(self) -> int:
        """How often something of it was edited: nodes in place, or their list."""
        return self._membership.num_edits

    @property
    def is_edited(self) -> bool:
        """Whether the nodes differ from those that were read; costs one look at each."""
        nodes = self._list()
        if len(nodes) != len(self._as_read):
            return True
        return any(a is not b or a.origin is None for a, b in zip(nodes, self._as_read, strict=True))

    def append(self, node: Node) -> None:
        """Add a node at the end."""
        self.extend((node,))

    def extend(self, nodes: Iterable[Node]) -> None:
        """Add nodes at the end."""
        found = self._held(nodes)
        if any(id(node) in self._gone for node in found):
            self._list()
        self._nodes += found
        self._membership.num_edits += 1
        self._by_op = None
        if self._by_name is not None:
            for node in found:
                self._by_name.setdefault(node.name, node)
        if self._index is not None:
            for node in found:
                if node.name not in self._index.producers:
                    self._index.update(node, ())
        if self._state is not None:
            for node in found:
                self._state.added(node)

    def set_nodes(self, nodes: Iterable[Node]) -> None:
        """Replace all nodes, in order: how a pass applies what it has gathered."""
        self._nodes, self._gone = self._held(nodes), {}
        self._membership.num_edits += 1
        self._by_name = self._by_op = self._index = self._state = None

    def open_journal(self) -> Journal:
        """Begin to note what nodes are before they are edited in place: see `Journal`."""
        return self._membership.open_journal()

    def _remove(self, node: Node) -> None:
        """Take a node out, of which the caller knows that nobody reads it."""
        index = self.index
        self._gone[id(node)] = node
        self._membership.num_edits += 1
        node._membership = self._by_op = None
        index.remove(node.name)
        if self._by_name is not None:
            del self._by_name[node.name]
        if self._state is not None:
            self._state.removed(node)

    def _rename(self, node: Node, name: str) -> None:
        before = node.name
        node._rename(name)
        if self._by_name is not None:
            del self._by_name[before]
            self._by_name[name] = node
        if self._index is not None:
            self._index.rename(node, before)
        if self._state is not None:
            self._state.renamed(node, before)

    def _rewired(self, node: Node, before: tuple[str, ...]) -> None:
        """Take in that a node has other inputs than before."""
        index = self._index
        if index is None or index.producers.get(node.name) is not node:
            return
        index.update(node, before)
        if self._state is not None:
            self._state.rewired(node)

    def _nodes_by_op(self) -> dict[str, list[Node]]:
        # A node of another op in place may be in any graph.
        if self._by_op is None or self._by_op[0] != OP_EDITS[0]:
            nodes = self._list()
            by_op: dict[str, list[Node]] = defaultdict(list)
            for node, op in zip(nodes, map(OP, nodes), strict=True):
                by_op[op].append(node)
            self._by_op = OP_EDITS[0], dict(by_op)
        return self._by_op[1]

    def _list(self) -> list[Node]:
        if self._gone:
            gone = self._gone
            self._nodes = [node for node in self._nodes if id(node) not in gone]
            self._gone = {}
        return self._nodes

    def _held(self, nodes: Iterable[Node]) -> list[Node]:
        """Return nodes that know they are in this graph; a TypeError about anything else."""
        found, membership = list(nodes), self._membership
        for node in found:
            if not isinstance(node, Node):
                raise TypeError(f"a graph is made of nodes, not of {type(node).__name__}: gs.Node.new makes one")
            node._membership = membership
        return found
