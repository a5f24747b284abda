"""Matrices of fully connected layers as kernels of convolutions: constants, variables with their values, or in between.

A matrix that nobody else reads gets another shape where it is: of a constant or variable the same bytes, so that data
files can be linked. Any other is reshaped in the graph, behind what reads it. Rows of a map whose channels come first,
and matrices that are multiplied transposed, have another order, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, constant_value
from graphsurgeon.ir.node_making import make_node
from graphsurgeon.ir.op_families import ASSIGN_OPS, RESTORE_OPS
from graphsurgeon.meta_graph.references import references
from graphsurgeon.names import unique_name
from graphsurgeon.rewrites.editing.sole_reader import value_only_for
from graphsurgeon.rewrites.shaping.dense_layers import DenseLayer
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.rearranged import TransposedTensor
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.checkpoint_keys import VariableValues


class Kernels:
    """Gives the matrices of layers the shapes of kernels, in an edit that is applied by who made it.

    `values` are then the values of variables by key that are to be others, `initial` the tensors that variables were
    given at first, and those that they are given now, and `sources` the constants and variables of another shape.
    """

    def __init__(self, model: Model, edit: GraphEdit) -> None:
        self._edit = edit
        self._variables = VariableValues(model, edit.index)
        self.values: dict[str, Tensor] = {}
        self.initial: dict[str, str] = {}
        self.sources: list[str] = []

    def shape(self, layer: DenseLayer) -> tuple[str, str]:
        """Return the tensor that is the kernel of a layer, and how it became one, in words."""
        node, text = layer.node, layer.node.data_inputs[1]
        is_turned = bool(attr_of(node, "transpose_b"))
        steps = _steps(layer, is_turned)
        source = value_only_for(self._edit.index, node, text)
        if source is not None and source.op == "Const":
            value = constant_value(source)
            if value is not None:
                self._edit.edit(source).attrs["value"] = _done(value, steps)
                self.sources.append(source.name)
                return text, "reshaped" if len(steps) == 1 else "rearranged"
        if source is not None and source.op != "Const" and len(steps) == 1 and self._reshape_variable(source, steps[0]):
            return text, "reshaped"
        return self._in_graph(layer, text, steps), "reshaped in the graph"

    def _reshape_variable(self, variable: Node, shape: Sequence[int]) -> bool:
        """Give a variable another shape, and what it is given at first; False where a saver has it otherwise."""
        place = self._variables.place(variable)
        if place is not None and place.box is not None:
            return False
        index = self._edit.index
        assigns = [reader for reader, _ in index.consumers(variable.name) if reader.op in ASSIGN_OPS]
        sources = [index.producer(each.data_inputs[1]) for each in assigns]
        if any(source is not None and self._is_restored(source) and source.op == "Reshape" for source in sources):
            return False
        self._edit.edit(variable).attrs["shape"] = Shape(shape)
        self.sources.append(variable.name)
        for assign, source in zip(assigns, sources, strict=True):
            if source is None or self._is_restored(source):
                continue
            text, dtype = assign.data_inputs[1], variable.attrs["dtype"].base
            made = self._reshaped(f"{variable.name}/initial_value", text, dtype, shape, variable.device)
            self._edit.set_input(assign, 1, made)
            self.initial[text if ":" in text else f"{text}:0"] = f"{made}:0"
        if place is not None:
            _, value = self._variables[variable]
            self.values[place.key] = ReshapedTensor(value, shape)
        return True

    def _is_restored(self, node: Node) -> bool:
        current: Node | None = node
        while current is not None and current.op not in RESTORE_OPS:
            current = self._edit.index.producer(current.inputs[0]) if current.inputs else None
            if current is not None and current.op not in RESTORE_OPS | {"Identity", "Reshape"}:
                return False
        return current is not None

    def _in_graph(self, layer: DenseLayer, text: str, steps: Sequence[Sequence[int]]) -> str:
        dtype = layer.node.attrs["T"].base
        found = text
        for shape in steps:
            found = self._reshaped(f"{layer.node.name}/kernel", found, dtype, shape, layer.node.device)
        return found

    def _reshaped(self, name: str, text: str, dtype: DType, shape: Any, device: str) -> str:
        """Add a Reshape to a shape, or a Transpose to an order, which is a tuple."""
        op = "Transpose" if isinstance(shape, Order) else "Reshape"
        name = unique_name(name, self._edit.index.producers)
        const = unique_name(f"{name}/{'perm' if op == 'Transpose' else 'shape'}", self._edit.index.producers)
        attrs = {"dtype": dtypes.INT32, "value": as_int32(shape)}
        self._edit.add(make_node(const, "Const", attrs=attrs, device=device))
        self._edit.add(make_node(name, op, [(text, dtype), (const, dtypes.INT32)], device=device))
        return name


class Order(tuple[int, ...]):
    """An order of axes, where else a shape stands."""

    __slots__ = ()


def as_int32(values: Sequence[int]) -> Tensor:
    """Return numbers as a vector of int32."""
    import numpy as np

    return as_tensor(np.array(list(values), np.int32))


def _steps(layer: DenseLayer, is_turned: bool) -> list[Sequence[int]]:
    """Return what makes a kernel of a matrix: shapes and orders of axes, one behind the other."""
    height, width, channels, units = layer.kernel
    rows = (channels, height, width) if layer.is_channels_first else (height, width, channels)
    split = (units, *rows) if is_turned else (*rows, units)
    order = list(range(1, 4)) + [0] if is_turned else list(range(4))
    if layer.is_channels_first:
        order = [order[1], order[2], order[0], order[3]]
    return [split] if order == [0, 1, 2, 3] else [split, Order(order)]


def _done(value: Tensor, steps: Sequence[Sequence[int]]) -> Tensor:
    for step in steps:
        value = TransposedTensor(value, step) if isinstance(step, Order) else ReshapedTensor(value, step)
    return value


def rename_initial(model: Model, initial: Mapping[str, str]) -> None:
    """Let VariableDefs say what variables are given at first now."""
    if model.meta is None or not initial:
        return
    for each in references(model.meta):
        if each.field == "initial_value_name" and each.name in initial:
            each.set(initial[each.name])
