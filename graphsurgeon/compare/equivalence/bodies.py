"""Comparison of two graphs, or two function bodies, node by node."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from graphsurgeon.checks.finding import ERROR, WARNING, Finding
from graphsurgeon.compare.equivalence.attrs import EXCHANGES, Exchange, attr_problems, exchange_problems
from graphsurgeon.compare.equivalence.sides import PASSED_BY_VALUE, Side, after_updates
from graphsurgeon.compare.equivalence.values import Values, scalar
from graphsurgeon.ir import ops
from graphsurgeon.ir.frames import EXIT_OPS, SPLITTING_OPS
from graphsurgeon.ir.function_calls import functions_of
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.traversal import successors
from graphsurgeon.names import node_of_input, some_of
from proto_utils.named_tuple import NamedTuple

_NO_EXCHANGE = Exchange("", {}, 0)
_VARIABLE_OPS = REF_OPS | RESOURCE_OPS
_VALUE_OPS = _VARIABLE_OPS | {"Const"}


class Call(NamedTuple):
    """Functions that two nodes of one name call, and where they do."""

    node: str
    function: str | None
    frozen: str
    thawed: str


class Bodies:
    """Compares two graphs or two function bodies; `calls` is what the nodes call, once `findings` has run.

    `function` is the frozen one's name, for findings. `explained` are nodes of the frozen graph that are compared
    otherwise, `beside` nodes of the other one that need no counterpart.
    """

    def __init__(
        self,
        frozen: Side,
        thawed: Side,
        function: str | None = None,
        *,
        explained: Collection[str] = (),
        beside: Collection[str] = (),
    ) -> None:
        self._frozen, self._thawed = frozen, thawed
        self._function = function
        # Nodes of the frozen graph that came with an exchange, or are compared otherwise.
        self._explained = set(explained)
        self._otherwise, self._beside = frozenset(explained), frozenset(beside)
        self._after_updates: set[str] | None = None
        self.calls: list[Call] = []
        self._exchanged = {
            name
            for name, node in thawed.nodes.items()
            if node.op in _VARIABLE_OPS and name in frozen.nodes and frozen.nodes[name].op in _VALUE_OPS
        }
        # Constants of the names that tracing gave them are reads of variables with names of layers.
        self._renamed = {
            name: variable
            for name, node in frozen.nodes.items()
            if node.op == "Const" and name not in self._exchanged
            if (variable := thawed.read_variable(name)) is not None and variable not in frozen.nodes
        }
        called = {variable: name for name, variable in self._renamed.items()}
        self._exchanged |= self._renamed.keys()
        # Constants that are held back, as in a loop: what reads them there must wait on the other side too.
        self._waiting = {name for name in self._exchanged if frozen.nodes[name].inputs}
        frozen.exchange(self._exchanged, thawed.nodes)
        thawed.exchange(self._exchanged - self._renamed.keys() | called.keys(), frozen.nodes, called)

    def findings(self, own: Values, values: Values) -> Iterator[Finding]:
        """Yield what differs, in the order of the frozen graph, given the values of each side's variables."""
        lonely = []
        for name, node in self._frozen.nodes.items():
            other = self._thawed.nodes.get(name)
            if other is None:
                lonely.append(node)
            elif name in self._otherwise:
                continue
            elif name in self._exchanged:
                yield from self._value_findings(node, self._thawed.nodes[self._renamed.get(name, name)], own, values)
            else:
                yield from self._pair(node, other)
        for node in lonely:
            if node.name not in self._explained and not self._frozen.is_read(node.name):
                yield self._finding(
                    "missing-node", node, f"the other graph has no node of this name; here it is a {node.op}"
                )
        yield from self._unmatched()

    def result_findings(self, name: str, text: str, other: str) -> Iterator[Finding]:
        """Yield whether a result of two functions is two tensors."""
        if self._frozen.origin(text).source != self._thawed.origin(other).source:
            message = f"result {name!r} is {text!r}, there {other!r}"
            yield Finding(ERROR, "function", None, self._function, message)

    def _value_findings(self, node: Node, variable: Node, own: Values, values: Values) -> Iterator[Finding]:
        if node.op == "Const":
            problem = values.problem_of_constant(node, variable)
        elif own.is_empty or values.is_empty:
            # Variables whose values nobody gave: that they are the same is not this graph's to say.
            return
        else:
            problem = values.problem_of_variable(own, node, variable)
        if problem is not None:
            yield self._finding(problem[0], node, problem[1])

    def _pair(self, node: Node, other: Node) -> Iterator[Finding]:
        """Yield what differs between two nodes of one name."""
        if node.op != other.op and EXCHANGES.get(other.op, _NO_EXCHANGE).op == node.op:
            yield from self._exchanged_reader(node, other, EXCHANGES[other.op])
            return
        if other.op not in (node.op, f"Ref{node.op}") and not (_is_foreign(node) and _is_foreign(other)):
            yield self._finding("op", node, f"is a {node.op}, there a {other.op}")
            return
        if not self._is_same_text(node, other):
            for problem in attr_problems(node, other):
                yield self._finding("attr", node, problem)
            yield from self._inputs(node, node.data_inputs, other.data_inputs)
            yield from self._waits(node, other, may_drop=False)
        yield from self._note_calls(node, other)

    def _is_same_text(self, node: Node, other: Node) -> bool:
        """Whether two nodes are written alike, and that means the same on both sides."""
        return (
            node.proto == other.proto
            and not any(node.payloads(key) for key in node.proto.attr)
            and all(self._is_same_input(text, text) for text in node.inputs)
        )

    def _is_same_input(self, text: str, other: str) -> bool:
        """Whether two inputs are written alike and name a node that is compared itself, or the same argument."""
        name, here, there = node_of_input(text), self._frozen, self._thawed
        if name in here.nodes:
            return text == other and name in there.nodes and name not in self._waiting
        return text == other and name in here.arguments and here.arguments[name] == there.arguments.get(name)

    def _exchanged_reader(self, node: Node, other: Node, exchange: Exchange) -> Iterator[Finding]:
        """Yield what differs between the reader of a value and the reader of a handle it stands for."""
        for problem in exchange_problems(node, other):
            yield self._finding("attr", node, problem)
        inputs, num_inputs = node.data_inputs, exchange.num_inputs
        yield from self._inputs(node, inputs[:num_inputs], other.data_inputs[:num_inputs])
        yield from self._waits(node, other, may_drop=True)
        if exchange.has_axis:
            axis = self._frozen.nodes.get(node_of_input(inputs[num_inputs])) if len(inputs) > num_inputs else None
            wanted = other.attrs.get("batch_dims", 0)
            if axis is None or axis.inputs or scalar(axis) != wanted:
                yield self._finding(
                    "input", node, f"gathers along an axis that is not {wanted}, as the {other.op} there does"
                )
            elif axis.name not in self._thawed.nodes:
                self._explained.add(axis.name)
        elif node.op == "Const" and scalar(node) is not True:
            yield self._finding(
                "value", node, f"is not true, as the {other.op} there is of a variable that has a value"
            )

    def _inputs(self, node: Node, texts: Sequence[str], others: Sequence[str]) -> Iterator[Finding]:
        if len(texts) != len(others):
            yield self._finding("input", node, f"has {len(texts)} inputs, there {len(others)}")
            return
        for i, (text, twin) in enumerate(zip(texts, others, strict=True)):
            if self._is_same_input(text, twin):
                continue
            here, there = self._frozen.origin(text), self._thawed.origin(twin)
            if here.source != there.source:
                yield self._finding("input", node, f"input {i} is {text!r}, there {twin!r}")
            elif not here.waits <= there.waits:
                names = ", ".join(sorted(name for _, name, _ in here.waits - there.waits))
                yield self._finding("control-input", node, f"input {i} waits for {names}, there it does not")

    def _waits(self, node: Node, other: Node, *, may_drop: bool) -> Iterator[Finding]:
        """Yield what one of two nodes waits for and the other does not."""
        here, there = (
            {side.origin(text).source: text for text in each.control_inputs}
            for side, each in ((self._frozen, node), (self._thawed, other))
        )
        more = [text for source, text in here.items() if source not in there]
        fewer = [] if may_drop else [text for source, text in there.items() if source not in here]
        # What only changes variables is not in a frozen graph, and nobody there waits for it.
        fewer = [t for t in fewer if t[1:] in self._frozen.nodes or t[1:] not in self._nodes_after_updates()]
        if more:
            yield self._finding("control-input", node, f"waits for {', '.join(more)}, there it does not")
        if fewer:
            yield self._finding("control-input", node, f"does not wait for {', '.join(fewer)}, there it does")

    def _note_calls(self, node: Node, other: Node) -> Iterator[Finding]:
        """Note the functions that two nodes call, to be compared."""
        if _is_foreign(node):
            self.calls.append(Call(node.name, self._function, node.op, other.op))
        known = ops.facts(node.op)
        if known is not None and not known.functions:
            return
        here, there = list(functions_of(node)), list(functions_of(other))
        if [key for key, _ in here] != [key for key, _ in there]:
            yield self._finding("function", node, f"names {len(here)} functions, there {len(there)}")
            return
        for (_, func), (_, twin) in zip(here, there, strict=True):
            self.calls.append(Call(node.name, self._function, func.name, twin.name))

    def _unmatched(self) -> Iterator[Finding]:
        """Warn of nodes that go on from the frozen graph's."""
        here, there = self._frozen.nodes, self._thawed.nodes
        found = [
            name
            for name, node in there.items()
            if name not in here
            and name not in self._beside
            and any(
                node_of_input(text) in here and node_of_input(text) not in self._exchanged for text in node.data_inputs
            )
        ]
        found = [n for n in found if _has_results(there[n]) and not self._thawed.is_read(n)]
        found = [n for n in found if n not in self._nodes_after_updates()]
        found = self._computing(found)
        if found:
            message = f"the other graph goes on from here in {some_of([*map(repr, found)], 3)}"
            yield Finding(WARNING, "unmatched", None, self._function, message)

    def _computing(self, names: list[str]) -> list[str]:
        """Return those from which somebody goes on: not Exits and Switches that only pass on, as contexts want them."""
        if not names:
            return names
        here, index = self._frozen.nodes, Index(self._thawed.graph)
        return [
            name
            for name in names
            if not self._is_control_flow(self._thawed.nodes[name])
            or any(
                self._thawed.nodes[each].op not in PASSED_BY_VALUE
                for each in {name, *successors(index, [name])}
                if each not in here
            )
        ]

    def _is_control_flow(self, node: Node) -> bool:
        """Whether a node is an Exit, a Switch, or the Identity at which the nodes behind a Switch begin."""
        if node.op == "Identity":
            node = self._thawed.nodes.get(node_of_input(node.inputs[0]), node)
        return node.op in EXIT_OPS | SPLITTING_OPS

    def _nodes_after_updates(self) -> set[str]:
        if self._after_updates is None:
            self._after_updates = after_updates(self._thawed.graph)
        return self._after_updates

    def _finding(self, rule: str, node: Node, message: str) -> Finding:
        return Finding(ERROR, rule, node.name, self._function, message)


def _has_results(node: Node) -> bool:
    known = ops.facts(node.op)
    return known is None or bool(known.outputs)


def _is_foreign(node: Node) -> bool:
    """Whether a node's op is unknown to TensorFlow: a function of the library, or a custom op."""
    return ops.facts(node.op) is None
