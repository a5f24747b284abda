"""Graph matching: nodes pair up by name, and where names differ by Weisfeiler-Leman refinement.

A node that only one graph has may be a node of the other under another name. Such
nodes are colored by hashes that are refined along the edges, in topological order::

    local   op and attrs, without what is a name itself (_class, frame_name, functions ...)
    up      local, and the inputs' ``up`` in order: everything the node computes
    down    local, and the consumers' ``down``: everything that is made of it

Nodes that are paired already, by name at first, stand for themselves in these. So nodes pair up

1. that alone have their ``up``: what leads there is the same;
2. that stand in the same place beside nodes that are paired, with the same op;
3. that agree in ``up`` and ``down``, which only twins share, in order; or that alone
   have their ``down``, because something before them changed; and again what is beside them.

Long payloads play no part and are not read: what is renamed may also have changed.
Costs O(nodes + edges), a few microseconds per node that needs it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from graphsurgeon.ir import ops
from graphsurgeon.ir.frames import NEXT_ITERATION_OPS
from graphsurgeon.ir.function_calls import functions_in
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control, node_of_input
from proto_utils import schema

# Attrs that hold names, by which a renamed node differs.
_NAMING = frozenset({"_class", "frame_name", "shared_name", "container", "_gradient_op_type", "_XlaScope"})
_NAMING_BYTES = tuple(name.encode() for name in _NAMING)
_LOOP = "back edge"

_T = TypeVar("_T")
# The node at the other end, and the place: the output that is read, and the position among the inputs (-1 for control).
_Edge = tuple[str, tuple[str, int]]


class Matching:
    """A matching of the nodes of two graphs; `a` and `b` are their nodes by name.

    `arguments` says what the second of two function bodies calls the first one's. `renamed` leads from names in `a` to
    those in `b`, where these differ; `is_same_language` when both call their arguments by the same names, so that equal
    inputs mean the same.
    """

    def __init__(self, a: Graph, b: Graph, arguments: Mapping[str, str]) -> None:
        self.a, self.b = _by_name(a), _by_name(b)
        self._arguments = dict(arguments)
        self.is_same_language = all(x == y for x, y in arguments.items())
        self.renamed: dict[str, str] = {}

    def counterpart(self, name: str) -> str:
        """Return what the second graph calls a node or argument of the first; the same name if it has none."""
        return self.renamed.get(name) or self._arguments.get(name, name)

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Yield the pairs in the order of the first graph."""
        renamed, others = self.renamed, self.b
        for name, node in self.a.items():
            other = others.get(renamed.get(name, name))
            if other is not None:
                yield node, other


def match_graphs(a: Graph, b: Graph, arguments: Mapping[str, str] | None = None) -> Matching:
    """Match the nodes of two graphs, or of two function bodies; parameters as of `Matching`."""
    match = Matching(a, b, arguments or {})
    matcher = _Matcher(match)
    if matcher.is_open:
        matcher.pair_by_what_leads_there()
        matcher.pair_beside_pairs()
    if matcher.is_open:
        matcher.pair_by_place()
        matcher.pair_beside_pairs()
    return match


class _Side:
    """The unmatched nodes of a graph, their colors, and the inputs of each that was open at first."""

    def __init__(
        self,
        graph: Mapping[str, Node],
        others: Mapping[str, Node],
        name_of: Callable[[str], str],
        numbers: dict[object, int],
    ) -> None:
        self._graph = graph
        self._name_of = name_of
        self._numbers = numbers
        self._locals: dict[str, int] = {}
        self.open = {name: node for name, node in graph.items() if name not in others}
        self.edges = {name: [_edge(text, i) for i, text in enumerate(n.inputs)] for name, n in self.open.items()}

    def op(self, name: str) -> str:
        """Return the op of an open node."""
        return self.open[name].op

    def local(self, name: str) -> int:
        """Return a number for what an open node is by itself; equal numbers mean equal nodes, on both sides."""
        found = self._locals.get(name)
        if found is None:
            found = self._locals[name] = _local(self.open[name], self._numbers)
        return found

    def up(self, describe: Callable[[str], Hashable]) -> dict[str, int]:
        """Return what each open node computes, inputs first.

        Loops are cut at NextIteration, any other cycle where it is met.
        """
        open_, edges = self.open, self.edges
        up: dict[str, int] = {}
        loops = {name for name, node in open_.items() if node.op in NEXT_ITERATION_OPS}
        met: set[str] = set()
        for first in open_:
            waiting = [] if first in up else [first]
            while waiting:
                name = waiting[-1]
                before = [p for p, _ in edges[name] if p in open_ and p not in up and p not in met and p not in loops]
                if before:
                    met.add(name)
                    waiting += before
                else:
                    up[waiting.pop()] = self._up(name, up, describe(name))
        return up

    def down(self, up: Mapping[str, int], consumers: Mapping[str, list[_Edge]]) -> dict[str, int]:
        """Return what is made of each open node; `up` is in an order that puts inputs first."""
        down: dict[str, int] = {}
        for name in reversed(list(up)):
            total = 0
            for consumer, place in consumers.get(name, ()):
                target: Hashable = down.get(consumer, _LOOP) if consumer in self.open else self._name_of(consumer)
                total += hash((target, place))
            down[name] = hash((self.local(name), total))
        return down

    def consumers(self) -> dict[str, list[_Edge]]:
        """Return who reads each open node."""
        found: dict[str, list[_Edge]] = {}
        for name, node in self._graph.items():
            for i, text in enumerate(node.inputs):
                if node_of_input(text) in self.open:
                    producer, place = _edge(text, i)
                    found.setdefault(producer, []).append((name, place))
        return found

    def readers(self) -> dict[str, list[_Edge]]:
        """Return the open nodes that read a node, for every node that is read by one."""
        found: dict[str, list[_Edge]] = {}
        for name in self.open:
            for producer, place in self.edges[name]:
                found.setdefault(producer, []).append((name, place))
        return found

    def _up(self, name: str, up: Mapping[str, int], own: Hashable) -> int:
        data, control = [], 0
        for producer, (port, position) in self.edges[name]:
            source: Hashable = up.get(producer, _LOOP) if producer in self.open else self._name_of(producer)
            if position < 0:
                control += hash(source)
            else:
                data.append((source, port))
        return hash((own, control, *data))


class _Matcher:
    """Pairs the nodes that have no counterpart by name."""

    def __init__(self, match: Matching) -> None:
        self._match = match
        numbers: dict[object, int] = {}
        self._a = _Side(match.a, match.b, match.counterpart, numbers)
        self._b = _Side(match.b, match.a, _itself, numbers)

    @property
    def is_open(self) -> bool:
        """Whether both sides have nodes without a counterpart."""
        return bool(self._a.open and self._b.open)

    def pair_by_what_leads_there(self) -> None:
        """Pair nodes that alone have their `up`, by ops only. One without inputs says too little for that."""
        groups = []
        for side in (self._a, self._b):
            up = side.up(side.op)
            groups.append(_grouped((name for name in up if side.edges[name]), up.__getitem__))
        self._pair_the_only_ones(*groups)

    def pair_by_place(self) -> None:
        """Pair nodes that agree in `up` and `down`, in order, or alone in `down`."""
        both, alone = [], []
        for side in (self._a, self._b):
            up, consumers = side.up(side.local), side.consumers()
            down = side.down(up, consumers)
            places = {name: (up[name], down[name]) for name in side.open}
            both.append(_grouped(side.open, places.__getitem__))
            alone.append(_grouped((name for name in side.open if name in consumers), down.__getitem__))
        for key, names in both[0].items():
            for name, other in _twins(names, both[1].get(key, [])):
                self._pair(name, other)
        self._pair_the_only_ones(*alone)

    def pair_beside_pairs(self) -> None:
        """Pair what stands in the same place beside pairs, and beside those, and so on."""
        if not self.is_open:
            return
        readers, others = self._a.readers(), self._b.readers()
        read = self._a.consumers()
        beside = {*readers, *(name for found in read.values() for name, _ in found)}
        waiting = deque((a, b) for a, b in self._match.pairs() if a.name in beside)
        while waiting and self.is_open:
            a, b = waiting.popleft()
            inputs, twins = a.data_inputs, b.data_inputs
            found = zip(inputs, twins, strict=True) if len(inputs) == len(twins) else ()
            pairs = [(node_of_input(text), node_of_input(other)) for text, other in found]
            if a.name in readers and b.name in others:
                pairs += self._same_readers(readers[a.name], others[b.name])
            for name, other in pairs:
                if self._are_alike(name, other):
                    waiting.append((self._a.open[name], self._b.open[other]))
                    self._pair(name, other)

    def _same_readers(self, left: Sequence[_Edge], right: Sequence[_Edge]) -> Iterator[tuple[str, str]]:
        """Yield open nodes that read the same output at the same place: the only ones of an op, or twins."""
        a, b = self._a, self._b
        for describe, other in ((a.local, b.local), (a.op, b.op)):
            groups = _grouped([(n, place) for n, place in left if n in a.open], _described(describe))
            others = _grouped([(n, place) for n, place in right if n in b.open], _described(other))
            for key, found in groups.items():
                twins = others.get(key, [])
                if len(found) == len(twins) and (len(found) == 1 or describe == a.local):
                    yield from _twins([name for name, _ in found], [name for name, _ in twins])

    def _pair_the_only_ones(self, left: Mapping[Hashable, list[str]], right: Mapping[Hashable, list[str]]) -> None:
        for key, names in left.items():
            others = right.get(key, [])
            if len(names) == len(others) == 1:
                self._pair(names[0], others[0])

    def _are_alike(self, name: str, other: str) -> bool:
        a, b = self._a.open.get(name), self._b.open.get(other)
        return a is not None and b is not None and a.op == b.op

    def _pair(self, name: str, other: str) -> None:
        if name in self._a.open and other in self._b.open:
            del self._a.open[name], self._b.open[other]
            self._match.renamed[name] = other


def _twins(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of nodes that look alike: by their last component, and then, if none is left over, in order."""
    by_leaf = _grouped(right, _leaf)
    rest, others = list(left), list(right)
    for leaf, names in _grouped(left, _leaf).items():
        same = by_leaf.get(leaf, [])
        if len(names) == len(same):
            yield from zip(names, same, strict=True)
            rest = [name for name in rest if _leaf(name) != leaf]
            others = [name for name in others if _leaf(name) != leaf]
    if len(rest) == len(others):
        yield from zip(rest, others, strict=True)


def _by_name(graph: Graph) -> dict[str, Node]:
    """Return the nodes by name; the first of several of one name."""
    nodes = {node.name: node for node in graph}
    return nodes if len(nodes) == len(graph) else {node.name: node for node in reversed(list(graph))}


def _edge(text: str, position: int) -> _Edge:
    if is_control(text):
        return text[1:], ("", -1)
    name, _, port = text.partition(":")
    # The first output of a graph's node; function bodies write ``out:0``.
    return name, ("" if port == "0" else port, position)


def _described(describe: Callable[[str], Hashable]) -> Callable[[_Edge], Hashable]:
    return lambda edge: (describe(edge[0]), edge[1])


def _local(node: Node, numbers: dict[object, int]) -> int:
    """Return a number for what a node is by itself. A NodeDef's attrs come last, so they are cut from its bytes."""
    key = node.op, schema.serialize(node.proto)[_head_nbytes(node) :]
    found = numbers.get(key)
    if found is None:
        found = numbers[key] = numbers.setdefault(_without_names(node, *key), len(numbers))
    return found


def _without_names(node: Node, op: str, attrs: bytes) -> object:
    known = ops.facts(op)
    if known is not None and not known.functions and not any(name in attrs for name in _NAMING_BYTES):
        return "as it is", op, attrs
    attr = node.proto.attr
    kept = [(key, schema.serialize(attr[key])) for key in sorted(attr) if not _is_naming(key, attr[key])]
    # An op that nobody knows may be a call of a function, which may have another name too.
    return "kept", op if known is not None else "", tuple(kept)


def _is_naming(key: str, value: schema.AttrValue) -> bool:
    return key in _NAMING or len(functions_in(value)) > 0


def _head_nbytes(node: Node) -> int:
    """Return how many bytes of a serialized NodeDef precede its attrs: name, op, inputs, device."""
    texts = [*filter(None, (node.name, node.op, node.device)), *node.inputs]
    whole = "".join(texts)
    # A node of a damaged graph may have none of them.
    if whole.isascii() and max(map(len, texts), default=0) < 1 << 7:
        return len(whole) + 2 * len(texts)
    return sum(_field_nbytes(len(text.encode())) for text in texts)


def _field_nbytes(nbytes: int) -> int:
    return nbytes + (2 if nbytes < 1 << 7 else 3 if nbytes < 1 << 14 else 4 if nbytes < 1 << 21 else 5)


def _itself(name: str) -> str:
    return name


def _leaf(name: str) -> str:
    return name.rpartition("/")[2]


def _grouped(items: Iterable[_T], key: Callable[[_T], Hashable]) -> dict[Hashable, list[_T]]:
    groups: dict[Hashable, list[_T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
