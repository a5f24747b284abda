"""Fully connected layers behind feature maps: which they are, and what reads their results.

A MatMul of a flattened map is a convolution whose window is the whole map; one that reads its result, through biases
and activations, is a convolution with windows of one::

    map [N, H, W, C] -> Reshape [N, H*W*C] -> MatMul [H*W*C, U] -> BiasAdd -> Relu -> MatMul [U, V]
    map [N, H, W, C] ->                       Conv2D [H, W, C, U] -> BiasAdd -> Relu -> Conv2D [1, 1, U, V]

What reads such a result has to take maps where there were rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, constant_value
from graphsurgeon.names import node_of_input, some_of
from graphsurgeon.rewrites.shaping.dims import product, text_of_dims
from graphsurgeon.rewrites.shaping.math_rules import BROADCASTING
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from proto_utils.named_tuple import NamedTuple

_OPERATION = "dense_to_conv"
_PASSED = frozenset({"Identity", "StopGradient", "Snapshot", "CheckNumerics", "PreventGradient"})
_FLATTENS = frozenset({"Reshape", "Squeeze"})
#: What gives each element its own, or works along the last axis, whatever the rank.
_POINTWISE = _PASSED | {
    "BiasAdd", "Relu", "Relu6", "Elu", "Selu", "LeakyRelu", "Softplus", "Softsign", "Softmax", "LogSoftmax", "Sigmoid",
    "Tanh", "Cast", "Neg", "Exp", "Log", "Sqrt", "Rsqrt", "Square", "Abs", "Floor", "ClipByValue",
}  # fmt: skip
_RANDOM = frozenset({"RandomUniform", "StatelessRandomUniform", "StatelessRandomUniformV2", "RandomStandardNormal"})
_MAX_STEPS = 20
_SIZE_HINT = "set_shape says the size of the inputs that the weights are for; then the map's is known"


class DenseLayer(NamedTuple):
    """A layer that becomes a convolution.

    `source` is the tensor that it reads then; None for the result of another such layer, behind which it stands.
    `kernel` is the shape of its kernel, as the convolution takes it.
    """

    node: Node
    source: str | None
    kernel: tuple[int, int, int, int]
    is_channels_first: bool
    is_last: bool


def is_channels_first(index: Index, text: str) -> bool:
    """Whether the op that made a map, or what is before that, has its channels first."""
    for _ in range(_MAX_STEPS):
        node = index.producer(text)
        if node is None or not node.data_inputs:
            return False
        if node.op == "Transpose":
            perm = index.producer(node.data_inputs[1])
            value = None if perm is None else constant_value(perm)
            return value is not None and value.numpy().tolist() == [0, 3, 1, 2]
        order = attr_of(node, "data_format")
        if isinstance(order, bytes):
            return order.startswith(b"NC")
        text = node.data_inputs[0]
    return False


def find_dense(producers: Mapping[str, Node], text: str) -> Node:
    """Return the MatMul that a name means: its own, that of a bias behind it, or of a scope with a single one."""
    node = producers.get(text.removesuffix(":0"))
    if node is not None and node.op in ("BiasAdd", "Add", "AddV2") and node.inputs:
        node = producers.get(node_of_input(node.inputs[0]), node)
    if node is None:
        inside = [each for each in producers.values() if each.op == "MatMul" and each.name.startswith(f"{text}/")]
        if len(inside) == 1:
            node = inside[0]
    if node is None or node.op != "MatMul":
        what = "is no node, and no scope with one MatMul in it" if node is None else f"{node.op} is no MatMul"
        dense = [each.name for each in producers.values() if each.op == "MatMul"]
        raise PassError(_OPERATION, what, node=text, hint=f"there are {some_of(dense) or 'none'}")
    if "Tensordot" in node.name.split("/"):
        reason = "is a Dense layer of Keras over the last axis of several (Tensordot): it takes any size as it is"
        raise PassError(_OPERATION, reason, node=node.name)
    return node


class DenseChain:
    """The layers that become convolutions, in order, and what stands between and behind them.

    `is_reduced`: behind the last ones, each map is made a row again. Errors are PassErrors that name the node.
    """

    def __init__(self, index: Index, shapes: ShapeInference, nodes: Sequence[Node], *, is_reduced: bool) -> None:
        self._index, self._shapes, self._is_reduced = index, shapes, is_reduced
        self._chosen = {node.name: node for node in nodes}
        # What is a map from now on.
        self.maps: set[str] = set()
        self.layers = list(self._layers())

    def _layers(self) -> Iterator[DenseLayer]:
        sources = {name: self._feature_map(node) for name, node in self._chosen.items()}
        behind: dict[str, str] = {}
        for name, node in self._chosen.items():
            followers = [each for each in self._reached(name) if each in self._chosen]
            behind |= dict.fromkeys(followers, name)
            if not (self._is_reduced and not followers):
                self._take(node)
        for name, node in self._chosen.items():
            source = sources[name]
            if source is None and name not in behind:
                dims = self._shapes.dims(node.data_inputs[0])
                reason = f"reads neither a flattened feature map nor another of these layers, but {text_of_dims(dims)}"
                raise PassError(_OPERATION, reason, node=name, hint=_SIZE_HINT if dims is None else None)
            is_last = name not in behind.values()
            if source is None:
                rows, units = self._matrix(node)
                yield DenseLayer(node, None, (1, 1, rows, units), False, is_last)
            else:
                text, is_first = source
                yield DenseLayer(node, text, self._kernel(node, text, is_first), is_first, is_last)

    def _matrix(self, node: Node) -> tuple[int, int]:
        dims = self._shapes.dims(node.data_inputs[1])
        if attr_of(node, "transpose_a"):
            raise PassError(_OPERATION, "multiplies by a transposed input", node=node.name)
        if dims is None or len(dims) != 2 or dims[0] is None or dims[1] is None:
            raise PassError(_OPERATION, f"the shape of its weights is {text_of_dims(dims)}", node=node.name)
        return (dims[1], dims[0]) if attr_of(node, "transpose_b") else (dims[0], dims[1])

    def _kernel(self, node: Node, text: str, is_first: bool) -> tuple[int, int, int, int]:
        dims = self._shapes.dims(text) or ()
        height, width, channels = dims[1:] if not is_first else (dims[2], dims[3], dims[1])
        rows, units = self._matrix(node)
        if height is None or width is None or channels is None or height * width * channels != rows:
            reason = f"its weights have {rows} rows, and the map is {text_of_dims(dims)}"
            raise PassError(_OPERATION, reason, node=node.name, hint=_SIZE_HINT)
        return height, width, channels, units

    def _feature_map(self, node: Node) -> tuple[str, bool] | None:
        """Return the map that a layer reads flattened, and whether its channels come first."""
        text = node.data_inputs[0]
        for _ in range(_MAX_STEPS):
            before = self._index.producer(text)
            if before is None:
                return None
            if before.op in _FLATTENS:
                text = before.data_inputs[0]
                dims = self._shapes.dims(text)
                if dims is None or len(dims) != 4:
                    return None
                out = self._shapes.dims(before.name)
                total = product(dims[1:])
                is_whole = out is not None and len(out) == 2 and (total is None or out[1] in (None, total))
                return (text, is_channels_first(self._index, text)) if is_whole else None
            if before.op not in _PASSED:
                return None
            text = before.data_inputs[0]
        return None

    def _reached(self, name: str) -> set[str]:
        """Return the nodes behind a layer, up to the next ones."""
        found: set[str] = set()
        pending = [name]
        while pending:
            for reader, position in self._index.consumers(pending.pop()):
                if reader.name not in found and self._hands_on(reader, position):
                    found.add(reader.name)
                    if reader.name not in self._chosen:
                        pending.append(reader.name)
        return found

    def _hands_on(self, reader: Node, position: int) -> bool:
        if reader.name in self._chosen:
            return position == 0
        return reader.op in _POINTWISE or reader.op in BROADCASTING

    def _take(self, layer: Node) -> None:
        """Note what is a map behind a layer; refuse who takes none."""
        pending = [layer.name]
        self.maps.add(layer.name)
        later: list[Node] = []
        while pending or later:
            if not pending:
                # Binary ops are looked at when all maps are known.
                node = later.pop()
                self._check_operands(node)
                continue
            for reader, position in self._index.consumers(pending.pop()):
                if reader.name in self.maps or (reader.name in self._chosen and position == 0):
                    continue
                if not self._takes_map(reader, position):
                    reason = f"{reader.name!r} ({reader.op}) reads what is a map then, and takes rows"
                    raise PassError(_OPERATION, reason, node=layer.name, hint=self._hint(reader))
                if reader.op in BROADCASTING:
                    later.append(reader)
                if not reader.op.endswith("Summary"):
                    self.maps.add(reader.name)
                    pending.append(reader.name)

    def _hint(self, reader: Node) -> str | None:
        if reader.op.endswith("Grad") or reader.name.startswith("gradients"):
            return "prune to the outputs takes the gradients and the optimizer out"
        return None if self._is_reduced else '`reduce="mean"` makes a row of each map behind the last layer'

    def _takes_map(self, reader: Node, position: int) -> bool:
        if reader.op == "BiasAdd" and attr_of(reader, "data_format") == b"NCHW":
            return False
        if reader.op in _POINTWISE:
            return position == 0
        # A mask is made of the shape of what it is for.
        return reader.op in BROADCASTING | _RANDOM | {"Shape"} or reader.op.endswith("Summary")

    def _check_operands(self, node: Node) -> None:
        for text in node.data_inputs:
            dims = self._shapes.dims(text)
            if node_of_input(text) in self.maps or (dims is not None and all(size == 1 for size in dims[:-1])):
                continue
            reason = f"combines a map with {text!r}, which is {text_of_dims(dims)}"
            raise PassError(_OPERATION, reason, node=node.name)
