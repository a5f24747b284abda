"""Computation in half precision: which nodes of a graph take it, and the Casts between them and the others.

Nodes compute in half precision between layers with weights, where they depend on inputs. What depends on constants
alone, such as the factors of a batch norm that is written out, stays in float32, and so do sums over many elements,
exponentials and what is named by others. A weight that only such nodes read is stored in half precision. It is a
constant, or a variable that the graph sets up, saves and restores, and does not change (see `stored_variables`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, constant_value
from graphsurgeon.ir.op_families import ASSIGN_OPS, REF_OPS, SAVE_OPS
from graphsurgeon.ir.output import argument_dtype
from graphsurgeon.ir.signatures import input_types, output_number, output_types
from graphsurgeon.names import node_of_input, unique_name
from graphsurgeon.rewrites.quantizing.stored_variables import StoredVariables, depending_on_inputs
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.cast import CastTensor
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor

LAYER_OPS: Final = frozenset((
    "Conv2D", "Conv3D", "DepthwiseConv2dNative", "Conv2DBackpropInput", "MatMul", "BatchMatMul", "BatchMatMulV2",
))  # fmt: skip
_NORMS: Final = frozenset(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"))
#: What computes in half precision on CPUs, too, and neither sums up much nor makes numbers of other magnitudes.
_HALF_OPS: Final = LAYER_OPS | _NORMS | frozenset((
    "BiasAdd", "Add", "AddV2", "Sub", "Mul", "AddN", "Maximum", "Minimum", "Neg", "Relu", "Relu6", "LeakyRelu", "Elu",
    "Selu", "Sigmoid", "Tanh", "MaxPool", "AvgPool", "Pad", "PadV2", "MirrorPad", "ConcatV2", "Split", "SplitV",
    "Reshape", "Squeeze", "ExpandDims", "Transpose", "Identity", "StopGradient", "Pack", "Unpack", "Slice",
    "StridedSlice", "SpaceToBatchND", "BatchToSpaceND", "DepthToSpace", "SpaceToDepth", "Tile",
))  # fmt: skip
#: So small a constant is looked at: one that half precision takes for 0, as an epsilon, keeps its reader in float32.
_MAX_LOOKED_AT: Final = 16
_UNREAD: Final = "is read by nobody"


class HalfNodes:
    """The nodes of a graph or body that are to compute in half precision, and the weights that are to be stored in it.

    With `needed` only readers among those count, and only those compute in half precision.

    Attributes
    ----------
    nodes : dict of str to None
    weights : dict of str to Tensor
        Constants by name, and their values before.
    handed_on : dict of str to None
        Nodes that read such a weight and hand it on.
    kept : dict of str to str
        Large constants, and variables, that stay in float32, and why.
    variables : StoredVariables or None
    """

    def __init__(
        self,
        edit: GraphEdit,
        dtype: DType,
        protected: Collection[str],
        needed: Collection[str] | None = None,
        variables: StoredVariables | None = None,
    ) -> None:
        self._edit = edit
        self._dtype = dtype
        self._protected = protected
        self._needed = needed
        function = edit.graph.function_def
        arguments = () if function is None else function.signature.input_arg
        self._taken = dict.fromkeys([*(node.name for node in edit.graph), *(each.name for each in arguments)])
        self._depending = depending_on_inputs(edit.index)
        self.nodes = dict.fromkeys(self._chosen())
        self.weights: dict[str, Tensor] = {}
        self.handed_on: dict[str, None] = {}
        self.kept: dict[str, str] = {}
        self.variables = variables
        self._choose_weights()
        if variables is not None:
            self._choose_variables(variables)

    def apply(self, *, saturate: bool) -> int:
        """Make the edits, which are the caller's to apply; return how many Casts there are."""
        edit = self._edit
        for name in (*self.nodes, *self.handed_on):
            node = edit.edit(edit.graph[name])
            if node.op in _NORMS:
                node.op = node.op if node.op != "FusedBatchNorm" else "FusedBatchNormV3"
                node.attrs["U"] = dtypes.FLOAT
            node.attrs["dtype" if node.op == "ReadVariableOp" else "T"] = self._dtype
        for name, value in self.weights.items():
            node = edit.edit(edit.graph[name])
            node.attrs["value"] = CastTensor(value, self._dtype, name=name, saturate=saturate)
            node.attrs["dtype"] = self._dtype
        changed = {*self.nodes, *self.handed_on, *self.weights}
        if self.variables is not None:
            changed |= self.variables.retype(edit, self._dtype)
        return self._cast(changed)

    def _chosen(self) -> Iterable[str]:
        """Yield the nodes that are to compute in half precision, part by part; each part has a layer."""
        graph, index = self._edit.graph, self._edit.index
        able = {node.name for node in graph if self._is_able(node)} & self._depending
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
        if node.op not in _HALF_OPS or node.name in self._protected or attr_of(node, "T") is not dtypes.FLOAT:
            return False
        if node.op in _NORMS and attr_of(node, "U") not in (None, dtypes.FLOAT):
            return False
        if node.op == "DepthwiseConv2dNative" and any(each != 1 for each in attr_of(node, "dilations") or ()):
            return False  # TensorFlow 2.21 has no kernel for that on CPUs
        return not any(map(self._is_lost, map(self._edit.index.producer, node.data_inputs)))

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
        for node in self._edit.graph.nodes_of(("Const",)):
            value = constant_value(node)
            if value is None or value.dtype is not dtypes.FLOAT:
                continue
            readers = self._edit.index.consumers(node.name)
            if readers and all(reader.op in ASSIGN_OPS for reader, _ in readers):
                continue  # what a variable is set to at first
            between: list[str] = []
            reason = "is an output, or named around the graph" if node.name in self._protected else ""
            reason = reason or self._why_float(node.name, between)
            if not reason:
                self.weights[node.name] = value
                self.handed_on |= dict.fromkeys(between)
            elif value.size > _MAX_LOOKED_AT:
                self.kept[node.name] = reason

    def _choose_variables(self, variables: StoredVariables) -> None:
        found: dict[str, list[str]] = {}
        for node in variables.candidates():
            between: list[str] = []
            reason = "is an output, or named around the graph" if node.name in self._protected else ""
            if reason or (reason := self._why_float_variable(node, variables, between)):
                self.kept[node.name] = reason
            else:
                found[node.name] = between
        self.kept |= variables.choose(found, self._depending)
        for name in variables.chosen:
            self.handed_on |= dict.fromkeys(found[name])

    def _why_float_variable(self, node: Node, variables: StoredVariables, between: list[str]) -> str:
        """Return why a variable has to be float32, as `_why_float`."""
        is_read = False
        for reader, position in self._edit.index.consumers(node.name):
            if variables.is_around(node, reader, position):
                continue
            if node.op in REF_OPS and reader.name in self.nodes:
                if reader.op in _NORMS and position > 0:
                    return f"is a statistic of {reader.name!r}"
                is_read = True
                continue
            if not variables.is_read(node, reader):
                return f"{reader.name!r} ({reader.op}) takes it as it is"
            if reader.name in self._protected:
                return f"{reader.name!r}, which reads it, is an output, or named around the graph"
            between.append(reader.name)
            reason = self._why_float(reader.name, between)
            if reason not in ("", _UNREAD):
                return reason
            is_read = is_read or not reason
        return "" if is_read else _UNREAD

    def _why_float(self, name: str, between: list[str]) -> str:
        """Return why a constant has to be float32, empty if only nodes in half precision read it as such."""
        is_read, names = False, [name]
        for reader, position in (each for name in names for each in self._edit.index.consumers(name)):
            if reader.name in self.nodes:
                if reader.op in _NORMS and position > 0:
                    return f"is a statistic of {reader.name!r}"
                is_read = True
                continue
            if reader.op in SAVE_OPS or (self._needed is not None and reader.name not in self._needed):
                continue
            if reader.op != "Identity" or reader.name in self._protected:
                return f"{reader.name!r} ({reader.op}) reads it in float32"
            between.append(reader.name)
            names.append(reader.name)
        return "" if is_read else _UNREAD

    def _cast(self, changed: Collection[str]) -> int:
        """Put Casts where a node reads another type than it takes."""
        edit = self._edit
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
        edit, name = self._edit, node_of_input(text)
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
        edit, name = self._edit, node_of_input(text)
        source = edit.graph.get(name)
        number = 0 if source is None else output_number(source, text[len(name) + 1 :])
        made = unique_name(f"{name}/{want.name}" + (f"_{number}" if number else ""), self._taken)
        self._taken[made] = None
        device = "" if source is None else source.device
        cast = Node.new(made, "Cast", [text], device=device, attrs={"SrcT": has, "DstT": want})
        edit.add(cast, behind=None if source is None else name)
        return f"{made}:y:0" if edit.graph.is_body else made
