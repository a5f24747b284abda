"""Weights that may be pruned: constants and variables of floating-point numbers, with what ops use them for.

Of a checkpoint without its graph, and of variables that functions are given where their ops do not tell, ranks and
names do: kernels have two axes or more, and neither names of biases, norms, embeddings and masks, nor those of what
optimizers keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.ops import facts
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import VariableValues, variable_nodes
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.optimizer_state import optimizer_state
from graphsurgeon.variables.roles import variable_roles
from graphsurgeon.weights import find_weights
from proto_utils.named_tuple import NamedTuple

#: What is pruned unless names say otherwise: as libraries do, neither embeddings nor depthwise kernels.
PRUNED_ROLES: Final = frozenset({"conv_filter", "matmul_kernel", "recurrent_kernel"})
_OTHER_NAMES: Final = (
    r"(.*[/_])?(bias(es)?|betas?|gammas?|moving_\w+|masks?|thresholds?|embeddings?|embedding_\w+|depthwise_\w+"
    r"|ExponentialMovingAverage|lookup_table|scale|offset|alpha)(_\d+)?(/\.ATTRIBUTES/VARIABLE_VALUE)?"
)


class Prunable(NamedTuple):
    """A tensor that may be pruned; `name` is the key of a variable, or the name of a constant."""

    name: str
    tensor: Tensor
    role: str | None  # None where ops do not tell
    node: Node | None  # the constant or variable
    is_key: bool
    against: str | None = None  # why a constant that serves as one is no weight

    @property
    def names(self) -> list[str]:
        """The names that mean it."""
        return [self.name] if self.node is None or self.node.name == self.name else [self.name, self.node.name]


def prunable(model: Model) -> list[Prunable]:
    """Return what may be pruned; no value is read."""
    index = Index(model.graph)
    found = {each.name: each for each in _variables(model, index)}
    for key, tensor in model.variables.items():
        if key not in found and tensor.dtype.is_floating:
            found[key] = Prunable(key, tensor, None, None, True)
    if not len(model.graph) or model.library.functions:
        slots = optimizer_state(model.variables).reasons
        for key, each in found.items():
            is_other = key in slots or any(re.fullmatch(_OTHER_NAMES, name) for name in each.names)
            is_there = len(model.graph) == 0 or (each.node is not None and _is_given_away(index, each.node))
            if each.role is None and each.tensor.ndim > 1 and is_there and not is_other:
                found[key] = each._replace(role="matmul_kernel" if each.tensor.ndim == 2 else "conv_filter")
    found.pop(OBJECT_GRAPH_KEY, None)
    return [*found.values(), *_constants(model, index)]


def _variables(model: Model, index: Index) -> Iterator[Prunable]:
    nodes = list(variable_nodes(model.graph))
    if not nodes or not model.variables:
        return
    roles = variable_roles(model, index, [node.name for node in nodes])
    values = VariableValues(model, index)
    for node in nodes:
        place = values.place(node)
        if place is not None and model.variables[place.key].dtype.is_floating:
            tensor = model.variables[place.key]
            yield Prunable(place.key, tensor, roles.get(node.name), node, True)


def _is_given_away(index: Index, node: Node) -> bool:
    """Whether a function gets the handle of a variable, and may read it."""
    known = (facts(reader.op) for reader, _ in index.consumers(node.name))
    return any(each is not None and each.functions for each in known)


def _constants(model: Model, index: Index) -> Iterator[Prunable]:
    plan = find_weights(model, index)
    is_frozen = (REF_OPS | RESOURCE_OPS).isdisjoint(model.graph.ops)
    roles: dict[str, str | None] = {weight.node.name: weight.role for weight in plan.weights}
    against = {}
    for kept in plan.kept:
        if kept.function is None and kept.role is not None:
            roles[kept.node.name], against[kept.node.name] = kept.role, kept.reason
    for node in model.graph.nodes_of(("Const",)):
        value = constant_value(node)
        # Beside variables stand what they are initialized with, and other numbers of programs.
        is_weight = is_frozen or (node.name in roles and node.name not in against)
        if is_weight and value is not None and value.dtype.is_floating and value.ndim:
            yield Prunable(node.name, value, roles.get(node.name), node, False, against.get(node.name))
