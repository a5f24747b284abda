"""Constants of floating-point numbers that are large enough, and that the user means; of function bodies as well."""

from __future__ import annotations

from collections.abc import Iterator

from graphsurgeon.ir import ops
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value, variable_dtype, variable_shape
from graphsurgeon.names import Names, split_names, texts_of
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.selection import selected
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import variable_nodes
from graphsurgeon.variables.roles import variable_roles
from graphsurgeon.weights import find_weights
from proto_utils.named_tuple import NamedTuple


class ChosenConstant(NamedTuple):
    """A constant: its name, of function bodies as FUNCTION/node, where it is, and its value."""

    name: str
    function: str | None
    node: Node
    value: Tensor


def chosen_constants(
    model: Model, minimum_size: int, select: Names = (), exclude: Names = (), role: Names = ()
) -> list[ChosenConstant]:
    """Return the constants of a floating-point type with so many elements at least; reads no value.

    With a `role`, those that are weights of it. A pattern that matches none of them is a NotFoundError.
    """
    found = {each.name: each for each in _constants(model, minimum_size)}
    if role:
        wanted = set(split_names(texts_of(role, "role")))
        of_role = {each.node.name for each in find_weights(model).weights if each.role in wanted}
        found = {name: each for name, each in found.items() if each.function is None and name in of_role}
    return [found[name] for name in selected(found, select, exclude)]


def chosen_weights(
    model: Model, minimum_size: int, select: Names = (), exclude: Names = (), role: Names = ()
) -> tuple[list[ChosenConstant], list[Node]]:
    """Return what `chosen_constants` does, and the variables among what is meant."""
    constants = {each.name: each for each in chosen_constants(model, minimum_size, role=role)}
    variables = {node.name: node for node, _ in large_variables(model, minimum_size)}
    if role:
        wanted = set(split_names(texts_of(role, "role")))
        roles = variable_roles(model, model.graph.index, variables)
        variables = {name: node for name, node in variables.items() if roles.get(name) in wanted}
    names = selected({**constants, **variables}, select, exclude)
    return [constants[name] for name in names if name in constants], [
        variables[name] for name in names if name not in constants
    ]


def _constants(model: Model, minimum_size: int) -> Iterator[ChosenConstant]:
    for function, graph in model.graphs():
        scope = "" if function is None else f"{function}/"
        for node in graph.nodes_of(("Const",)):
            value = constant_value(node)
            if value is not None and value.dtype.is_floating and value.size >= max(minimum_size, 1):
                yield ChosenConstant(scope + node.name, function, node, value)


def large_variables(model: Model, minimum_size: int) -> list[tuple[Node, DType]]:
    """Return the variables of a floating-point type with so many elements at least, and their types."""
    found = []
    for node in variable_nodes(model.graph):
        dtype, shape = variable_dtype(node), variable_shape(node)
        size = 1
        for dim in () if shape is None or shape.dims is None else shape.dims:
            size *= dim or 1
        if dtype is not None and dtype.is_floating and size >= minimum_size:
            found.append((node, dtype))
    return found


def reference_reader(graph: Graph, node: Node) -> str | None:
    """Return who asks for a reference where a constant is, as a frozen graph has it that could not run."""
    for reader, position in graph.index.consumers(node.name):
        known = ops.facts(reader.op)
        if known is not None and known.ref_inputs and position < len(known.inputs) and known.inputs[position].is_ref:
            return reader.name
    return None
