"""A functional If as a cond of TensorFlow 1, and a Case as a row of them.

::

    pred --> Switch(pred, pred) --> pivot_f, pivot_t, by which each branch knows that it runs
    x    --> Switch(x, pred)    --> else, then  --> Merge --> who read the If
             Merge(pivot_f, pivot_t, ^else, ^then)        --> who waited for the If

A Case is an If of its first branch, and otherwise of a Case of the others.

Source: ``lower_if_op.cc`` of TensorFlow's ``core/common_runtime``. There a Merge reads `then` first, which
TensorFlow's gradients take for what `false` gives; the order here is that of ``tf.cond``. A Case becomes a
``_SwitchN`` there, for which no TensorFlow has gradients; ``tf.case`` of TensorFlow 1 is a row of conds, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.lowering.functional_ops import has_effects
from graphsurgeon.rewrites.lowering.lowered_graph import LoweredGraph
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.values import FillTensor
from proto_utils.named_tuple import NamedTuple

#: Where TensorFlow lowers itself, who reads the result does not wait for what else a branch does.
_IS_LOWERED = "_lower_using_switch_merge"


def lower_if(graph: LoweredGraph, node: Node, then: Func, other: Func) -> list[Node]:
    """Put a cond of TensorFlow 1 in the place of an If; return the calls of its branches."""
    return _Conds(graph, node, [then, other], ["then", "else"]).lower()


def lower_case(graph: LoweredGraph, node: Node, branches: Sequence[Func]) -> list[Node]:
    """Put conds of TensorFlow 1 in the place of a Case; return the calls of its branches."""
    words = [f"branch{number}" for number in range(len(branches))]
    return _Conds(graph, node, branches, words).lower()


def truth_of(graph: LoweredGraph, text: str, type_number: int, name: str, device: str) -> str:
    """Return a tensor that is whether another, of any type, is true; below the name of who asks."""
    if type_number == dtypes.BOOL.number:
        return text
    made = graph.new_name(f"{name}/ToBool")
    return graph.add(made, "ToBool", [text], device, T=DType.from_number(type_number))


def is_branch(graph: LoweredGraph, name: str, number: int, index: str, waits: Sequence[str], device: str) -> str:
    """Return whether an index is that of a branch; below the name of who asks."""
    value = FillTensor(dtypes.INT32, (), number.to_bytes(4, "little"))
    # It runs in the loop or branch that the index is of.
    key = graph.new_name(f"{name}/branch_key")
    graph.add(key, "Const", [*waits, f"^{node_of_input(index)}"], device, dtype=dtypes.INT32, value=value)
    return graph.add(graph.new_name(f"{name}/is_branch"), "Equal", [index, key], device, T=dtypes.INT32)


class _Level(NamedTuple):
    """A cond: its call of one branch, the pivots, and the nodes that give what either branch does."""

    call: str
    pivots: tuple[str, str]
    outputs: list[str]
    executed: str


class _Conds:
    """Conds in the place of a node, each of one branch and, for `false`, the next cond or the last branch."""

    def __init__(self, graph: LoweredGraph, node: Node, branches: Sequence[Func], words: Sequence[str]) -> None:
        signature = graph.signatures.of(node)
        self._graph = graph
        self._node = node
        self._name, self._device = node.name, node.device
        self._branches, self._words = branches, words
        self._types = signature.inputs or ()
        self._results = signature.outputs or ()
        self._calls: list[Node] = []

    def lower(self) -> list[Node]:
        """Put the conds in the place of the node; return the calls."""
        graph, node = self._graph, self._node
        waits = [*node.control_inputs, *graph.when_all_are_there(node)]
        index, *tensors = node.data_inputs
        names = [graph.new_name(f"{self._name}/{word}") for word in self._words]
        levels: list[_Level] = []
        for number in range(len(names) - 1):
            level, index, tensors = self._cond(number, names[number], index, tensors, waits)
            levels.append(level)
            waits = [f"^{level.pivots[0]}"]
        executed = names[-1]
        self._call(executed, len(levels), [*tensors, *waits])
        outputs = [f"{executed}:{number}" for number in range(len(self._results))]
        for level in reversed(levels):
            self._merge(level, outputs, executed)
            outputs, executed = level.outputs, level.executed
        if levels and not node.attrs.get(_IS_LOWERED) and any(has_effects(f, graph.functions) for f in self._branches):
            outputs = [
                graph.hand_on(graph.new_name(f"{self._name}/executed_output"), text, number, [f"^{executed}"])
                for text, number in zip(outputs, self._results, strict=True)
            ]
        graph.replace(node, outputs, executed)
        return self._calls

    def _cond(
        self, number: int, call: str, index: str, tensors: Sequence[str], waits: Sequence[str]
    ) -> tuple[_Level, str, list[str]]:
        """Add the Switches of a cond; return it, and what it gives for `false`: the index, and the other inputs."""
        graph, name, device = self._graph, self._name, self._device
        is_case = self._words[0] != "then"
        if is_case:
            pred = is_branch(graph, name, number, index, waits, device)
        else:
            pred = truth_of(graph, index, self._types[0], name, device)
        switch = graph.new_name(f"{name}/switch_pred")
        graph.add(switch, "Switch", [pred, pred, *waits], device, T=dtypes.BOOL)
        pivots = (graph.new_name(f"{name}/pivot_f"), graph.new_name(f"{name}/pivot_t"))
        for pivot, text in zip(pivots, (switch, f"{switch}:1"), strict=True):
            graph.hand_on(pivot, text, dtypes.BOOL.number, (), device)
        switched = [self._switch(place, text, pred) for place, text in enumerate(tensors, 1)]
        self._call(call, number, [*(f"{each}:1" for each in switched), f"^{pivots[1]}"])
        if is_case and number + 2 < len(self._branches):
            index = self._switch(0, index, pred)
        outputs = [graph.new_name(f"{name}/output") for _ in self._results]
        return _Level(call, pivots, outputs, graph.new_name(f"{name}/branch_executed")), index, switched

    def _switch(self, place: int, text: str, pred: str) -> str:
        """Add the Switch of an input."""
        graph = self._graph
        name = graph.new_name(f"{self._name}/{node_of_input(self._node.data_inputs[place])}")
        dtype = DType.from_number(self._types[place])
        return graph.add(name, "Switch", [text, pred], graph.device_of(text), T=dtype)

    def _call(self, name: str, number: int, inputs: Sequence[str]) -> None:
        call = self._graph.call(name, self._branches[number], self._types[1:], self._results, inputs)
        self._graph.put_calls([call], self._device)
        self._calls.append(call)

    def _merge(self, level: _Level, outputs: Sequence[str], executed: str) -> None:
        """Add the Merges of a cond: of its call, and of what is there for `false`."""
        for place, (text, number) in enumerate(zip(outputs, self._results, strict=True)):
            inputs = [text, f"{level.call}:{place}"]
            self._graph.add(level.outputs[place], "Merge", inputs, self._device, N=2, T=DType.from_number(number))
        waits = [f"^{executed}", f"^{level.call}"]
        self._graph.add(level.executed, "Merge", [*level.pivots, *waits], self._device, N=2, T=dtypes.BOOL)
