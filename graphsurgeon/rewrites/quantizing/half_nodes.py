"""Computation in half precision: which nodes of a graph take it, and the Casts between them and the others.

Nodes compute in half precision between layers with weights, where they depend on inputs. What depends on constants
alone, such as the factors of a batch norm that is written out, stays in float32, and so do sums over many elements,
exponentials and what is named by others. A constant that only such nodes read is stored in half precision, also through
what takes parts of it; variables are those of `half_variables`. Calls, loops and branches that are given a layer's
weight get a Cast of it (`layer_weights`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, constant_value
from graphsurgeon.ir.op_families import ASSIGN_OPS, SAVE_OPS
from graphsurgeon.ir.output import argument_dtype
from graphsurgeon.ir.signatures import input_types, output_number, output_types
from graphsurgeon.names import node_of_input, unique_name
from graphsurgeon.rewrites.quantizing.layer_weights import LayerWeights
from graphsurgeon.rewrites.quantizing.stored_variables import depending_on_inputs
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.cast import CastTensor
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor

LAYER_OPS: Final = frozenset((
    "Conv2D", "Conv3D", "DepthwiseConv2dNative", "Conv2DBackpropInput", "MatMul", "BatchMatMul", "BatchMatMulV2",
))  # fmt: skip
NORMS: Final = frozenset(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"))
#: What computes in half precision on CPUs, too, and neither sums up much nor makes numbers of other magnitudes.
_HALF_OPS: Final = LAYER_OPS | NORMS | frozenset((
    "BiasAdd", "Add", "AddV2", "Sub", "Mul", "AddN", "Maximum", "Minimum", "Neg", "Relu", "Relu6", "LeakyRelu", "Elu",
    "Selu", "Sigmoid", "Tanh", "MaxPool", "AvgPool", "Pad", "PadV2", "MirrorPad", "ConcatV2", "Split", "SplitV",
    "Reshape", "Squeeze", "ExpandDims", "Transpose", "Identity", "StopGradient", "Pack", "Unpack", "Slice",
    "StridedSlice", "SpaceToBatchND", "BatchToSpaceND", "DepthToSpace", "SpaceToDepth", "Tile",
))  # fmt: skip
#: So small a constant is looked at: one that half precision takes for 0, as an epsilon, keeps its reader in float32.
_MAX_LOOKED_AT: Final = 16
UNREAD: Final = "is read by nobody"
#: What hands on a weight, or parts of it: the ops, and at which input. Other weights have no place in them.
_FORMS: Final = {
    "Identity": 0, "StopGradient": 0, "Reshape": 0, "Squeeze": 0, "ExpandDims": 0, "Transpose": 0, "Tile": 0,
    "Unpack": 0, "Slice": 0, "StridedSlice": 0, "SplitV": 0, "Split": 1,
}  # fmt: skip
#: The attr with the type of what a node reads, where it is not T.
_TYPES: Final = {
    "ReadVariableOp": "dtype", "ResourceGather": "dtype", "ResourceGatherNd": "dtype", "Gather": "Tparams",
    "GatherV2": "Tparams", "GatherNd": "Tparams",
}  # fmt: skip
_GATHERS: Final = frozenset({"Gather", "GatherV2", "GatherNd"})


class HalfNodes:
    """The nodes of a graph or body that are to compute in half precision, and the weights that are to be stored in it.

    With `needed` only readers among those count, and only those compute in half precision. `depending` are the nodes
    that depend on inputs, `saves` says whether an input of a call is only saved, `layers` which weights may be cast
    where they are given to calls, loops and branches.

    Attributes
    ----------
    nodes : dict of str to None
    weights : dict of str to Tensor
        Constants by name, and their values before.
    handed_on : dict of str to None
        Nodes that read a weight, a constant or a variable, and hand it on.
    kept : dict of str to str
        Large constants that stay in float32, and why.
    """

    def __init__(
        self,
        edit: GraphEdit,
        dtype: DType,
        protected: Collection[str],
        needed: Collection[str] | None = None,
        *,
        depending: Collection[str] | None = None,
        saves: Callable[[Node, int], bool] = lambda *_: False,
        layers: LayerWeights | None = None,
    ) -> None:
        self.edit = edit
        self._dtype = dtype
        self.protected = protected
        self._needed = needed
        self._saves = saves
        self._layers = layers
        function = edit.graph.function_def
        arguments = () if function is None else function.signature.input_arg
        self._taken = dict.fromkeys([*(node.name for node in edit.graph), *(each.name for each in arguments)])
        self._depending = depending_on_inputs(edit.index) if depending is None else depending
        self.nodes = dict.fromkeys(self._chosen())
        self.weights: dict[str, Tensor] = {}
        self.handed_on: dict[str, None] = {}
        self.kept: dict[str, str] = {}
        self._choose_weights()

    def apply(self, *, saturate: bool, changed: Collection[str] = ()) -> int:
        """Make the edits, which are the caller's to apply; return how many Casts there are.

        `changed` are nodes whose types the caller has edited.
        """
        edit = self.edit
        for name in (*self.nodes, *self.handed_on):
            node = edit.edit(edit.graph[name])
            if node.op in NORMS:
                node.op = node.op if node.op != "FusedBatchNorm" else "FusedBatchNormV3"
                node.attrs["U"] = dtypes.FLOAT
            node.attrs[_TYPES.get(node.op, "T")] = self._dtype
        for name, value in self.weights.items():
            node = edit.edit(edit.graph[name])
            node.attrs["value"] = CastTensor(value, self._dtype, name=name, saturate=saturate)
            node.attrs["dtype"] = self._dtype
        return self._cast({*self.nodes, *self.handed_on, *self.weights, *changed})

    def _chosen(self) -> Iterable[str]:
        """Yield the nodes that are to compute in half precision, part by part; each part has a layer."""
        graph, index = self.edit.graph, self.edit.index
        able = {node.name for node in graph if self._is_able(node)}.intersection(self._depending)
        if self._needed is not None:
            able.intersection_update(self._needed)
        seen: set[str] = set()
        for first in [node.name for node in graph if node.name in able]:
            if first in seen:
                continue
            seen.add(first)
            part, has_layer = [first], False
            for name in part:
                node = graph[name]
                has_layer = has_layer or node.op in LAYER_OPS
                near = [*map(node_of_input, node.data_inputs), *(reader.name for reader, _ in index.consumers(name))]
                for other in near:
                    if other in able and other not in seen:
                        seen.add(other)
                        part.append(other)
            if has_layer:
                yield from part

    def _is_able(self, node: Node) -> bool:
        if node.op not in _HALF_OPS or node.name in self.protected or attr_of(node, "T") is not dtypes.FLOAT:
            return False
        if node.op in NORMS and attr_of(node, "U") not in (None, dtypes.FLOAT):
            return False
        if node.op == "DepthwiseConv2dNative" and any(each != 1 for each in attr_of(node, "dilations") or ()):
            return False  # TensorFlow 2.21 has no kernel for that on CPUs
        return not any(map(self._is_lost, map(self.edit.index.producer, node.data_inputs)))

    def _is_lost(self, source: Node | None) -> bool:
        """Whether a constant of few numbers has one that is another in half precision: 0, or infinite."""
        import numpy as np

        value = None if source is None else constant_value(source)
        if value is None or value.dtype is not dtypes.FLOAT or value.size > _MAX_LOOKED_AT:
            return False
        array = value.numpy()
        with np.errstate(all="ignore"):
            cast = array.astype(self._dtype.numpy()).astype(np.float32)
        return bool(((cast == 0) & (array != 0)).any() or (np.isinf(cast) & np.isfinite(array)).any())

    def _choose_weights(self) -> None:
        for node in self.edit.graph.nodes_of(("Const",)):
            value = constant_value(node)
            if value is None or value.dtype is not dtypes.FLOAT:
                continue
            readers = self.edit.index.consumers(node.name)
            if readers and all(reader.op in ASSIGN_OPS for reader, _ in readers):
                continue  # what a variable is set to at first
            between: list[str] = []
            reason = "is an output, or named around the graph" if node.name in self.protected else ""
            weight = "" if self.edit.graph.is_body else node.name
            reason = reason or self.why_float(node.name, between, weight if value.size > _MAX_LOOKED_AT else None)
            if not reason:
                self.weights[node.name] = value
                self.handed_on |= dict.fromkeys(between)
            elif value.size > _MAX_LOOKED_AT:
                self.kept[node.name] = reason

    def is_needed(self, node: Node) -> bool:
        """Whether a node counts as a reader."""
        return self._needed is None or node.name in self._needed

    def why_float(self, name: str, between: list[str], weight: str | None, *, is_variable: bool = False) -> str:
        """Return why a constant, or what reads a variable, has to be float32, empty if only nodes in half read it so.

        What it takes between them is added to `between`: of a variable also what takes some rows of it. `weight` is the
        constant or variable of the graph, empty where it is in a body, None of one of few numbers, which stays as it is
        where it is taken apart.
        """
        is_read, names = False, [name]
        for reader, position in (each for name in names for each in self.edit.index.consumers(name)):
            if reader.name in self.nodes:
                if reader.op in NORMS and position > 0:
                    return f"is a statistic of {reader.name!r}"
                is_read = True
                continue
            if reader.op in SAVE_OPS or self._saves(reader, position) or not self.is_needed(reader):
                continue
            if is_variable and reader.op in ASSIGN_OPS and position == 1:
                continue  # what another variable begins with
            if weight and self._layers is not None and self._layers.is_given(reader) and weight in self._layers:
                is_read = True
                continue
            is_gather = is_variable and reader.op in _GATHERS and position == 0
            is_form = _FORMS.get(reader.op) == position and (weight is not None or reader.op == "Identity")
            if not (is_gather or is_form) or reader.name in self.protected:
                return f"{reader.name!r} ({reader.op}) reads it in float32"
            between.append(reader.name)
            if is_gather:
                is_read = True
            else:
                names.append(reader.name)
        return "" if is_read else UNREAD

    def _cast(self, changed: Collection[str]) -> int:
        """Put Casts where a node reads another type than it takes."""
        edit = self.edit
        casts: dict[tuple[str, DType], str] = {}
        for node in list(edit.nodes()):
            before = edit.graph[node.name]
            wanted = input_types(node)
            for position, text in enumerate(node.data_inputs):
                name = node_of_input(text)
                types = self._types(text) if name in changed or node.name in changed else None
                if types is None:
                    continue
                had, has = types
                want = had if wanted is None or node.name not in changed else wanted[position].base
                if has is not want:
                    key = text, want
                    if key not in casts:
                        casts[key] = self._make_cast(text, has, want)
                    edit.set_input(before, position, casts[key])
        return len(casts)

    def _types(self, text: str) -> tuple[DType, DType] | None:
        """Return the type that a tensor had, and the one that it has now."""
        edit, name = self.edit, node_of_input(text)
        source = edit.graph.get(name)
        if source is None:
            dtype = argument_dtype(edit.graph, name)
            return None if dtype in (None, dtypes.INVALID) else (dtype.base, dtype.base)
        number = output_number(source, text[len(name) + 1 :])
        had, has = output_types(source), output_types(edit.current(source))
        if number is None or had is None or has is None:
            return None
        return had[number].base, has[number].base

    def _make_cast(self, text: str, has: DType, want: DType) -> str:
        edit, name = self.edit, node_of_input(text)
        source = edit.graph.get(name)
        number = 0 if source is None else output_number(source, text[len(name) + 1 :])
        made = unique_name(f"{name}/{want.name}" + (f"_{number}" if number else ""), self._taken)
        self._taken[made] = None
        device = "" if source is None else source.device
        cast = Node.new(made, "Cast", [text], device=device, attrs={"SrcT": has, "DstT": want})
        edit.add(cast, behind=None if source is None else name)
        return f"{made}:y:0" if edit.graph.is_body else made
