"""Loops of control flow v1, from Enter to Exit, become While nodes with functions for condition and body.

::

    i = Enter(zero)  w' = Enter(w) is_constant          while = While(0, -1, zero, w)
    m = Merge(i, next)                                  cond(n, max, m, w):  Less(m, 3)
    LoopCond(Less(m, 3))                          ->    body(n, max, m, w):  n + 1, max, Mul(m, w), w
    s = Switch(m, LoopCond)
    next = NextIteration(Mul(s:1, w'))
    e = Exit(s:0)                                       e = Identity(while:2)

The loop variables are the Merges in the order of the graph, and what enters as a constant follows them, as it is handed
on unchanged. The first two variables are what TensorFlow's gradient of a While counts on: how often the body ran, and
how often it may run, which is -1 for no limit. An Exit becomes an Identity of its name. What neither the condition nor
a way back needs, or waits for, never runs, in TensorFlow 1 neither, and goes. Loops inside of others come first.

Source: ``while_v2.py`` of TensorFlow, and XLA's ``functionalize_while.cc``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from graphsurgeon.ir.attr_value import Func, Shape
from graphsurgeon.ir.frames import ENTER_OPS, EXIT_OPS, MERGE_OPS, NEXT_ITERATION_OPS, SWITCH_OPS, entered, frames_of
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control, node_of_input, parse_input, unique_name
from graphsurgeon.rewrites.functionalizing.branches import raise_branches
from graphsurgeon.rewrites.functionalizing.declined import declined
from graphsurgeon.rewrites.functionalizing.regions import Argument, Functions, RaisedRow, Region, argument_name
from graphsurgeon.rewrites.functionalizing.tensor_facts import TensorFact, TensorFacts
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor
from proto_utils.named_tuple import NamedTuple

_LOOP_COND = "LoopCond"

_COUNT = TensorFact(dtypes.INT32, Shape(()))

Stack = tuple[str, ...]


def raise_loops(graph: Graph, facts: TensorFacts, functions: Functions) -> tuple[list[Node], list[RaisedRow]]:
    """Exchange the loops of a graph, which is not edited; return the nodes that it has then, and the loops.

    Branches in loops become functions too. Costs O(nodes + edges); what cannot be a function is a PassError.
    """
    frames = frames_of(graph, graph.index)
    stacks: dict[str, Stack] = {name: tuple(frame.name for frame in stack) for name, stack in frames.items()}
    homes: dict[Stack, dict[str, Node]] = defaultdict(dict)
    exits: dict[Stack, list[Node]] = defaultdict(list)
    for node in graph:
        homes[stacks.get(node.name, ())][node.name] = node
        if node.op in EXIT_OPS:
            exits[stacks.get(node_of_input(node.inputs[0]), ())].append(node)
    rows: list[RaisedRow] = []
    before: dict[str, list[Node]] = {}
    taken = {node.name for node in graph}
    for stack in sorted((each for each in homes if each), key=len, reverse=True):
        loop = _Loop(stack[-1], homes[stack], exits[stack], facts)
        if not loop.exits:
            continue
        made, row = loop.raised(functions, taken, rows)
        outer = homes[stack[:-1]]
        before[loop.exits[0].name] = made
        outer.update({node.name: node for node in [*made, *loop.identities(made[-1].name)]})
        rows.append(row)
    placed = {node.name for nodes in before.values() for node in nodes}
    nodes: list[Node] = []
    for name, node in homes[()].items():
        nodes += before.get(name, ())
        if name not in placed:
            nodes.append(node)
    return nodes, rows


class _Variable(NamedTuple):
    """A loop variable; `waits` is what its way back waits for."""

    merge: Node
    start: str
    next: str
    waits: tuple[str, ...]


class _Loop:
    """A loop, and the nodes right in it."""

    def __init__(self, frame: str, members: dict[str, Node], exits: list[Node], facts: TensorFacts) -> None:
        self.frame = frame
        self.exits = exits
        self._members = members
        self._facts = facts
        conditions = [node for node in members.values() if node.op == _LOOP_COND]
        if len(conditions) != 1:
            raise declined(f"frame {frame!r} has {len(conditions)} LoopConds, not one", next(iter(members)))
        self._condition = conditions[0]
        enters = [node for node in members.values() if node.op in ENTER_OPS]
        self.parallel_iterations = max(entered(node).parallel_iterations for node in enters)
        self._waits = dict.fromkeys(text for node in enters for text in node.control_inputs)
        self.variables = [found for node in members.values() if (found := self._variable(node)) is not None]
        self.invariants = [node for node in enters if node.attrs.get("is_constant")]
        started = {node_of_input(text) for each in self.variables for text in each.merge.data_inputs}
        for node in enters:
            if not node.attrs.get("is_constant") and node.name not in started:
                raise declined("it enters a loop as a variable, and no Merge reads it", node.name)
        self._numbers = {each.merge.name: number for number, each in enumerate(self.variables)}
        self.exits_of = {node.name: self._position(node) for node in exits}
        self._names: dict[str, str] = {}
        self._arguments = self._make_arguments()
        for node in [*(each.merge for each in self.variables), *filter(self._is_loop_switch, members.values())]:
            if any(map(self._text, node.control_inputs)):
                raise declined("a variable of a loop waits for what is in the loop", node.name)

    def raised(self, functions: Functions, taken: set[str], rows: list[RaisedRow]) -> tuple[list[Node], RaisedRow]:
        """Return the While behind the constants that it needs, and what is to be said of it."""
        name = unique_name(self.frame.removesuffix("/while_context") or "while", taken)
        taken.add(name)
        called = self._functions(name, functions, rows)
        counters = [_count(unique_name(f"{name}/{word}", taken), number) for word, number in _COUNTERS]
        taken.update(node.name for node in counters)
        inputs = [node.name for node in counters] + [each.start for each in self.variables]
        inputs += [node.data_inputs[0] for node in self.invariants]
        attrs = {
            "T": [argument.fact.dtype for argument in self._arguments],
            "cond": called[0],
            "body": called[1],
            "output_shapes": [argument.fact.shape for argument in self._arguments],
            "parallel_iterations": self.parallel_iterations,
            "_lower_using_switch_merge": True,
            "_num_original_outputs": len(self._arguments),
        }
        op = "While" if functions.are_stateful(called) else "StatelessWhile"
        node = Node.new(name, op, [*inputs, *self._waits], device=self._condition.device, attrs=attrs)
        return [*counters, node], RaisedRow(name, op, [each.name for each in called])

    def identities(self, name: str) -> list[Node]:
        """Return what stands in the place of the Exits."""
        return [
            Node.new(
                node.name, "Identity", [f"{name}:{len(_COUNTERS) + self.exits_of[node.name]}"],
                device=node.device, attrs={"T": node.attrs["T"]},
            )
            for node in self.exits
        ]  # fmt: skip

    def _variable(self, node: Node) -> _Variable | None:
        """Return the loop variable that a Merge is of; None for other nodes, and Merges of branches."""
        if node.op not in MERGE_OPS:
            return None
        producers = [(text, self._members.get(node_of_input(text))) for text in node.data_inputs]
        back = [each for _, each in producers if each is not None and each.op in NEXT_ITERATION_OPS]
        starts = [each for _, each in producers if each is not None and each.op in ENTER_OPS]
        if not back and not starts:
            return None
        if len(back) != 1 or len(starts) != 1 or len(producers) != 2:
            raise declined("it merges something else than an Enter and one way back", node.name)
        return _Variable(node, starts[0].data_inputs[0], back[0].data_inputs[0], back[0].control_inputs)

    def _position(self, node: Node) -> int:
        """Return which loop variable an Exit gives."""
        switch = self._members.get(node_of_input(node.inputs[0]))
        if switch is not None and self._is_loop_switch(switch) and parse_input(node.inputs[0]).output == 0:
            source = node_of_input(switch.data_inputs[0])
            if source in self._numbers and not node.control_inputs:
                return self._numbers[source]
        raise declined("it gives something else than a variable of its loop", node.name)

    def _is_loop_switch(self, node: Node) -> bool:
        if node.op not in SWITCH_OPS:
            return False
        source = self._members.get(node_of_input(node.data_inputs[1]))
        while source is not None and source.op == "Identity":
            source = self._members.get(node_of_input(source.data_inputs[0]))
        return source is self._condition

    def _make_arguments(self) -> list[Argument]:
        taken = set(self._members)
        made = [Argument(argument_name(word, taken), _COUNT) for word, _ in _COUNTERS]
        for node in [*(each.merge for each in self.variables), *self.invariants]:
            name = argument_name(node.name, taken)
            self._names[node.name] = name
            made.append(Argument(name, self._facts.of(node.name)))
        return made

    def _functions(self, name: str, functions: Functions, rows: list[RaisedRow]) -> list[Func]:
        """Make the functions of the condition and of the body, with the invariants that one of them needs."""
        counts, num_variables = len(_COUNTERS), len(self.variables)
        facts = [argument.fact for argument in self._arguments[counts : counts + num_variables]]
        truth = (self._condition.data_inputs[0], TensorFact(dtypes.BOOL, Shape(())))
        condition = self._region([truth], self._condition.control_inputs)
        self._wait(condition, self._condition.control_inputs)
        waits = dict.fromkeys(text for each in self.variables for text in each.waits)
        body = self._region(zip([each.next for each in self.variables], facts, strict=True), waits)
        needed = {text for each in (condition, body) for node in each.nodes.values() for text in node.inputs}
        needed.update(text for each in (condition, body) for text, _ in each.results)
        self.invariants = [node for node in self.invariants if self._names[node.name] in needed]
        kept = [each for each in self._arguments[counts + num_variables :] if each.name in needed]
        self._arguments[counts + num_variables :] = kept
        limit = self._arguments[1]
        body.results = [(self._counted(body, waits), _COUNT), (limit.name, _COUNT), *body.results]
        body.results += [(argument.name, argument.fact) for argument in kept]
        called = []
        for kind, region in (("cond", condition), ("body", body)):
            rows += raise_branches(region, self._facts, functions)
            called.append(functions.make(functions.name(name, kind), region))
        return called

    def _region(self, roots: Iterable[tuple[str, TensorFact]], waits: Iterable[str]) -> Region:
        """Return what computes some tensors of the loop, and what else has to be done."""
        results = [(self._unchanged(self._text(text)), fact) for text, fact in roots]
        needed: dict[str, list[str]] = {}
        pending = [*(text for text, _ in results), *self._texts(waits)]
        arguments = {argument.name for argument in self._arguments}
        while pending:
            name = node_of_input(pending.pop())
            if name in needed or name in arguments:
                continue
            needed[name] = self._texts(self._members[name].inputs)
            pending += needed[name]
        nodes = []
        for name, node in self._members.items():
            if name in needed:
                own = node.copy()
                own.inputs = needed[name]
                nodes.append(own)
        return Region(nodes, self._arguments, results)

    def _wait(self, condition: Region, waits: Iterable[str]) -> None:
        """Let the result of the condition wait; in its function the LoopCond's name is free."""
        (text, fact), waits = condition.results[0], self._texts(waits)
        if waits:
            made = Node.new(self._condition.name, "Identity", [text, *waits], attrs={"T": fact.dtype})
            condition.nodes[made.name] = made
            condition.results = [(made.name, fact)]

    def _texts(self, texts: Iterable[str]) -> list[str]:
        return [found for text in texts if (found := self._text(text))]

    def _text(self, text: str) -> str:
        """Return how the body of a function names an input of a node in the loop; empty for what it need not."""
        name, output = parse_input(text)
        node = self._members.get(name)
        if node is None:
            raise declined(f"no Enter or Exit is between it and the loop with frame {self.frame!r}", name)
        is_edge = node.op in ENTER_OPS or name in self._names or node is self._condition
        if is_control(text):
            return "" if is_edge or self._is_loop_switch(node) or node.op in NEXT_ITERATION_OPS else text
        if self._is_loop_switch(node):
            if output != 1:
                raise declined("what leaves the loop is read by something else than an Exit", name)
            return self._text(node.data_inputs[0])
        if name in self._names and output == 0:
            return self._names[name]
        if is_edge or name in self._names or node.op in NEXT_ITERATION_OPS:
            raise declined(f"{text!r} is read inside of its loop", name)
        return text

    def _unchanged(self, text: str) -> str:
        """Follow Identities back to an argument: a variable that stays as it is need not be kept for gradients."""
        found = text
        while (node := self._members.get(found)) is not None and node.op == "Identity" and not node.control_inputs:
            found = self._text(node.data_inputs[0])
        return found if found not in self._members and ":" not in found else text

    def _counted(self, region: Region, waits: Iterable[str]) -> str:
        """Add what counts how often the body ran; it waits for what all variables do, which all are there at once."""
        taken = {*self._members, *(argument.name for argument in region.arguments)}
        one = _count(unique_name("loop_counter/one", taken), 1)
        name = unique_name("loop_counter/add", taken)
        region.nodes[one.name] = one
        inputs = [region.arguments[0].name, one.name, *self._texts(waits)]
        region.nodes[name] = Node.new(name, "AddV2", inputs, attrs={"T": dtypes.INT32})
        return name


_COUNTERS = (("loop_counter", 0), ("maximum_iterations", -1))


def _count(name: str, number: int) -> Node:
    import numpy as np

    return Node.new(name, "Const", attrs={"dtype": dtypes.INT32, "value": as_tensor(np.int32(number))})
