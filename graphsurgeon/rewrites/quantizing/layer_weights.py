"""Weights of layers that calls, loops and branches get by value: stored in half precision, they are cast before these.

Keras 2 reads the weights of an LSTM or GRU before it calls the function that computes with them, and in a frozen graph
all calls, loops and branches are given the values of constants::

    r = ReadVariableOp(w)                          r = ReadVariableOp(w) {dtype: half}
    y = PartitionedCall(x, r) {f: standard_lstm}   y = PartitionedCall(x, r/float32) {f: standard_lstm}

What is done there stays as it is, so that it is enough to know that layers use the value as a kernel or bias, or take
rows of it; statistics of norms and other numbers stay in float32. A function that saves it besides is no such call,
since the types of what is saved follow the checkpoint.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.freezing.converted_functions import CALLERS
from graphsurgeon.rewrites.quantizing.saver_arguments import SaverArguments
from graphsurgeon.variables.checkpoint_keys import variable_nodes
from graphsurgeon.variables.roles import variable_roles
from graphsurgeon.weights import find_weights
from graphsurgeon.weights.roles import KERNELS

#: Where loops and branches of version 1 begin.
_BEGINNINGS: Final = frozenset({"Enter", "Switch", "_SwitchN"})
_ROLES: Final = KERNELS | {"embedding", "bias", "recurrent_bias"}


class LayerWeights:
    """The weights of the layers of a model, which is looked at when the first is asked for."""

    def __init__(self, model: Model, savers: SaverArguments) -> None:
        self._model = model
        self._savers = savers

    def is_given(self, reader: Node) -> bool:
        """Whether a node hands what it reads to a function, or into a loop or branch, by value."""
        is_call = reader.op in CALLERS or reader.op in self._model.library.functions
        return reader.op in _BEGINNINGS or (is_call and not self._savers.is_call(reader))

    def __contains__(self, name: str) -> bool:
        """Whether a constant or variable of the graph is one."""
        return name in self._names

    @cached_property
    def _names(self) -> set[str]:
        index = self._model.graph.index
        roles = variable_roles(self._model, index, [node.name for node in variable_nodes(self._model.graph)])
        roles |= {each.node.name: each.role for each in find_weights(self._model, index).weights}
        return {name for name, role in roles.items() if role in _ROLES}
