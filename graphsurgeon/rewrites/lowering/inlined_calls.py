"""A call of a function, exchanged for the nodes of its body, as TensorFlow's lowering does it.

::

    y = call(x, ^w)      Func/y/input_control_node = NoOp(^w)
                         Func/y/input = Identity(x, ^Func/y/input_control_node)        one for each argument
                         y/k = Const(^Func/y/input_control_node)                       what has no inputs
                         y/Mul = Mul(Func/y/input, y/k)
                         Func/y/output = Identity(y/Mul)                               one for each result
    z = NoOp(^y)         Func/y/output_control_node = NoOp(^y/print)                   what must run
                         z = NoOp(^Func/y/output_control_node)

What in the body neither results nor effects need does not come along.

Source: ``InlineFunctionBody`` of TensorFlow's ``core/common_runtime/inline_function_utils.cc``.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.colocation import colocated_with
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.ops import facts
from graphsurgeon.ir.traversal import closure
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.inlining.body_nodes import BodyNodes
from graphsurgeon.rewrites.lowering.functional_ops import called
from graphsurgeon.rewrites.lowering.lowered_graph import LoweredGraph


def inline_call(graph: LoweredGraph, call: Node, func: Func) -> list[Node]:
    """Put the nodes of a function's body in the place of a call; return them.

    Raises
    ------
    PassError
        The body cannot stand in a graph.
    """
    name = call.name
    gate = _gate(graph, call)
    waits = [f"^{gate}"] if gate is not None else []
    types = graph.signatures.of(call)
    arguments = [
        graph.hand_on(graph.new_name(f"Func/{name}/input"), text, number, waits, graph.device_of(text))
        for text, number in zip(call.data_inputs, types.inputs or (), strict=True)
    ]
    body = _body(graph, call, func, arguments)
    nodes = body.make(f"{name}/", graph.taken)
    graph.take()
    nodes = _needed(nodes, [*body.results, *body.effects])
    for node in nodes:
        node.device = node.device or call.device
        if waits and (not node.inputs or (_is_free_call(graph, node))):
            node.inputs = [*node.inputs, *waits]
        graph.put(node)
    results = [
        graph.hand_on(graph.new_name(f"Func/{name}/output"), text, number)
        for text, number in zip(body.results, types.outputs or (), strict=True)
    ]
    graph.replace(call, results, _done(graph, call, body, results, waits))
    return nodes


def _gate(graph: LoweredGraph, call: Node) -> str | None:
    """Return a node that runs when the call would begin; None when nothing tells."""
    waits = [*call.control_inputs, *graph.when_all_are_there(call)]
    if not waits:
        return None
    return graph.add(graph.new_name(f"Func/{call.name}/input_control_node"), "NoOp", waits, call.device)


def _body(graph: LoweredGraph, call: Node, func: Func, arguments: list[str]) -> BodyNodes:
    try:
        return BodyNodes(graph.functions[func.name], graph.signatures, arguments, func.attrs)
    except PassError as error:
        raise PassError("lower", error.reason, node=call.name, hint=error.hint) from error


def _needed(nodes: Sequence[Node], ends: Sequence[str]) -> list[Node]:
    """Return those that results or effects need: in a function nobody could ask for another one by its name."""
    known = {node.name: node for node in nodes}
    starts = [name for name in map(node_of_input, ends) if name in known]
    starts += [name for name, node in known.items() if (op := facts(node.op)) is None or op.is_stateful]

    def sources(name: str) -> list[str]:
        near = [*map(node_of_input, known[name].inputs), *colocated_with(known[name])]
        return [each for each in near if each in known]

    found = closure(starts, sources)
    return [node for node in nodes if node.name in found]


def _is_free_call(graph: LoweredGraph, node: Node) -> bool:
    """Whether a node calls a function, whose constants then have to be told where they run."""
    return called(node, graph.functions) is not None and not node.control_inputs


def _done(graph: LoweredGraph, call: Node, body: BodyNodes, results: list[str], waits: list[str]) -> str | None:
    """Return a node that has run when all has that the call must do, where anybody waits for it."""
    # TensorFlow has one in any case, and counts it.
    name = graph.new_name(f"Func/{call.name}/output_control_node")
    if not graph.edit.index.control_consumers(call.name) and not graph.is_own(call.name):
        return None
    ends = [f"^{each}" for each in body.effects] or waits or [f"^{node_of_input(each)}" for each in results]
    return graph.add(name, "NoOp", ends, call.device)
