"""Constant folding in one graph or function body: what depends on constants alone is computed.

Nodes are taken in topological order. One that has known operands, no state, and is computed as exactly as is asked for
is known, too; sizes of tensors that the graph declares, or that follow by shape inference, are known without any
operand. In the end each known node that others still read becomes a Const of its own name, and what only known nodes
read goes. A Const waits for what the nodes waited for from which it was computed, so it stays in their loop or branch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.exact_ops import exactness, value_refusal
from graphsurgeon.ir.frames import ENTER_OPS, EXIT_OPS, MERGE_OPS, NEXT_ITERATION_OPS
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value, stored_nbytes
from graphsurgeon.ir.ops import facts
from graphsurgeon.ir.signatures import num_outputs, output_number
from graphsurgeon.names import node_of_input, unique_name
from graphsurgeon.rewrites.simplifying.colocated import regroup
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.tensor_proto import encode_fill
from graphsurgeon.tensors.values import FillTensor, as_tensor
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

#: Computes a node of its operands; a PassError when it cannot.
Evaluate = Callable[[Node, Sequence[Tensor]], Sequence[Tensor]]
#: Tells the static shape of a tensor, None when it is not fully known.
StaticShape = Callable[[str], "tuple[int, ...] | None"]

_FLOW_OPS: Final = ENTER_OPS | EXIT_OPS | MERGE_OPS | NEXT_ITERATION_OPS | {
    "Switch", "RefSwitch", "_SwitchN", "LoopCond",
}  # fmt: skip
#: A value that repeats is spelled out up to this size.
_MAX_SPELLED_NBYTES: Final = 1 << 10
_MEASURES: Final = frozenset({"Shape", "ShapeN", "Size", "Rank"})


class FoldingRules(NamedTuple):
    """What may be folded: which class of ops, up to which size, and which not."""

    approximate: bool
    max_nbytes: int
    exclude_ops: Collection[str]
    exclude_nodes: Collection[str]


class ConstantFolding:
    """The folding of one graph or function body.

    Parameters
    ----------
    graph : Graph
    rules : FoldingRules
    evaluate : callable
    static_shape : callable
    protected : collection of str
        Nodes that stay under their names.
    weights : collection of str
        Constants that are weights: nothing is computed of them.

    Attributes
    ----------
    folded : dict of str to str
        The nodes that were computed, by name, and their ops.
    approximate : set of str
        Those of them that are approximate, or computed of what is.
    kept : dict of str to str
        Nodes that depend on constants alone, and why they were not computed.
    """

    def __init__(
        self,
        graph: Graph,
        rules: FoldingRules,
        evaluate: Evaluate,
        static_shape: StaticShape,
        *,
        protected: Collection[str],
        weights: Collection[str],
    ) -> None:
        self._graph = graph
        self._rules = rules
        self._evaluate = evaluate
        self._static_shape = static_shape
        self._protected = protected
        self._weights = set(weights)
        self._known: dict[str, Sequence[Tensor]] = {}
        self._sizes: dict[str, int] = {}
        self.folded: dict[str, str] = {}
        self.approximate: set[str] = set()
        self.kept: dict[str, str] = {}

    def apply(self) -> None:
        """Fold; costs O(nodes + edges), and what is computed."""
        for node in self._graph.topological():
            self._take(node)
        if self.folded:
            edit = GraphEdit(self._graph)
            gone = _Replacement(edit, self._known, self.folded, self._protected).apply()
            regroup(edit, gone)
            edit.apply()

    def _take(self, node: Node) -> None:
        """Compute a node if that can be."""
        name = node.name
        if node.op == "Const":
            value = constant_value(node)
            if value is not None:
                self._known[name], self._sizes[name] = [value], stored_nbytes(value)
            return
        texts = node.data_inputs
        operands = [self._operand(text) for text in texts]
        measured = self._measured(node, operands) if node.op in _MEASURES else None
        if measured is None and (not texts or any(each is None for each in operands)):
            return
        given = [each for each in operands if each is not None]
        reason = self._refusal(node, given, texts)
        if reason:
            self.kept[name] = reason
            if any(node_of_input(text) in self._weights for text in texts):
                self._weights.add(name)
            return
        try:
            found = measured if measured is not None else self._evaluate(node, given)
        except PassError as error:
            self.kept[name] = f"cannot be computed without TensorFlow: {error.__cause__ or error.reason}"
            return
        reason = self._result_refusal(node, given, found, texts)
        if reason:
            self.kept[name] = reason
            return
        self._known[name], self._sizes[name] = found, sum(map(stored_nbytes, found))
        self.folded[name] = node.op
        of_approximate = node.op not in _MEASURES and any(node_of_input(text) in self.approximate for text in texts)
        if of_approximate or exactness(node.op, [each.dtype for each in given]) == "approximate":
            self.approximate.add(name)

    def _operand(self, text: str) -> Tensor | None:
        name = node_of_input(text)
        found = self._known.get(name)
        if found is None:
            return None
        number = output_number(self._graph[name], text.partition(":")[2])
        return found[number] if number is not None and number < len(found) else None

    def _measured(self, node: Node, operands: Sequence[Tensor | None]) -> list[Tensor] | None:
        """Return the sizes of tensors of which the shape is known, if not the values."""
        import numpy as np

        shapes = []
        for text, operand in zip(node.data_inputs, operands, strict=True):
            shape = operand.shape if operand is not None else self._static_shape(text)
            if shape is None:
                return None
            shapes.append(shape)
        dtype = node.attrs.get("out_type", dtypes.INT32)
        kind = dtype.base.numpy() if isinstance(dtype, DType) else np.dtype(np.int32)
        if node.op == "Rank":
            return [as_tensor(np.int32(len(shapes[0])))]
        if node.op == "Size":
            return [as_tensor(np.array(int(np.prod(shapes[0], dtype=np.int64)), kind))]
        return [as_tensor(np.array(shape, kind)) for shape in shapes]

    def _refusal(self, node: Node, operands: Sequence[Tensor], texts: Sequence[str]) -> str:
        """Return why a node is not to be computed, empty if it is."""
        if node.op in self._rules.exclude_ops or node.name in self._rules.exclude_nodes:
            return "is excluded"
        reason = _state_refusal(node)
        if reason:
            return reason
        weights = [text for text in texts if node_of_input(text) in self._weights]
        if weights and node.op not in _MEASURES:
            return f"reads the weight {node_of_input(weights[0])!r}"
        how = exactness(node.op, [each.dtype for each in operands])
        if how is None:
            return "is of an op that is not computed here"
        if how == "approximate" and not self._rules.approximate:
            return "TensorFlow's own releases compute it to other last bits"
        if node.name in self._protected and (num_outputs(node) or 0) > 1:
            return "has several outputs, and is an output or named around the graph"
        return ""

    def _result_refusal(
        self, node: Node, operands: Sequence[Tensor], found: Sequence[Tensor], texts: Sequence[str]
    ) -> str:
        size = sum(map(stored_nbytes, found))
        before = sum(self._sizes.get(name, 0) for name in {node_of_input(text) for text in texts})
        if size > max(self._rules.max_nbytes, before):
            return f"would take {size:,} bytes"
        return value_refusal(node, operands, found)


def _state_refusal(node: Node) -> str:
    """Return why an op does not give the same in each run, whenever it runs."""
    known = facts(node.op)
    if known is None:
        return "is of an op that is not known here"
    if node.op in _FLOW_OPS:
        return "controls the flow"
    if known.functions:
        return "calls a function"
    return "has state or effects" if known.is_stateful else ""


class _Replacement:
    """The edits that put constants in the place of what was computed."""

    def __init__(
        self,
        edit: GraphEdit,
        known: Mapping[str, Sequence[Tensor]],
        folded: Mapping[str, str],
        protected: Collection[str],
    ) -> None:
        self._edit = edit
        self._known = known
        self._folded = folded
        self._protected = protected
        self._names = {node.name: None for node in edit.graph}
        self._is_in_flow = bool(edit.graph.nodes_of(_FLOW_OPS))

    def apply(self) -> set[str]:
        """Make the edits; return the nodes that went."""
        edit, index = self._edit, self._edit.index
        waits = dict(self._waits())
        read = [name for name in self._folded if self._is_needed(name)]
        touched = {node_of_input(text) for name in self._folded for text in index.producers[name].inputs}
        for name in read:
            self._replace(index.producers[name], waits[name])
        gone = {name for name in self._folded if name not in read}
        for name in gone:
            edit.remove(name)
        # Constants that only those have read.
        pending = [name for name in touched if name not in self._folded]
        for name in pending:
            node = edit.get(name)
            if node is not None and node.op == "Const" and name not in self._protected and not index.edges(name):
                edit.remove(name)
                gone.add(name)
        return gone

    def _waits(self) -> Iterator[tuple[str, list[str]]]:
        """Yield what each node waits for, and what those waited for from which it was computed."""
        found: dict[str, dict[str, None]] = {}
        for name in self._folded:
            node = self._edit.index.producers[name]
            controls: dict[str, None] = {}
            for text in node.control_inputs:
                controls |= found.get(node_of_input(text), {text: None})
            for text in node.data_inputs:
                source = node_of_input(text)
                producer = self._edit.index.producers.get(source)
                if source in found:
                    controls |= found[source]
                elif producer is not None and producer.op == "Const":
                    controls |= dict.fromkeys(producer.control_inputs)
                elif self._is_in_flow:
                    # Of what a size is taken says in which loop or branch that is.
                    controls[f"^{source}"] = None
            found[name] = controls
            yield name, [*controls]

    def _is_needed(self, name: str) -> bool:
        """Whether somebody needs a computed node who is not computed himself."""
        if name in self._protected:
            return True
        return any(reader.name not in self._folded for reader, _ in self._edit.index.edges(name))

    def _replace(self, node: Node, controls: Sequence[str]) -> None:
        """Put constants in the place of a node; the first output has its name."""
        edit, values = self._edit, self._known[node.name]
        is_body = edit.graph.is_body
        readers = list(edit.index.consumers(node.name))
        made = [self._constant(node.name, node, values[0], controls)]
        names = {0: node.name}
        for reader, position in readers:
            number = output_number(node, reader.inputs[position].partition(":")[2]) or 0
            if number not in names:
                names[number] = unique_name(f"{node.name}/output_{number}", self._names)
                self._names[names[number]] = None
                made.append(self._constant(names[number], node, values[number], controls))
        edit.replace(node.name, made)
        for reader, position in readers:
            if edit.get(reader.name) is not None and reader.name not in self._folded:
                number = output_number(node, reader.inputs[position].partition(":")[2]) or 0
                edit.set_input(reader, position, f"{names[number]}:output:0" if is_body else names[number])

    def _constant(self, name: str, node: Node, value: Tensor, controls: Sequence[str]) -> Node:
        attrs = {key: node.attrs[key] for key in node.attrs if key == "_class"}
        if "_output_shapes" in node.attrs:
            attrs["_output_shapes"] = [Shape(value.shape)]
        attrs |= {"dtype": value.dtype, "value": value}
        if isinstance(value, FillTensor) and value.nbytes > _MAX_SPELLED_NBYTES:
            attrs["value"] = schema.AttrValue(tensor=encode_fill(value))
        return Node.new(name, "Const", list(controls), device=node.device, attrs=attrs)
