"""Folding of scales into layers: a factor for each channel goes into the kernel, what is added into a bias.

A normalization at inference is a factor and a summand for each channel::

    FusedBatchNorm(x, gamma, beta, mean, variance) = x * s + (beta - mean * s),   s = gamma / sqrt(variance + epsilon)

The factor wanders backward, through what hands channels on or adds to them, into the layer that makes them::

    BN(BiasAdd(Conv2D(x, k), b))         becomes   BiasAdd(Conv2D(x, k * s), b * s + beta - mean * s)
    Mul(Identity(MatMul(x, w)), s)       becomes   MatMul(x, w * s)
    BN(ConcatV2(Conv2D(x, k), Conv2D(y, l)))       BiasAdd(ConcatV2(Conv2D(x, k * s1), Conv2D(y, l * s2)), ...)

What others read too is left as it is, and so is everything behind it: a layer is scaled only where all of its result
goes through the scale.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.ir.node_making import make_node
from graphsurgeon.ir.op_families import READ_OPS
from graphsurgeon.ir.ops import facts
from graphsurgeon.ir.signatures import output_number
from graphsurgeon.names import node_of_input, unique_name
from graphsurgeon.rewrites.editing.sole_reader import value_only_for
from graphsurgeon.rewrites.folding.known_tensors import KnownTensors
from graphsurgeon.rewrites.folding.linear_layers import (
    LinearLayer,
    channel_vector,
    fits,
    is_channels_first,
    leads_to_layer,
    linear_layer,
)
from graphsurgeon.rewrites.folding.normalizations import FUSED_OPS, GLOBAL_OPS, affine_of
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import ArrayTensor
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_PASSED: Final = frozenset({"Identity", "StopGradient", "PreventGradient", "Snapshot", "CheckNumerics"})
_ADDS: Final = frozenset({"BiasAdd", "Add", "AddV2", "Sub"})
_SCALES: Final = frozenset({"Mul", "RealDiv"})
#: What may be folded.
SCALING_OPS: Final = FUSED_OPS | GLOBAL_OPS | _SCALES


class StaysError(Exception):
    """A scale cannot go into a layer; the text says why."""


class Affine(NamedTuple):
    """What is done to each channel of a tensor: a factor, and a summand, None for none; by which operand if any."""

    text: str
    factors: Array
    summands: Array | None
    summand_text: str = ""


class Branch(NamedTuple):
    """The layers behind a tensor, and the additions on the way, with the part of the channels that is theirs."""

    layers: list[tuple[LinearLayer, slice]]
    additions: list[tuple[Node, int, slice]]
    num_channels: int
    rank: int
    is_channels_first: bool


class FoldedScale(NamedTuple):
    """A node that was folded, its op, and the layers that took its factors."""

    node: str
    op: str
    layers: list[str]


class ScaleFolding:
    """The folding of scales in one graph or function body.

    `protected` nodes stay, those that are `asked` for with their values; of `later` ones more than the first output is.

    Attributes
    ----------
    folded : list of FoldedScale
    kept : dict of str to str
        Nodes that could have been folded, and why they were not.
    outputs : dict of str to str
        The names that first outputs have now in a function body, by node.
    touched : dict of str to None
        Nodes that may have lost a reader.
    """

    def __init__(
        self,
        edit: GraphEdit,
        known: KnownTensors,
        protected: Collection[str],
        asked: Collection[str] = (),
        later: Collection[str] = (),
    ) -> None:
        self._edit, self._known = edit, known
        self._protected, self._asked, self._later = protected, asked, later
        self._names = {node.name: None for node in edit.graph}
        self.folded: list[FoldedScale] = []
        self.kept, self.outputs = dict[str, str](), dict[str, str]()
        self.touched: dict[str, None] = {}

    def run(self) -> None:
        """Fold what can be; the edits are the caller's to apply."""
        for each in list(self._edit.graph.topological()):
            node = self._edit.get(each.name)
            if node is None or node.op not in SCALING_OPS:
                continue
            try:
                self._fold(node)
            except StaysError as error:
                self.kept[node.name] = str(error)
        for scale in self.folded:
            self._store_summand(scale.node)

    def _store_summand(self, name: str) -> None:
        """Store what is added behind a folded scale where it is computed, as ``beta - mean * s`` is."""
        for reader, position in self._edit.index.consumers(name):
            if reader.op in _ADDS - {"BiasAdd"}:
                text = reader.data_inputs[1 - position]
                source, value = self._edit.index.producer(text), self._known.value(text)
                if source is None or value is None or self._known.waits([text]):
                    continue
                if source.op not in ("Const", *READ_OPS):
                    self.touched[source.name] = None
                    self._edit.set_input(reader, 1 - position, self._constant(f"{reader.name}/bias", value, reader))

    def _fold(self, node: Node) -> None:
        text = self._scaled_input(node)
        if text is None:
            return
        branch = self._branch(text, node)
        affine = self._affine(node, text, branch)
        if affine is None:
            return
        kernels = [(layer, part, self._kernel(layer)) for layer, part in branch.layers]
        waits = self._known.waits(each for each in node.data_inputs if each != text)
        if (waits or node.control_inputs) and self._edit.index.control_consumers(node_of_input(text)):
            raise StaysError(f"waits for others, as others do for {node_of_input(text)!r}")  # maybe in a circle
        for layer, part, (_, value) in kernels:
            if not layer.has_room(value, affine.factors[part]):
                raise StaysError(f"the kernel of {layer.node.name!r} times its factors is out of range")
        self._require_room(node, affine, branch)
        for layer, part, (source, value) in kernels:
            self._set_value(source, layer.scaled(value, affine.factors[part]))
        for add, position, part in branch.additions:
            self._scale_addition(add, position, branch, affine.factors[part])
        self.touched.update(dict.fromkeys(map(node_of_input, node.inputs)))
        if waits:
            self._edit.set_inputs(node, [*node.inputs, *(each for each in waits if each not in node.inputs)])
            node = self._edit.current(node)
        self._replace(node, affine, branch)
        self.folded.append(FoldedScale(node.name, node.op, [layer.node.name for layer, _ in branch.layers]))

    def _require_room(self, node: Node, affine: Affine, branch: Branch) -> None:
        """Decline where what is added would be out of its dtype's range."""
        sums = [] if affine.summands is None else [affine.summands]
        for add, position, part in branch.additions:
            value = self._known.value(add.data_inputs[position])
            sums += [] if value is None else [abs(value.numpy().astype(float)).max(initial=0) * affine.factors[part]]
        if not all(fits(each, node.attrs["T"].base) for each in sums):
            raise StaysError("what it adds is out of range")

    def _scaled_input(self, node: Node) -> str | None:
        """Return the tensor whose channels a node scales; None for a product that scales none."""
        if node.op not in _SCALES:
            return node.data_inputs[0]
        texts = node.data_inputs
        for text in texts if node.op == "Mul" else texts[:1]:
            other = texts[1] if text is texts[0] else texts[0]
            if (
                leads_to_layer(self._edit.index, text, _PASSED | _ADDS | {"BatchToSpaceND", "ConcatV2"})
                and self._known.value(other) is not None
            ):
                return text
        return None

    def _branch(self, text: str, reader: Node) -> Branch:
        """Walk back to the layers that make a tensor; a StaysError when something else needs what is on the way."""
        node = self._edit.index.producer(text)
        if node is None or output_number(node, text.partition(":")[2]) != 0:
            raise StaysError(f"{text!r} is made by no layer")
        if node.name in self._protected:
            raise StaysError(f"{node.name!r} is an output, or named around the graph")
        others = {each.name for each, _ in self._edit.index.consumers(node.name)} - {reader.name}
        count = sum(each.name == reader.name for each, _ in self._edit.index.consumers(node.name))
        if others or count > 1:
            raise StaysError(f"{node.name!r} is read by others too")
        layer = linear_layer(node)
        if layer is not None:
            size = layer.num_channels(self._kernel(layer)[1].shape)
            return Branch([(layer, slice(0, size))], [], size, layer.rank, layer.is_channels_first)
        if node.op in _PASSED or node.op == "BatchToSpaceND":
            return self._branch(node.data_inputs[0], node)
        if node.op in _ADDS:
            return self._behind_addition(node)
        if node.op == "ConcatV2":
            return self._behind_concat(node)
        raise StaysError(f"{node.name!r} before it is {node.op}, no layer with weights")

    def _behind_addition(self, node: Node) -> Branch:
        for position in (1, 0) if node.op in ("Add", "AddV2") else (1,):
            value = self._known.value(node.data_inputs[position])
            if value is None:
                continue
            branch = self._branch(node.data_inputs[1 - position], node)
            if self._vector(node, value, branch) is None:
                raise StaysError(f"{node.name!r} adds something else than one number for each channel")
            return branch._replace(additions=[*branch.additions, (node, position, slice(0, branch.num_channels))])
        raise StaysError(f"{node.name!r} adds what depends on inputs")

    def _behind_concat(self, node: Node) -> Branch:
        axis = self._known.value(node.data_inputs[-1])
        parts = [self._branch(text, node) for text in node.data_inputs[:-1]]
        first = parts[0]
        channel_axis = 1 if first.is_channels_first else first.rank - 1
        if axis is None or axis.size != 1 or int(axis.numpy()) % first.rank != channel_axis:
            raise StaysError(f"{node.name!r} joins along another axis than channels")
        if any((part.rank, part.is_channels_first) != (first.rank, first.is_channels_first) for part in parts):
            raise StaysError(f"{node.name!r} joins layers of other layouts")
        layers, additions, start = [], [], 0
        for part in parts:
            layers += [(layer, slice(s.start + start, s.stop + start)) for layer, s in part.layers]
            additions += [(add, at, slice(s.start + start, s.stop + start)) for add, at, s in part.additions]
            start += part.num_channels
        return Branch(layers, additions, start, first.rank, first.is_channels_first)

    def _kernel(self, layer: LinearLayer) -> tuple[Node, Tensor]:
        """Return the constant or variable that a layer alone reads as its kernel, and its value."""
        source = value_only_for(self._edit.index, layer.node, layer.kernel, self._asked)
        if source is None:
            raise StaysError(f"the kernel of {layer.node.name!r} is read by others too, or computed")
        value = None if self._known.is_part(source) else self._known.source(source)
        if value is None:
            raise StaysError(f"the kernel of {layer.node.name!r} has no value")
        if not value.dtype.is_floating:
            raise StaysError(f"the kernel of {layer.node.name!r} is of {value.dtype.name}")
        return source, value

    def _set_value(self, source: Node, value: Tensor) -> None:
        self._known.set(source, value)
        if source.op == "Const":
            self._edit.edit(source).attrs["value"] = value

    def _vector(self, node: Node, value: Tensor, branch: Branch) -> Array | None:
        first = is_channels_first(node) if node.op == "BiasAdd" else branch.is_channels_first
        if node.op == "BiasAdd" and (len(value.shape) != 1 or first != branch.is_channels_first):
            return None
        if node.op == "BiasAdd":
            return channel_vector(value, branch.num_channels, 1, channels_first=False)
        return channel_vector(value, branch.num_channels, branch.rank, channels_first=first)

    def _affine(self, node: Node, text: str, branch: Branch) -> Affine | None:
        """Return what a node does to each channel; None for a product with something else."""
        import numpy as np

        if node.op in _SCALES:
            other = node.data_inputs[1] if text is node.data_inputs[0] else node.data_inputs[0]
            value = self._known.value(other)
            vector = None if value is None else self._vector(node, value, branch)
            if vector is None:
                raise StaysError("multiplies by something else than one number for each channel")
            with np.errstate(all="ignore"):
                factors = vector if node.op == "Mul" else 1 / vector
            if not np.isfinite(factors).all():
                raise StaysError("its numbers are not finite")
            return Affine(text, factors, None)
        if attr_of(node, "is_training") is not False and node.op in FUSED_OPS:
            raise StaysError("is in training mode")
        if is_channels_first(node) != branch.is_channels_first:
            raise StaysError("takes its channels elsewhere than the layer before it gives them")
        if node.name in self._later or any(
            output_number(node, reader.inputs[at].partition(":")[2]) != 0
            for reader, at in self._edit.index.consumers(node.name)
        ):
            raise StaysError("more than its first output is read")
        values = [self._known.value(each) for each in node.data_inputs[1:5]]
        numbers = [each.numpy() for each in values if each is not None and each.size == branch.num_channels]
        if len(numbers) < 4:
            raise StaysError("scale, offset, mean or variance depends on inputs, or has no value")
        factors, summands, offset = affine_of(node, numbers)
        if not np.isfinite(factors).all() or not np.isfinite(summands).all():
            raise StaysError("its variance is negative or its numbers are not finite")
        return Affine(text, factors, summands, node.data_inputs[1 + offset])

    def _scale_addition(self, node: Node, position: int, branch: Branch, factors: Array) -> None:
        """Multiply what is added to each channel."""
        text = node.data_inputs[position]
        value = self._known.value(text)
        vector = None if value is None else channel_vector(
            value, factors.size, max(branch.rank, 1), channels_first=branch.is_channels_first and node.op != "BiasAdd"
        )  # fmt: skip
        assert vector is not None  # `_branch` looked
        self._set_operand(node, position, vector * factors, branch)

    def _set_operand(self, node: Node, position: int, vector: Array, branch: Branch) -> None:
        """Let an operand of a node be a vector for channels: where it stands, if only that node reads it."""
        text = node.data_inputs[position]
        source, value = value_only_for(self._edit.index, node, text, self._asked), self._known.value(text)
        dtype: DType = node.attrs["T"].base
        shape = value.shape if value is not None else (vector.size,)
        if value is None or value.size != vector.size:
            spatial = branch.rank - 2 if branch.is_channels_first and node.op != "BiasAdd" else 0
            shape = (vector.size, *(1,) * spatial)
        new = ArrayTensor(vector.astype(dtype.numpy()).reshape(shape), dtype)
        if source is not None and value is not None and value.shape == new.shape and value.dtype is new.dtype:
            self._set_value(source, new)
            return
        self.touched[node_of_input(text)] = None
        self._edit.set_input(node, position, self._constant(f"{node.name}/bias", new, node, text))

    def _constant(self, wanted: str, value: Tensor, near: Node, instead: str = "") -> str:
        name = unique_name(wanted, self._names)
        self._names[name] = None
        controls = dict.fromkeys([*near.control_inputs, *self._known.waits([instead] if instead else ())])
        attrs = {"dtype": value.dtype, "value": value}
        self._edit.add(Node.new(name, "Const", [*controls], device=near.device, attrs=attrs), behind=near.name)
        return f"{name}:output:0" if self._edit.graph.is_body else name

    def _replace(self, node: Node, affine: Affine, branch: Branch) -> None:
        """Put what is left of a scale in its place: what it adds, or the layer itself."""
        before = self._edit.index.producer(affine.text)
        assert before is not None  # the layer, or what is behind it
        if affine.summands is None:
            self._move(before, node)
            return
        position = next((at for add, at, _ in branch.additions if add.name == before.name), None)
        value = None if position is None else self._known.value(before.data_inputs[position])
        own = None if value is None else self._vector(before, value, branch)
        if position is not None and own is not None:
            summands = -affine.summands if before.op == "Sub" else affine.summands
            self._set_operand(before, position, own + summands, branch)
            self._move(before, node)
        else:
            self._add_bias(node, affine, branch)

    def _add_bias(self, node: Node, affine: Affine, branch: Branch) -> None:
        dtype: DType = node.attrs["T"].base
        order = "NCHW" if branch.is_channels_first else "NHWC"
        assert affine.summands is not None
        new = ArrayTensor(affine.summands.astype(dtype.numpy()), dtype)
        value = self._known.value(affine.summand_text)
        source = value_only_for(self._edit.index, node, affine.summand_text, self._asked)
        if source is not None and value is not None and value.shape == new.shape and value.dtype is new.dtype:
            self._set_value(source, new)
            text = affine.summand_text
        else:
            text = self._constant(f"{node.name}/bias", new, node)
        made = make_node(node.name, "BiasAdd", [(affine.text, dtype), (text, dtype)], attrs={"data_format": order},
                         control_inputs=node.control_inputs, device=node.device)  # fmt: skip
        self._stand_in(node, made)

    def _move(self, before: Node, node: Node) -> None:
        """Let the node before a scale stand in its place, under its name."""
        own = self._edit.get(before.name) or before
        waits = [text for text in node.control_inputs if text not in own.inputs]
        made = own.copy()
        made.name = node.name
        made.inputs = (*own.inputs, *waits)
        for key in ("_class", "_output_shapes"):
            if key in node.attrs and (key == "_class" or key in made.attrs):
                made.attrs[key] = node.attrs[key]
        if self._edit.index.control_consumers(before.name):
            self._edit.redirect(f"^{before.name}", f"^{node.name}")
        self._stand_in(node, made)
        self._edit.remove(before.name)

    def _stand_in(self, node: Node, made: Node) -> None:
        """Put a node in the place of another; who reads it in a function body names its output anew."""
        for key in ("_class", "_output_shapes"):
            if key in node.attrs and key not in made.attrs:
                value = node.attrs[key]
                made.attrs[key] = value[:1] if key == "_output_shapes" else value
        if isinstance(attr_of(made, "_output_shapes"), list) and not made.attrs["_output_shapes"]:
            made.attrs["_output_shapes"] = [Shape(None)]
        readers = list(self._edit.index.consumers(node.name)) if self._edit.graph.is_body else []
        self._edit.replace(node.name, [made])
        known = facts(made.op)
        if self._edit.graph.is_body and known is not None:
            self.outputs[node.name] = known.outputs[0].name
            for reader, position in readers:
                self._edit.set_input(reader, position, f"{node.name}:{known.outputs[0].name}:0")
