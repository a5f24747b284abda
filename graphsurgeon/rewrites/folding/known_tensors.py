"""Values of tensors that depend on constants and variables alone, evaluated backward from who asks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from graphsurgeon.errors import PassError
from graphsurgeon.ir.exact_ops import exactness
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value
from graphsurgeon.ir.op_families import ASSIGN_OPS, IS_INITIALIZED_OPS, READ_OPS, REF_OPS, RESOURCE_OPS, SAVE_OPS
from graphsurgeon.ir.ops import facts
from graphsurgeon.ir.signatures import output_number
from graphsurgeon.names import node_of_input
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import VariableValues
from proto_utils.errors import NotFoundError

_MAX_DEPTH: Final = 60
#: What is done to a variable while it keeps the value that the checkpoint has.
_NO_CHANGE: Final = READ_OPS | SAVE_OPS | IS_INITIALIZED_OPS | ASSIGN_OPS
#: Vectors are asked for, not kernels.
_MAX_NBYTES: Final = 1 << 24


class KnownTensors:
    """The known values of a graph or function body.

    `variables` are those of the graph's own, if there are any, and `fed` the nodes whose values are given by who runs
    it; `values` are those that were set, by name.
    """

    def __init__(
        self,
        index: Index,
        evaluate: Callable[[Node, Sequence[Tensor]], Sequence[Tensor]],
        variables: VariableValues | None,
        fed: Collection[str] = (),
    ) -> None:
        self._index = index
        self._evaluate = evaluate
        self._variables = variables
        self._fed = fed
        self.values: dict[str, Tensor] = {}
        self._known: dict[str, Sequence[Tensor] | None] = {}

    def set(self, node: Node, value: Tensor) -> None:
        """Let a constant or variable have another value from now on."""
        self.values[node.name] = value
        self._known = {}

    def value(self, text: str) -> Tensor | None:
        """Return the value of a tensor as an input names it, None when it depends on anything else."""
        return self._value(text, 0)

    def waits(self, texts: Iterable[str]) -> list[str]:
        """Return the control inputs of all that known tensors are computed from."""
        found: dict[str, None] = {}
        seen = set[str]()
        stack = [*texts]
        while stack:
            node = self._index.producer(stack.pop())
            if node is not None and node.name not in seen:
                seen.add(node.name)
                found |= dict.fromkeys(node.control_inputs)
                stack += node.data_inputs
        return [*found]

    def source(self, node: Node) -> Tensor | None:
        """Return the value of a constant, or of a variable that nothing but an initializer and the saver sets."""
        if node.name in self.values:
            return self.values[node.name]
        if node.op == "Const":
            return constant_value(node)
        others = {each.op for each, _ in self._index.consumers(node.name)} - _NO_CHANGE
        known = [facts(op) for op in others]
        if any(each is None or each.is_stateful or any(arg.is_ref for arg in each.inputs) for each in known):
            return None
        try:
            return None if self._variables is None else self._variables[node][1]
        except NotFoundError:
            return None

    def is_part(self, node: Node) -> bool:
        """Whether a variable is a slice of what the checkpoint holds under its key."""
        place = None if self._variables is None or node.op == "Const" else self._variables.place(node)
        return place is not None and place.box is not None

    def _value(self, text: str, depth: int) -> Tensor | None:
        node = self._index.producers.get(node_of_input(text))
        if node is None or node.name in self._fed:
            return None
        if node.name not in self._known:
            self._known[node.name] = self._outputs(node, depth)
        outputs, number = self._known[node.name], output_number(node, text.partition(":")[2])
        return outputs[number] if outputs and number is not None and number < len(outputs) else None

    def _outputs(self, node: Node, depth: int) -> Sequence[Tensor] | None:
        if node.op == "Const" or node.op in REF_OPS:
            found = self.source(node)
            return None if found is None else [found]
        if node.op == "ReadVariableOp":
            handle = self._index.producer(node.data_inputs[0])
            found = self.source(handle) if handle is not None and handle.op in RESOURCE_OPS else None
            return None if found is None else [found]
        known = facts(node.op)
        if known is None or known.is_stateful or known.functions or depth > _MAX_DEPTH or not node.data_inputs:
            return None
        operands = []
        for text in node.data_inputs:
            operand = self._value(text, depth + 1)
            if operand is None or operand.nbytes > _MAX_NBYTES:
                return None
            operands.append(operand)
        if exactness(node.op, [each.dtype for each in operands]) is None:
            return None
        try:
            return list(self._evaluate(node, operands))
        except PassError:
            return None
