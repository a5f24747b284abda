"""Dropout that keeps everything, which is the tensor itself, as TensorFlow's versions have written it.

============================================== ========= =============================================
form                                           since     kept when
============================================== ========= =============================================
``x / keep_prob * floor(keep_prob + u)``       1.0       keep_prob = 1: floor(1 + u) is 1 for u < 1
``x * (1/(1 - rate)) * cast(u >= rate)``       1.13      rate = 0: every u is
``SelectV2(u >= rate, x / (1 - rate), 0)``     2.13      the same
============================================== ========= =============================================

`u` are uniform random numbers of [0, 1), maybe scaled from 0 to 1. x is unchanged to the last bit where the mask has
its shape, or one that is broadcast to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphsurgeon.ir.frames import ENTER_OPS
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.specializing.known_shapes import KnownShapes
from graphsurgeon.rewrites.specializing.known_values import KnownValues, is_all

_UNIFORM = frozenset({"RandomUniform", "StatelessRandomUniform", "StatelessRandomUniformV2"})
SELECT_OPS = frozenset({"Select", "SelectV2"})
_ADDS = frozenset({"Add", "AddV2"})
_DIVIDES = frozenset({"RealDiv", "Div"})
_MAX_STEPS = 20

_TRUE, _ONES, _ONE_PLUS = "true", "ones", "one plus"


class Dropouts:
    """The dropouts of a graph or body that keep everything, of its known values."""

    def __init__(self, known: KnownValues, shapes: KnownShapes) -> None:
        self._known = known
        self._index = known.index
        # Masks: what all their elements are, and the text of the shape that they were made with.
        self._masks: dict[str, tuple[str, str]] = {}
        self._shapes = shapes

    def find(self) -> dict[str, str]:
        """Return the nodes that are dropouts, and what they are: inputs as texts."""
        found: dict[str, str] = {}
        pending = list(self._known.visited.values())
        while pending:
            node = pending.pop()
            if node.name in self._masks or node.name in found:
                continue
            kept = self._kept(node)
            if kept is not None:
                found[node.name] = kept
                continue
            mask = self._mask(node)
            if mask is not None:
                self._masks[node.name] = mask
                pending += [reader for reader, _ in self._index.consumers(node.name)]
        return found

    def _mask(self, node: Node) -> tuple[str, str] | None:
        """Return what all elements of a node are, where they are known to be true, 1, or 1 and a part of 1."""
        data = node.data_inputs
        if node.op == "GreaterEqual" or (node.op == "LessEqual" and len(data) == 2):
            uniform, bound = data if node.op == "GreaterEqual" else data[::-1]
            return self._compared(_TRUE, uniform, bound, 0)
        if node.op == "Less":
            return self._compared(_TRUE, data[0], data[1], 1)
        if node.op in _ADDS:
            for uniform, bound in (data, data[::-1]):
                found = self._compared(_ONE_PLUS, uniform, bound, 1)
                if found is not None:
                    return found
            return None
        before = self._masks.get(node_of_input(data[0])) if len(data) == 1 else None
        if before is None:
            return None
        if node.op == "Floor" and before[0] == _ONE_PLUS:
            return _ONES, before[1]
        if node.op == "Cast" and before[0] == _TRUE:
            return _ONES, before[1]
        return before if node.op == "Identity" or node.op in ENTER_OPS else None

    def _compared(self, what: str, uniform: str, bound: str, number: float) -> tuple[str, str] | None:
        shape = self._uniform(uniform) if is_all(self._known.value(bound), number) else None
        return None if shape is None else (what, shape)

    def _uniform(self, text: str) -> str | None:
        """Return the text of the shape of uniform random numbers of [0, 1), None of anything else."""
        for _ in range(_MAX_STEPS):
            node = self._index.producer(text)
            if node is None:
                return None
            if node.op in _UNIFORM:
                return node.data_inputs[0]
            data = node.data_inputs
            if node.op == "Identity" or node.op in ENTER_OPS:
                text = data[0]
            elif node.op == "Mul" or node.op in _ADDS:
                neutral = 1 if node.op == "Mul" else 0
                rest = [each for i, each in enumerate(data) if is_all(self._known.value(data[1 - i]), neutral)]
                if not rest:
                    return None
                text = rest[0]
            else:
                return None
        return None

    def _kept(self, node: Node) -> str | None:
        """Return what a node gives unchanged, if it multiplies or selects by a mask that keeps everything."""
        data = node.data_inputs
        if node.op in SELECT_OPS and len(data) == 3:
            mask = self._masks.get(node_of_input(data[0]))
            pairs = (
                [(data[1], mask)] if mask is not None and mask[0] == _TRUE and self._shapes.is_scalar(data[2]) else []
            )
        elif node.op == "Mul":
            masks = [self._masks.get(node_of_input(text)) for text in data]
            pairs = [(data[1 - i], mask) for i, mask in enumerate(masks) if mask is not None and mask[0] == _ONES]
        else:
            return None
        for text, mask in pairs:
            if self._fits(mask[1], text):
                return self._scaled_by_one(text)
        return None

    def _scaled_by_one(self, text: str) -> str:
        """Return what is behind products and quotients with 1."""
        for _ in range(_MAX_STEPS):
            node = self._index.producer(text)
            if node is None or node.control_inputs:
                return text
            rest = list(self._beside_one(node))
            if not rest:
                return text
            text = rest[0]
        return text

    def _beside_one(self, node: Node) -> Iterator[str]:
        data = node.data_inputs
        if node.op == "Mul" and is_all(self._known.value(data[0]), 1):
            yield data[1]
        elif node.op in _DIVIDES | {"Mul"} and is_all(self._known.value(data[1]), 1):
            yield data[0]

    def _fits(self, shape: str, text: str) -> bool:
        """Whether a mask of that shape is broadcast to a tensor, and not the other way round."""
        node = self._index.producer(shape)
        while node is not None and node.op == "Identity":
            node = self._index.producer(shape := node.data_inputs[0])
        if node is not None and node.op == "Shape":
            return self._shapes.source(node.data_inputs[0]) == self._shapes.source(text)
        mask = self._known.value(shape)
        if mask is None:
            return False
        dims, sizes = self._shapes.inferred.dims(self._scaled_by_one(text)), mask.numpy().reshape(-1).tolist()
        if dims is None or len(sizes) > len(dims):
            return False
        return all(size in (1, dim) for size, dim in zip(sizes[::-1], dims[::-1], strict=False))
