"""A functional While as a loop of TensorFlow 1.

::

    x --> Enter --> Merge --> Switch --> Exit --> who read the While
                      ^  |      |  ^
                      |  v      v  |
       NextIteration -+  cond   |  +- LoopCond <-- cond
             ^                  v
             +---------------- body

A loop variable that the body returns as it is, as what a loop captures, and any resource that is only handed on,
enters once for all iterations, without a Merge; after the loop it is what it was before. A variant does not, for
TensorFlow could not sum up its gradients.

Source: ``lower_while_op.cc`` of TensorFlow's ``core/common_runtime``. There only resources enter once. TensorFlow 2's
freezing lowers weights while they are resources, so what it writes is what is written here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input, spellings
from graphsurgeon.rewrites.lowering.conditions import truth_of
from graphsurgeon.rewrites.lowering.functional_ops import has_effects
from graphsurgeon.rewrites.lowering.lowered_graph import LoweredGraph
from graphsurgeon.tensors.dtypes import RESOURCE, VARIANT, DType

_PARALLEL_ITERATIONS = 10


def lower_while(graph: LoweredGraph, node: Node, cond: Func, body: Func) -> list[Node]:
    """Put a loop of TensorFlow 1 in the place of a While; return the calls of its condition and body."""
    return _Loop(graph, node).lower(cond, body)


class _Loop:
    def __init__(self, graph: LoweredGraph, node: Node) -> None:
        self._graph = graph
        self._node = node
        self._name, self._device = node.name, node.device
        self._inputs = node.data_inputs
        self._types = graph.signatures.of(node).inputs or ()
        self._devices = [graph.device_of(text) for text in self._inputs]

    def lower(self, cond: Func, body: Func) -> list[Node]:
        """Put the loop in the place of the node; return the calls."""
        graph, name = self._graph, self._name
        is_constant = constant_variables(graph.functions[body.name], self._types)
        variables = [number for number, constant in enumerate(is_constant) if not constant]
        names = graph.new_name(f"{name}/cond"), graph.new_name(f"{name}/body")
        enters = self._enter(is_constant)
        merges = self._named("merge", variables)
        truth: int = graph.functions[cond.name].proto.signature.output_arg[0].type
        inside = [merges.get(number, enter) for number, enter in enumerate(enters)]
        calls = [graph.call(names[0], cond, self._types, [truth], [*inside, f"^{merges[variables[0]]}"])]
        loop_cond = graph.new_name(f"{name}/LoopCond")
        switches = {n: graph.new_name(f"{name}/{node_of_input(self._inputs[n])}_switch") for n in variables}
        inside = [f"{switches[n]}:1" if n in switches else enter for n, enter in enumerate(enters)]
        pivot = graph.new_name(f"{name}/loop_body_control")
        graph.hand_on(pivot, inside[variables[0]], self._types[variables[0]], (), self._device)
        calls.append(graph.call(names[1], body, self._types, self._types, [*inside, f"^{pivot}"]))
        exits = self._named("exit", variables)
        executed = graph.new_name(f"{name}/LoopExecuted")
        nexts = self._named("next_iteration", variables)
        for n in variables:
            self._add(n, merges[n], "Merge", [enters[n], nexts[n]], N=2)
            self._add(n, switches[n], "Switch", [merges[n], loop_cond])
            self._add(n, exits[n], "Exit", [switches[n]])
            self._add(n, nexts[n], "NextIteration", [f"{names[1]}:{n}", f"^{names[1]}"])
        effects = [f"^{names[0]}"] if has_effects(cond, graph.functions) else []
        pred = truth_of(graph, names[0], truth, name, self._device)
        graph.add(loop_cond, "LoopCond", [pred, *effects], self._device)
        graph.add(executed, "NoOp", [f"^{exits[n]}" for n in variables], self._device)
        graph.put_calls(calls, self._device)
        graph.replace(self._node, self._results(exits, executed), executed)
        return calls

    def _named(self, word: str, variables: Sequence[int]) -> dict[int, str]:
        return {number: self._graph.new_name(f"{self._name}/{word}") for number in variables}

    def _add(self, number: int, name: str, op: str, inputs: Sequence[str], **attrs: Any) -> None:
        """Add a node of a loop variable."""
        dtype = DType.from_number(self._types[number])
        self._graph.add(name, op, inputs, self._devices[number], T=dtype, **attrs)

    def _enter(self, is_constant: Sequence[bool]) -> list[str]:
        """Add the Enter of each loop variable."""
        graph, name, node = self._graph, self._name, self._node
        names = [graph.new_name(f"{name}/enter") for _ in self._inputs]
        waits = [*node.control_inputs, *graph.when_all_are_there(node)]
        if waits:
            waits = [f"^{graph.add(graph.new_name(f'{name}/LoopControlInputs'), 'NoOp', waits, self._device)}"]
        given = node.attrs.get("parallel_iterations")
        parallel = given if isinstance(given, int) and given > 0 else _PARALLEL_ITERATIONS
        frame = {"frame_name": graph.new_frame(name), "parallel_iterations": parallel}
        for number, text in enumerate(self._inputs):
            self._add(number, names[number], "Enter", [text, *waits], is_constant=is_constant[number], **frame)
        return names

    def _results(self, exits: Mapping[int, str], executed: str) -> list[str]:
        """Return what those read who read the While."""
        graph, found = self._graph, []
        for number, text in enumerate(self._inputs):
            if number in exits:
                found.append(exits[number])
            elif graph.has_branches:
                # Without it, who reads what was not changed would run where the loop does not.
                wanted = graph.new_name(f"{self._name}/unchanged")
                found.append(graph.hand_on(wanted, text, self._types[number], [f"^{executed}"], self._devices[number]))
            else:
                found.append(text)
        return found


def constant_variables(body: Function, types: Sequence[int]) -> list[bool]:
    """Return which loop variables the body returns as they are; never all, for one has to be there to switch."""
    proto = body.proto
    found = []
    for argument, result, number in zip(proto.signature.input_arg, proto.signature.output_arg, types, strict=True):
        text = proto.ret[result.name]
        if number == RESOURCE.number:
            text = _handed_on(body, text)
        is_argument = text in spellings(argument.name) and body.body.get(argument.name) is None
        found.append(is_argument and number != VARIANT.number)
    if all(found) and found:
        found[0] = False
    return found


def _handed_on(body: Function, text: str) -> str:
    """Return what a tensor of a body is before Identities handed it on."""
    while (node := body.body.get(node_of_input(text))) is not None and node.op == "Identity":
        text = node.inputs[0]
    return text
