"""Edits of a graph or function body, gathered before any of them is applied, and an index that shows them at once.

The ground of every pass that rewires::

    edit = GraphEdit(graph)
    stop = Node.new("stop", "StopGradient", ["hidden:1"], attrs={"T": FLOAT})
    edit.redirect("hidden:1", "stop")                    # whoever reads hidden:1
    edit.add(stop, behind="hidden")
    edit.edit(graph["loss"]).attrs["keep_dims"] = True   # a copy; the graph is as it was
    edit.apply()                                         # now it has all of that

Nodes are edited as copies, so a pass that refuses half way leaves the graph as it was, and the snapshot of the
one who runs it can put everything back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import NAME, Node
from graphsurgeon.names import is_control
from proto_utils.errors import NotFoundError


class GraphEdit:
    """Copies of nodes, new nodes and removed ones of a graph or function body.

    Names are those of the grammar in `names`, in function bodies too. Every call costs O(what it touches): a node,
    its inputs, the consumers that are redirected; `nodes` and `apply` cost one look at each node.

    The graph is not edited before `apply`, and by nobody else meanwhile; the names of its nodes are unique. An
    index that is given shows the edits from now on; without one, it is made as soon as it is asked for.
    """

    def __init__(self, graph: Graph, index: Index | None = None) -> None:
        self.graph = graph
        self._index = index
        # Nodes that are ours to change, and None for those removed.
        self._now: dict[str, Node | None] = {}
        self._behind: dict[str | None, dict[str, None]] = {}
        # Where in `_behind` a name is; of names that came again, not where the graph has them.
        self._home: dict[str, str | None] = {}
        self._again: set[str] = set()

    @property
    def index(self) -> Index:
        """Producers and consumers, as they are after the edits so far."""
        if self._index is None:
            self._index = Index(self.nodes())
        return self._index

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been edited."""
        return not self._now

    def get(self, name: str) -> Node | None:
        """Return the node of that name after the edits so far, or None; not to be edited."""
        if self._index is not None:
            return self._index.producers.get(name)
        return self._now[name] if name in self._now else self.graph.get(name)

    def current(self, node: Node) -> Node:
        """Return a node of the graph after the edits so far, also when it is removed; not to be edited."""
        return self._now.get(node.name) or node

    def is_removed(self, name: str) -> bool:
        """Whether a node was taken out and no other put in its place."""
        return name in self._now and self._now[name] is None

    def edit(self, node: Node) -> Node:
        """Return the copy that stands in a node's place; of new nodes, the node itself.

        Its op, attrs and device may be changed freely; for inputs there are `set_input` and `set_inputs`.
        """
        own = self._now.get(node.name)
        if own is None:
            self._require(node.name)
            own = node.copy()
            self._put(own, own.inputs)
        return own

    def set_input(self, node: Node, position: int, text: str) -> None:
        """Let one input of a node name another tensor."""
        own = self.edit(node)
        before = own.inputs[position]
        own.set_input(position, text)
        if self._index is not None:
            self._index.update_input(own, position, before)

    def set_inputs(self, node: Node, inputs: Sequence[str]) -> None:
        """Set all inputs of a node."""
        own = self.edit(node)
        before, own.inputs = own.inputs, tuple(inputs)
        self._put(own, before)

    def redirect(self, old: str, new: str) -> None:
        """Let every consumer of one tensor read another: ``a:1``, ``b``; or wait for another node: ``^a``, ``^b``.

        A node that is to stand between the two reads `old`, too: it is added, or gets that input, afterwards.
        """
        if not is_control(old):
            for node, position in self.index.tensor_consumers(old):
                self.set_input(node, position, new)
            return
        for node in self.index.control_consumers(old[1:]):
            controls = (new if text == old else text for text in node.control_inputs)
            self.set_inputs(node, [*node.data_inputs, *dict.fromkeys(controls)])

    def add(self, node: Node, *, behind: str | None = None) -> None:
        """Add a new node at the end, or behind the node of a name and what was put there before.

        A name that is taken is a GraphError, no node to stand behind a NotFoundError.
        """
        if behind is not None:
            self._require(behind)
        self._place(node, behind)

    def replace(self, name: str, nodes: Sequence[Node]) -> None:
        """Put new nodes in the place of one; the one that takes over its name comes first, without one the node goes.

        Errors are those of `add`.
        """
        before = self._require(name).inputs
        if name not in map(NAME, nodes):
            self.remove(name)
        for node in nodes:
            if node.name == name:
                self._put(node, before)
            else:
                self._place(node, name)

    def remove(self, name: str) -> None:
        """Take a node out; who names it is the caller's to redirect."""
        self._require(name)
        self._now[name] = None
        if self._index is not None:
            self._index.remove(name)

    def keep(self, names: Collection[str]) -> None:
        """Remove all nodes but these; costs one look at each."""
        gone = dict.fromkeys([node.name for node in self.nodes() if node.name not in names])
        if self._index is not None:
            for name in gone:
                self._index.remove(name)
        self._now.update(gone)

    def nodes(self) -> list[Node]:
        """Return the nodes after the edits so far, in order; a removed name that is added again is where it was put."""
        now, behind, again = self._now, self._behind, self._again
        named = zip(map(NAME, self.graph), self.graph, strict=True)
        if not behind:
            found = [now.get(name, node) for name, node in named]
        else:
            found = []
            for name, node in named:
                if name not in again:
                    found.append(now.get(name, node))
                    if name in behind:
                        found += self._placed(name)
        found += self._placed(None)
        return [node for node in found if node is not None]

    def apply(self) -> None:
        """Put all edits into the graph, which is left alone when there are none; further ones start from there."""
        if not self.is_empty:
            self.graph.set_nodes(self.nodes())
            self._now, self._behind, self._home, self._again = {}, {}, {}, set()

    def _require(self, name: str) -> Node:
        node = self.get(name)
        if node is None:
            raise NotFoundError.among("node", name, (each.name for each in self.nodes()))
        return node

    def _put(self, node: Node, before: Sequence[str]) -> None:
        self._now[node.name] = node
        if self._index is not None:
            self._index.update(node, before)

    def _place(self, node: Node, behind: str | None) -> None:
        name = node.name
        if self.get(name) is not None:
            raise GraphError("a node of this name is there already", node=name)
        if name in self._now:
            if self._is_behind(behind, name):
                behind = None
            if name in self._home:
                del self._behind[self._home[name]][name]
            self._again.add(name)
        self._behind.setdefault(behind, {})[name] = None
        self._home[name] = behind
        self._put(node, ())

    def _is_behind(self, name: str | None, other: str) -> bool:
        """Whether a node was put behind another, or behind what was."""
        while name is not None and name != other:
            name = self._home.get(name)
        return name == other

    def _placed(self, behind: str | None) -> list[Node | None]:
        """Return what was put behind a node, and behind that."""
        names = self._behind.get(behind, ())
        if self._behind.keys().isdisjoint(names):
            return list(map(self._now.__getitem__, names))
        found: list[Node | None] = []
        waiting = [*reversed(names)]
        while waiting:
            name = waiting.pop()
            found.append(self._now[name])
            if name in self._behind:
                waiting += reversed(self._behind[name])
        return found
