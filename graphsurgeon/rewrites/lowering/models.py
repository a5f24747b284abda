"""The functional control flow of a model's graph, lowered with all that comes along with it.

What stands in functions is lowered when what calls them is: a While in the body of a While, an If in a called
function. Other calls stay calls, and functions that nothing calls any more go.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.function_calls import trim_library
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import IF_OPS, WHILE_OPS
from graphsurgeon.rewrites.lowering.conditions import lower_case, lower_if
from graphsurgeon.rewrites.lowering.functional_ops import (
    BRANCH_ATTRS,
    branches,
    called,
    leading_to_control_flow,
    misfit,
    reason_to_stay,
)
from graphsurgeon.rewrites.lowering.inlined_calls import inline_call
from graphsurgeon.rewrites.lowering.loops import lower_while
from graphsurgeon.rewrites.lowering.lowered_graph import LoweredGraph
from graphsurgeon.rewrites.lowering.switch_rows import MANY, SwitchRows
from graphsurgeon.rewrites.serving.object_functions import functions_in_use
from graphsurgeon.rewrites.simplifying.protected import named_around
from proto_utils.named_tuple import NamedTuple


class Lowered(NamedTuple):
    """Nodes with their ops that were lowered, those that stay with the reason, and functions that went."""

    nodes: dict[str, str]
    left: dict[str, str]
    functions: list[str]


def lower_control_flow(model: Model) -> Lowered:
    """Lower the functional control flow of a graph, and inline the calls that lead to some.

    Raises
    ------
    PassError
        A function calls itself, or a body cannot stand in a graph.
    LimitError
        There would be more nodes than a GraphDef can hold.
    """
    lowering = _Lowering(model)
    if not lowering.is_needed and MANY not in model.graph.ops:
        return Lowered({}, {}, [])
    nodes = list(model.graph)
    was_sorted = nodes == list(model.graph.topological())
    lowering.run()
    nodes_of_rows, left = lower_switches(model)
    lowering.done.update(dict.fromkeys(nodes_of_rows, MANY))
    lowering.left.update(left)
    if was_sorted and lowering.done:
        model.graph.set_nodes(list(model.graph.topological()))
    return Lowered(lowering.done, lowering.left, trim_library(model.library, functions_in_use(model)))


def lower_switches(model: Model) -> tuple[list[str], dict[str, str]]:
    """Put rows of Switches in the place of those of many outputs; return a node of each, and why others stay."""
    rows = SwitchRows(model.graph, {*named_around(model.meta)})
    graph = LoweredGraph(model)
    done = rows.apply(graph)
    graph.apply()
    return done, rows.left


class _Lowering:
    def __init__(self, model: Model) -> None:
        self._functions = model.library.functions
        self._leading = leading_to_control_flow(self._functions)
        self._nodes = [node.name for node in model.graph if self._leads(node)]
        self._model = model
        # Calls of bodies and branches, which nobody else knows.
        self._made: set[str] = set()
        self.done: dict[str, str] = {}
        self.left: dict[str, str] = {}

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to lower."""
        return bool(self._nodes)

    def run(self) -> None:
        """Lower all, and edit the graph."""
        graph = LoweredGraph(self._model)
        graph.queue.extend((name, ()) for name in self._nodes)
        while graph.queue:
            name, within = graph.queue.popleft()
            node = graph.begin(name)
            if node.op in BRANCH_ATTRS:
                found = [call.name for call in self._lower(graph, node)]
                self._made.update(found)
                graph.queue.extend((each, within) for each in found)
            else:
                self._inline(graph, node, within)
        graph.apply()

    def _leads(self, node: Node) -> bool:
        """Whether a node is control flow, or a call that leads to some."""
        if node.op in BRANCH_ATTRS:
            return True
        func = called(node, self._functions)
        return func is not None and func.name in self._leading

    def _lower(self, graph: LoweredGraph, node: Node) -> list[Node]:
        """Lower control flow; return the calls that it is of, none when it stays."""
        reason = reason_to_stay(node)
        if reason is not None:
            self.left[node.name] = reason
            return []
        funcs = branches(node)
        self._require_fit(graph, node, funcs)
        self.done[node.name] = node.op
        if node.op in WHILE_OPS:
            return lower_while(graph, node, *funcs)
        return lower_if(graph, node, *funcs) if node.op in IF_OPS else lower_case(graph, node, funcs)

    def _inline(self, graph: LoweredGraph, node: Node, within: tuple[str, ...]) -> None:
        """Inline a call, but for what is to be called as a whole."""
        func = called(node, self._functions)
        self._require_fit(graph, node, [] if func is None else [func])
        if func is None:
            return
        reason = reason_to_stay(node, self._functions[func.name])
        if reason is not None:
            if func.name in self._leading:
                self.left[node.name] = reason
            return
        if func.name in within:
            raise PassError(
                "lower", f"function {func.name!r} calls itself, so that its loops have no end", node=node.name
            )
        if node.name not in self._made:
            self.done[node.name] = node.op
        inside = (*within, func.name)
        for each in inline_call(graph, node, func):
            if each.op in BRANCH_ATTRS or called(each, self._functions) is not None:
                graph.queue.append((each.name, inside))

    def _require_fit(self, graph: LoweredGraph, node: Node, funcs: Sequence[Func]) -> None:
        reason = misfit(node, funcs, self._functions, graph.signatures.of(node))
        if reason is not None:
            raise PassError("lower", reason, node=node.name)
