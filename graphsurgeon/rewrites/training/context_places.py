"""Which context each node of a graph stands in, by its edges alone: a data-flow analysis to a fixpoint.

======================  ==============================================================================
node                    stands in
======================  ==============================================================================
Enter                   the loop of its frame, which lies in the innermost context that any of its Enters is fed from
Exit                    its loop; what it hands on stands outside
Switch on a LoopCond    what it reads from: it is a loop variable's
other Switch            the branch that reads it; its ports stand in the branches of its predicate
Merge of two branches   what both lie in
any other               the innermost context of its inputs, those that it waits for included
======================  ==============================================================================

The way back from a NextIteration to its Merge says nothing. Predicates are one when they are one tensor through all
Identities. Only nodes behind an Enter or a Switch are looked at, and each once for every context around it: so it costs
O(nodes + edges) of the loops and branches.

Source: ``control_flow_ops.py`` of TensorFlow 1.15, as far as it can be seen in a graph that it made.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from graphsurgeon.ir.frames import ENTER_OPS, EXIT_OPS, MERGE_OPS, NEXT_ITERATION_OPS, SWITCH_OPS, entered
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control, node_of_input, parse_input
from graphsurgeon.rewrites.training.context_tree import Context

# Frames whose surroundings are not found after so many rounds go in circles; each round finds those one deeper.
_MAX_ROUNDS = 20
#: So many contexts may lie in each other: a context's message holds those inside of it, two levels for each, and
#: protobuf reads 100. TensorFlow exports a `tf.case` of 51 branches, and does not import it.
MAX_DEPTH = 50


class ContextPlaces:
    """The contexts of a graph, and where its nodes stand.

    Attributes
    ----------
    root : Context
    frames : dict of str to Context
        The loops, by the names of their frames.
    here : dict of str to Context
        Where each node stands; those that are not in it stand in the root.
    merges, switches : list of Node
        All Merges of the graph, and the Switches that are not those of loop variables.
    is_settled : bool
        Whether the frames were found to lie in each other without circles.
    too_deep : dict of Context to None
        The innermost ones that are told apart, where more than `MAX_DEPTH` lie in each other.
    """

    def __init__(self, graph: Graph, index: Index) -> None:
        self.index = index
        self.root = Context()
        self.frames: dict[str, Context] = {}
        self.here: dict[str, Context] = {}
        self.too_deep: dict[Context, None] = {}
        # Where what an input names stands, by its text, where that is not where its node stands.
        self._after: dict[str, Context] = {}
        self._sources: dict[str, str] = {}
        self._entries: dict[str, tuple[str, bool]] = {}
        self.merges = graph.nodes_of(MERGE_OPS)
        self.switches = [node for node in graph.nodes_of(SWITCH_OPS) if not self.is_loop_switch(node)]
        self._first = [node.name for node in (*graph.nodes_of(ENTER_OPS), *self.switches)]
        self.is_settled = not self._first or any(self._is_settled() for _ in range(_MAX_ROUNDS))

    def of(self, name: str) -> Context:
        """Return the context that a node stands in."""
        return self.here.get(name, self.root)

    def of_input(self, text: str) -> Context:
        """Return the context that what an input names stands in."""
        # Most are mere names, of nodes that hand on where they stand.
        return self._after.get(text) or self.here.get(text) or self.here.get(node_of_input(text), self.root)

    def put(self, name: str, here: Context, ports: tuple[Context, Context] | None = None) -> None:
        """Take in where a node that was made stands, and what its two outputs do."""
        if here is not self.root:
            self.here[name] = here
        if ports is not None:
            self._after[name] = self._after[f"{name}:0"] = ports[0]
            self._after[f"{name}:1"] = ports[1]
            self._after[f"^{name}"] = here

    def put_after(self, name: str, context: Context) -> None:
        """Take in where what a node hands on stands."""
        self._after[name] = self._after[f"{name}:0"] = self._after[f"^{name}"] = context

    def entry(self, node: Node) -> tuple[str, bool]:
        """Return the frame that an Enter leads into, and whether what it leads in is the same in each iteration."""
        found = self._entries.get(node.name)
        if found is None:
            constant = node.attr("is_constant")
            found = self._entries[node.name] = entered(node).name, constant is not None and constant.b
        return found

    def forward(self, node: Node) -> Iterator[tuple[int, str]]:
        """Yield the inputs of a node, with their positions, but for those that come around a loop."""
        if node.op not in MERGE_OPS:
            yield from enumerate(node.inputs)
            return
        for position, text in enumerate(node.inputs):
            if not self.is_way_back(text):
                yield position, text

    def is_way_back(self, text: str) -> bool:
        """Whether an input of a Merge comes around a loop."""
        producer = self.index.producer(text)
        return producer is not None and producer.op in NEXT_ITERATION_OPS

    def is_loop_switch(self, node: Node) -> bool:
        """Whether a Switch is that of a loop variable."""
        producer = self.index.producer(self.source(node.inputs[1]))
        return producer is not None and producer.op == "LoopCond"

    def is_loop_merge(self, node: Node) -> bool:
        """Whether a Merge is that of a loop variable: one that is entered, or comes around."""
        producers = map(self.index.producer, node.data_inputs)
        return any(p is not None and (p.op in ENTER_OPS or p.op in NEXT_ITERATION_OPS) for p in producers)

    def is_pivot(self, node: Node) -> bool:
        """Whether a Switch hands on its own predicate, to Identities alone: what branches wait for hangs on it."""
        if parse_input(node.inputs[0]) != parse_input(node.inputs[1]):
            return False
        return all(reader.op == "Identity" for reader, _ in self.index.consumers(node.name))

    def used_ports(self, node: Node) -> tuple[bool, bool]:
        """Return whether each output of a Switch is read."""
        return bool(self.index.tensor_consumers(node.name)), bool(self.index.tensor_consumers(f"{node.name}:1"))

    def source(self, text: str) -> str:
        """Return the tensor that a tensor is, through all Identities."""
        passed = []
        while text not in self._sources:
            passed.append(text)
            producer = self.index.producer(text)
            if producer is None or producer.op != "Identity" or is_control(producer.inputs[0]):
                self._sources[text] = str(parse_input(text))
                break
            text = producer.inputs[0]
        found = self._sources[text]
        self._sources.update(dict.fromkeys(passed, found))
        return found

    def base(self, node: Node) -> Context:
        """Return the innermost context that a node reads from or waits in."""
        found, depth = self.root, 0
        of_input, is_merge = self.of_input, node.op in MERGE_OPS
        for text in node.inputs:
            context = of_input(text)
            if context is not found and not (is_merge and self.is_way_back(text)) and (deep := context.depth) > depth:
                found, depth = context, deep
        return found

    def _is_settled(self) -> bool:
        """Place all nodes; return whether all frames lie where they were taken to lie."""
        self.here, self._after, self.too_deep = {}, {}, {}
        order, edges, producers = self.index.order, self.index.edges, self.index.producers
        waiting = sorted((order[name], name) for name in self._first)
        queued = set(self._first)
        around: dict[Context, Context] = {}
        while waiting:
            name = heapq.heappop(waiting)[1]
            queued.discard(name)
            node = producers[name]
            if not self._place(node, around) or node.op in NEXT_ITERATION_OPS:
                continue
            for reader, _ in edges(name):
                name = reader.name
                if name not in queued:
                    queued.add(name)
                    heapq.heappush(waiting, (order[name], name))
        is_settled = True
        for loop, context in around.items():
            if loop.parent is not context and not context.is_within(loop):
                loop.parent, is_settled = context, False
        return is_settled

    def _place(self, node: Node, around: dict[Context, Context]) -> bool:
        """Place a node by what it reads; return whether what it hands on stands elsewhere than before."""
        name, op = node.name, node.op
        before = self.here.get(name)
        here = self.base(node)
        is_moved = False
        if op in ENTER_OPS:
            here = self._entered(node, here, around)
        elif op in EXIT_OPS:
            loop = here.loop
            if loop is not None and loop.parent is not None:
                here = loop
                is_moved = self._after.get(name) is not loop.parent
                self.put_after(name, loop.parent)
        elif op in MERGE_OPS:
            here = here if self.is_loop_merge(node) else self._met(node)
        elif op in SWITCH_OPS and not self.is_loop_switch(node):
            base, pred = here, self.source(node.inputs[1])
            ports = self._ports(base, pred)
            used = self.used_ports(node)
            here = ports[used[1]] if used[0] != used[1] else base
            is_moved = self._after.get(name) is not ports[0]
            self.put(name, here, ports)
            self._after[f"^{name}"] = base
        if here is not self.root or before is not None:
            self.here[name] = here
        return is_moved or (before is not here and (before is not None or here is not self.root))

    def _ports(self, base: Context, pred: str) -> tuple[Context, Context]:
        """Return the branches of a conditional in a context; of one that is too deep, that one."""
        if base.depth >= MAX_DEPTH:
            self.too_deep[base] = None
            return base, base
        return base.child(pred, 0), base.child(pred, 1)

    def _entered(self, node: Node, outside: Context, around: dict[Context, Context]) -> Context:
        """Return the loop that an Enter leads into, and note what it lies in; of one too deep, what it lies in."""
        if outside.depth >= MAX_DEPTH:
            self.too_deep[outside] = None
            return outside
        frame = self.entry(node)[0]
        if frame not in self.frames:
            self.frames[frame] = Context(outside, frame=frame)
        loop = self.frames[frame]
        if loop not in around or outside.depth > around[loop].depth:
            around[loop] = outside
        return loop

    def _met(self, node: Node) -> Context:
        """Return what all that a Merge reads lies in."""
        found: Context | None = None
        for text in node.data_inputs:
            context = self.of_input(text)
            found = context if found is None else found.shared(context)
        return found or self.root
