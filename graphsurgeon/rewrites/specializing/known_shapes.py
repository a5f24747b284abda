"""Which tensors have the same shape in every run, as far as known values, pass-through ops and shape inference tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from graphsurgeon.ir.frames import ENTER_OPS
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.specializing.known_values import KnownValues

if TYPE_CHECKING:
    from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference

_SAME_SHAPE = frozenset(
    ("Identity", "BiasAdd", "Relu", "Relu6", "Elu", "Selu", "Sigmoid", "Tanh", "Softmax", "LeakyRelu", "StopGradient")
)
_PRODUCTS = frozenset({"RealDiv", "Div", "Mul"})
_MAX_STEPS = 20


class KnownShapes:
    """The shapes of one graph or body; they are inferred when the first is asked for."""

    def __init__(self, known: KnownValues) -> None:
        self._known = known
        self._made: ShapeInference | None = None

    @property
    def inferred(self) -> ShapeInference:
        """What shape inference finds."""
        if self._made is None:
            from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference

            self._made = ShapeInference(self._known.index, self._known.signatures.functions, {})
        return self._made

    def is_same(self, first: str, second: str) -> bool:
        """Whether two tensors have the same shape, even where its sizes are not known."""
        if self.source(first) == self.source(second):
            return True
        dims = self.inferred.shape(first)
        return dims is not None and None not in dims and dims == self.inferred.shape(second)

    def is_scalar(self, text: str) -> bool:
        """Whether the value of a tensor is known, and a scalar."""
        value = self._known.value(text)
        return value is not None and not value.shape

    def source(self, text: str) -> tuple[str, int | None]:
        """Return a tensor that has the same shape."""
        for _ in range(_MAX_STEPS):
            node = self._known.index.producer(text)
            step = None if node is None else next(self._beside_scalar(node), None)
            if step is None:
                break
            text = step
        return node_of_input(text), self._known.output(text)

    def _beside_scalar(self, node: Node) -> Iterator[str]:
        data = node.data_inputs
        if node.op in _SAME_SHAPE or node.op in ENTER_OPS:
            yield data[0]
        elif node.op in _PRODUCTS:
            yield from (each for i, each in enumerate(data) if self.is_scalar(data[1 - i]))
