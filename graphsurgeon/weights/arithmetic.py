"""Pattern matching of weights in plain arithmetic: biases, scales, the slopes of a PReLU.

``Add`` and ``Mul`` are used for everything, so here a constant counts as a weight only
where the other operand comes out of an op that uses a weight, and where its shape fits
the channels of that op. What is added to an input before any weighted op is
preprocessing; what is added past a slice is postprocessing.
"""

from __future__ import annotations

import math
from typing import Final

from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control
from graphsurgeon.weights.scope import Constant, Scope, Use
from proto_utils.named_tuple import NamedTuple

_ADDS: Final = frozenset({"Add", "AddV2", "Sub"})

#: Ops whose output still has the channels of their first input.
_KEEPS: Final = frozenset((
    "Relu", "Relu6", "Elu", "Selu", "LeakyRelu", "BiasAdd", "BiasAddV1", "MaxPool", "AvgPool", "MaxPool3D",
    "AvgPool3D", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "_FusedBatchNormEx", "LRN", "Identity",
    "Snapshot", "StopGradient", "CheckNumerics", "Cast", "Enter", "Exit", "Switch", "RefSwitch", "_SwitchN", "RefEnter",
    "Pad", "PadV2", "MirrorPad", "SpaceToBatchND", "BatchToSpaceND", "SpaceToBatch", "BatchToSpace",
    "ResizeBilinear", "ResizeNearestNeighbor", "Squeeze", "ExpandDims", "Requantize", "Dequantize", "QuantizeV2",
    "EnsureShape", "Sqrt", "FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars",
    "FakeQuantWithMinMaxVarsPerChannel", "NextIteration", "Neg",
))  # fmt: skip
#: Ops after which they may be another dimension.
_RESHAPES: Final = frozenset((
    "Reshape", "Transpose", "Mean", "Sum", "Max", "Tile", "BroadcastTo", "DepthToSpace", "SpaceToDepth",
    "QuantizedReshape",
))  # fmt: skip
_SQUASHES: Final = frozenset({"Tanh", "Sigmoid", "Softplus", "Softsign", "Erf"})
#: Ops whose output has the channels of any of their inputs.
_JOINS: Final = frozenset((
    "Add", "AddV2", "Sub", "Mul", "Maximum", "Minimum", "RealDiv", "Div", "Merge", "AddN", "IdentityN",
    "SelectV2", "Select",
))  # fmt: skip
_CONCATS: Final = frozenset({"ConcatV2", "Concat", "Pack", "DynamicStitch", "ParallelDynamicStitch"})

#: Nodes looked at before a search back to a weighted op gives up.
_MAX_VISITED: Final = 40
_MAX_SUMS: Final = 8


class Weighted:
    """A node that uses a weight as its filter or kernel, if it is known how."""

    __slots__ = ("_kernel", "_use", "node")

    def __init__(self, node: Node, use: Use | None = None, kernel: Constant | None = None) -> None:
        self.node = node
        self._use = use
        self._kernel = kernel

    @property
    def channels(self) -> frozenset[int]:
        """What the last dimension of the node's output may be; empty when that is not known."""
        return frozenset() if self._use is None or self._kernel is None else _channels(self._use, self._kernel)


class Judgement(NamedTuple):
    """The role of a constant operand, and why."""

    role: str
    text: str


def _channels(use: Use, kernel: Constant) -> frozenset[int]:
    shape, op = kernel.shape, use.node.op
    if len(shape) < 2:
        return frozenset(shape)
    if "Conv" not in op and "Gather" not in op:
        # A matrix may be transposed, or made of a kernel of more dimensions.
        return frozenset(shape) | {math.prod(shape[i:]) for i in range(1, len(shape))}
    if any(node.op not in ("Identity", "Cast", "Enter", "Switch", "_SwitchN") for node in use.path()):
        return frozenset()
    if "BackpropInput" in op:
        return frozenset({shape[-2]})
    if "Depthwise" in op:
        return frozenset({shape[-1] * shape[-2]})
    return frozenset({shape[-1]})


class Arithmetic:
    """Judges operands of Add, Mul and the like in a scope whose constants are all traced.

    `weighted` are the nodes that use a weight by themselves, by name.
    """

    def __init__(self, scope: Scope, weighted: dict[str, Weighted]) -> None:
        self._scope = scope
        self._weighted = weighted

    def judge(self, constant: Constant, use: Use) -> Judgement | None:
        """Return the role of `constant` at `use`, if it is a weight there."""
        node, position = use.node, use.position
        if node.op == "ConcatV2":
            return self._token(constant, node)
        if constant.is_scalar or len(node.inputs) < 2:
            return None
        if node.op == "AddN":
            sums = (self._bias(constant, node, text) for text in node.data_inputs)
            return next(filter(None, sums), None)
        other = node.inputs[1 - position] if position < 2 else "^"
        return None if is_control(other) or self._scope.is_static(other) else self._operand(constant, use, other)

    def _operand(self, constant: Constant, use: Use, other: str) -> Judgement | None:
        node = use.node
        if node.op == "Mul":
            return self._slope(node, other) or self._scale(constant, node, other) or self._peephole(constant, node)
        if node.op in _ADDS:
            return self._bias(constant, node, other)
        if node.op in ("RealDiv", "Div") and use.position == 1:
            return self._scale(constant, node, other)
        return None

    def _bias(self, constant: Constant, node: Node, other: str) -> Judgement | None:
        source, is_sure = self._source(other)
        if source is None:
            return None
        is_vector = sum(dim != 1 for dim in constant.shape) <= 1
        done = "subtracted from" if node.op == "Sub" else "added to"
        text = f"{done} the output of {source.node.op} {source.node.name!r}"
        if not is_vector:
            fits = bool(source.channels & {constant.size, constant.shape[-1]})
            role = "bias" if constant.size in source.channels else "embedding"
            return Judgement(role, f"{text} in {node.name!r}") if fits or not source.channels else None
        if not is_sure or not source.channels or constant.size in source.channels:
            return Judgement("bias", f"{text} in {node.name!r}")
        return None

    def _scale(self, constant: Constant, node: Node, other: str) -> Judgement | None:
        is_product = any(reader.op == "Sum" for reader, _ in self._scope.readers(node))
        source, is_sure = self._source(other, squashed=is_product)
        if source is None:
            return None
        text = f"times the output of {source.node.op} {source.node.name!r} in {node.name!r}"
        if is_product:
            return Judgement("matmul_kernel", f"{text}, summed")
        is_vector = sum(dim != 1 for dim in constant.shape) <= 1
        if is_vector and (not is_sure or not source.channels or constant.size in source.channels):
            return Judgement("norm_scale", text)
        return None

    def _token(self, constant: Constant, node: Node) -> Judgement | None:
        """Recognize what is put before or after a sequence of embeddings: a class token."""
        if len(constant.shape) < 3 or math.prod(constant.shape[:-1]) != 1:
            return None
        for other in node.data_inputs[:-1]:
            source = None if self._scope.is_static(other) else self._source(other)[0]
            if source is not None and constant.size in source.channels:
                return Judgement("embedding", f"joined to the output of {source.node.op} {source.node.name!r}")
        return None

    def _peephole(self, constant: Constant, product: Node) -> Judgement | None:
        """Recognize ``split(W [x, h] + b) + w * c``: what a cell's state adds to a gate."""
        if len(constant.shape) != 1:
            return None
        for reader, position in self._scope.readers(product):
            if reader.op not in ("Add", "AddV2") or len(reader.inputs) < 2:
                continue
            gate = self._scope.origin(reader.inputs[1 - position])
            for _ in range(_MAX_SUMS):  # the forget bias, and what else is added
                if gate is None or gate.op not in ("Add", "AddV2"):
                    break
                gate = self._scope.origin(gate.inputs[0])
            if gate is not None and gate.op == "Split" and self._source(gate.inputs[1])[0] is not None:
                return Judgement("recurrent_kernel", f"times the state, added to a gate in {reader.name!r}")
        return None

    def _slope(self, node: Node, other: str) -> Judgement | None:
        """Recognize ``alpha * min(x, 0)`` in its several spellings."""
        scope = self._scope
        factor = scope.origin(other)
        if factor is None:
            return None
        below = False
        if factor.op in ("Relu", "Relu6") and factor.inputs:  # relu(x) - alpha * relu(-x)
            inner = scope.origin(factor.inputs[0])
            below = inner is not None and inner.op == "Neg"
        elif factor.op == "Minimum":  # max(x, 0) + alpha * min(x, 0)
            below = any(_is_number(scope, text) for text in factor.inputs[:2])
        elif factor.op == "Sub" and len(factor.inputs) > 1:  # relu(x) + alpha * (x - |x|) / 2
            inner = scope.origin(factor.inputs[1])
            below = inner is not None and inner.op == "Abs"
        if below or self._is_branch(node, factor):
            return Judgement("prelu_alpha", f"slope below zero in {node.name!r}")
        return None

    def _is_branch(self, product: Node, factor: Node) -> bool:
        """Whether the product is the alternative to its factor: ``max(x, alpha * x)``, ``where(x > 0, x, a * x)``."""
        for reader, position in self._scope.readers(product):
            if reader.op == "Maximum" or (reader.op in ("SelectV2", "Select") and position > 0):
                others = [text for i, text in enumerate(reader.data_inputs) if i != position]
                if any(self._scope.origin(text) is factor for text in others):
                    return True
        return False

    def _source(self, text: str, *, squashed: bool = False) -> tuple[Weighted | None, bool]:
        """Search back for the nearest weighted op; return whether its channels are still the last dimension too."""
        if not self._weighted:
            return None, False
        stack: list[tuple[str, bool]] = [(text, True)]
        seen: set[str] = set()
        while stack and len(seen) < _MAX_VISITED:
            name, is_sure = stack.pop(0)
            node = self._scope.producer(name)
            if node is None or node.name in seen or self._scope.is_static(name):
                continue
            seen.add(node.name)
            found = self._weighted.get(node.name)
            if found is not None:
                return found, is_sure
            inputs = node.data_inputs
            op = node.op
            if op in _KEEPS or (squashed and op in _SQUASHES):
                stack += [(each, is_sure) for each in inputs[:1]]
            elif op in _RESHAPES:
                stack += [(each, False) for each in inputs[:1]]
            elif op in _JOINS:
                stack += [(each, is_sure) for each in inputs]
            elif op in _CONCATS or (squashed and "MatMul" in op):  # attention: weighted values
                stack += [(each, False) for each in inputs]
        return None, False


def _is_number(scope: Scope, text: str) -> bool:
    constant = scope.constant(text)
    return constant is not None and constant.is_scalar
