"""Constant propagation: the values of small tensors that follow from inputs which are known.

From the known tensors it goes forward, as far as nodes have all operands known; constants beside the way are evaluated
backward. Only what numpy computes to the last bit as TensorFlow does is followed, see `ir.exact_ops`: flags,
comparisons, and the four operations, which is what predicates and keep probabilities are made of::

    phase_train = True          not = LogicalNot(phase_train) = False
                                both = LogicalAnd(not, anything) = False
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from graphsurgeon.errors import PassError
from graphsurgeon.ir.exact_ops import exactness, value_refusal
from graphsurgeon.ir.frames import ENTER_OPS, EXIT_OPS, MERGE_OPS, SPLITTING_OPS
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value
from graphsurgeon.ir.signatures import OpSignatures, num_outputs, output_number
from graphsurgeon.names import node_of_input
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor

#: The outputs of a node, None for one that is not known.
Outputs = Sequence[Tensor | None]
#: Computes a node of its operands; a PassError when it cannot.
Evaluate = Callable[[Node, Sequence[Tensor]], Sequence[Tensor]]
#: Tells what a node that calls functions returns, of what is known of its operands.
Call = Callable[[Node, Outputs], Outputs]


_PASSED = ENTER_OPS | EXIT_OPS | {"Identity", "RefIdentity", "Snapshot", "StopGradient", "PreventGradient"}
#: Of these one operand may decide.
_DECIDING = {"LogicalAnd": False, "LogicalOr": True}
_MAX_NBYTES = 1 << 12
_MAX_DEPTH = 16


class KnownValues:
    """The known values of one graph or function body, whose arguments are nodes without a producer.

    `visited` are the nodes that read a known tensor, by name. Each costs a look at its operands whenever another one
    becomes known.
    """

    def __init__(self, index: Index, signatures: OpSignatures, evaluate: Evaluate, call: Call) -> None:
        self.index = index
        self.signatures = signatures
        self.visited: dict[str, Node] = {}
        self._evaluate = evaluate
        self._call = call
        self._known: dict[tuple[str, int], Tensor] = {}
        self._chosen: dict[str, int] = {}
        # What depends on constants alone, and what does not; the latter may be among the known ones.
        self._constants: dict[str, Outputs | None] = {}

    def add(self, values: Mapping[str, Tensor]) -> None:
        """Let the first outputs of nodes, or arguments, have these values, and follow them."""
        self._known |= {(name, 0): value for name, value in values.items()}
        self._spread(values)

    def choose(self, merges: Mapping[str, int]) -> None:
        """Let Merges have the one input that is not dead, by its position, and follow those that are known."""
        new = {name: position for name, position in merges.items() if self._chosen.get(name) != position}
        self._chosen |= new
        self._spread([name for name in new if self._take(self.index.producers[name])])

    def value(self, text: str) -> Tensor | None:
        """Return the value of a tensor as an input names it, None when it is not known."""
        name, output = node_of_input(text), self.output(text)
        if output is None:
            return None
        found = self._known.get((name, output))
        if found is None and name in self.index.producers:
            outputs = self._constant(self.index.producers[name], 0) or ()
            found = outputs[output] if output < len(outputs) else None
        return found

    def output(self, text: str) -> int | None:
        """Return the number of the output that an input names, None when nobody knows."""
        name, output = node_of_input(text), text.partition(":")[2]
        node = self.index.producers.get(name)
        if node is None:
            return 0 if output in ("", "0") else None
        return output_number(node, output, self.signatures)

    def _spread(self, names: Iterable[str]) -> None:
        pending = list(names)
        while pending:
            for reader, _ in self.index.consumers(pending.pop()):
                self.visited[reader.name] = reader
                if self._take(reader):
                    pending.append(reader.name)

    def _take(self, node: Node) -> bool:
        """Compute what is to be known of a node now; return whether that is more than before."""
        outputs = self._outputs(node, [self.value(text) for text in node.data_inputs])
        new = {
            (node.name, i): value
            for i, value in enumerate(outputs)
            if value is not None and (node.name, i) not in self._known
        }
        self._known |= new
        return bool(new)

    def _outputs(self, node: Node, operands: Outputs) -> Outputs:
        op = node.op
        if op in SPLITTING_OPS:
            # Whichever is alive; in an outer condition that is not known, an inner one may be.
            return [operands[0]] * (num_outputs(node) or 2) if operands else ()
        if op in MERGE_OPS:
            position = self._chosen.get(node.name)
            return () if position is None else [operands[position], _int32(position)]
        if op in _DECIDING and len(operands) == 2:
            for operand in operands:
                if operand is not None and not operand.shape and bool(operand.numpy()) is _DECIDING[op]:
                    return [operand]
        return self._computed(node, operands) or self._call(node, operands)

    def _computed(self, node: Node, operands: Outputs) -> Outputs:
        known = [operand for operand in operands if operand is not None]
        if len(known) < len(operands) or sum(each.nbytes for each in known) > _MAX_NBYTES:
            return ()
        if node.op in _PASSED:
            return known[:1]
        if not known or exactness(node.op, [each.dtype for each in known]) != "exact":
            return ()
        try:
            found = self._evaluate(node, known)
        except PassError:
            return ()
        if sum(each.nbytes for each in found) > _MAX_NBYTES or value_refusal(node, known, found):
            return ()
        return found

    def _constant(self, node: Node, depth: int) -> Outputs | None:
        """Return the outputs of a node that depends on constants alone."""
        if node.name in self._constants:
            return self._constants[node.name]
        found: Outputs | None = None
        if node.op == "Const":
            value = constant_value(node)
            found = [value] if value is not None and value.nbytes <= _MAX_NBYTES else None
        elif depth < _MAX_DEPTH and node.data_inputs and (node.op in _PASSED or exactness(node.op, ())):
            operands = [self._operand(text, depth + 1) for text in node.data_inputs]
            found = self._computed(node, operands) if None not in operands else None
        self._constants[node.name] = found
        return found

    def _operand(self, text: str, depth: int) -> Tensor | None:
        node, output = self.index.producer(text), self.output(text)
        outputs = None if node is None else self._constant(node, depth)
        return outputs[output] if outputs and output is not None and output < len(outputs) else None


def _int32(value: int) -> Tensor:
    import numpy as np

    return as_tensor(np.int32(value))


def is_all(value: Tensor | None, number: float) -> bool:
    """Whether a scalar is known and equals a number."""
    return value is not None and not value.shape and value.dtype.itemsize > 0 and bool((value.numpy() == number).all())


def truth(value: Tensor) -> bool:
    """Return what a condition takes a value for: a number that is not 0, a text or tensor that is not empty."""
    if value.shape:
        return value.size > 0
    return any(value.strings()) if value.dtype is dtypes.STRING else bool(value.numpy())
