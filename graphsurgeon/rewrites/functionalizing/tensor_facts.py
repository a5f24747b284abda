"""What the tensors of a graph are, as arguments of functions are told: dtype, shape, and what a handle is of."""

from __future__ import annotations

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PASS_ON_OPS, RESOURCE_OPS
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.names import parse_input
from graphsurgeon.rewrites.functionalizing.declined import declined
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils.named_tuple import NamedTuple


class TensorFact(NamedTuple):
    """What is known of a tensor; `variable` is the VarHandleOp that makes it, where it is a handle of one."""

    dtype: DType
    shape: Shape
    variable: Node | None = None


class TensorFacts:
    """What is known of the tensors of a model's graph as it is now; its shapes may be those before an edit."""

    def __init__(self, model: Model, shapes: NodeShapes) -> None:
        self._index = Index(model.graph)
        self._shapes = shapes
        self._signatures = OpSignatures(model.library.functions)
        self._known: dict[str, TensorFact] = {}

    def knows(self, name: str) -> bool:
        """Whether a node is of the graph, and was not made since."""
        return name in self._index.producers

    def of(self, text: str) -> TensorFact:
        """Return what is known of a tensor, as an input names it."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._find(text)
        return found

    def _find(self, text: str) -> TensorFact:
        name, output = parse_input(text)
        node = self._index.producers[name]
        types = self._signatures.of(node).outputs
        if types is None or output >= len(types) or not types[output]:
            raise declined(f"the type of {text!r} is not known", name)
        dtype = DType.from_number(types[output]).base
        if dtype is dtypes.RESOURCE:
            return TensorFact(dtype, Shape(()), self._variable(node))
        if dtype is dtypes.VARIANT:
            return TensorFact(dtype, Shape(()))
        return TensorFact(dtype, Shape(self._shapes.dims(node, output)))

    def _variable(self, node: Node | None) -> Node | None:
        """Follow a handle back to the variable that it is of."""
        seen: set[str] = set()
        while node is not None and node.op in PASS_ON_OPS and node.data_inputs and node.name not in seen:
            seen.add(node.name)
            node = self._index.producer(node.data_inputs[0])
        return node if node is not None and node.op in RESOURCE_OPS else None
