"""Optimizers as nodes: the ops that apply gradients, with slots under the names that `tf.train` gives them.

=========  ====================================  ==========================================================
optimizer  op                                    variables beside each that is trained
=========  ====================================  ==========================================================
sgd        ApplyGradientDescent
momentum   ApplyMomentum                         ``X/Momentum``
adam       ApplyAdam                             ``X/Adam``, ``X/Adam_1``; one ``beta1_power``, ``beta2_power``
=========  ====================================  ==========================================================

Of resources, ResourceApplyGradientDescent and so on. So a checkpoint of `tf.train.AdamOptimizer` can be restored here,
and the other way round. Their hyperparameters are float32, cast to the type of what is trained.

Source: the optimizers of TensorFlow 1.15 and 2.21 (python/training), as seen in the graphs that they make.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_making import make_node
from graphsurgeon.rewrites.training.new_nodes import NewNodes
from graphsurgeon.rewrites.training.new_variables import NewVariables
from graphsurgeon.tensors.dtypes import FLOAT
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor, as_tensor
from graphsurgeon.variables.layout import VariableKind, VariableNodes
from proto_utils.named_tuple import NamedTuple

Optimizer = Literal["sgd", "momentum", "adam"]

#: The hyperparameters of each, beside the learning rate.
HYPERPARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "sgd": (),
    "momentum": ("momentum",),
    "adam": ("beta1", "beta2", "epsilon"),
}
_OPS: Final = {"sgd": "GradientDescent", "momentum": "Momentum", "adam": "Adam"}
_SLOTS: Final[Mapping[str, tuple[str, ...]]] = {"sgd": (), "momentum": ("Momentum",), "adam": ("Adam", "Adam_1")}


class Trained(NamedTuple):
    """A variable that is trained, what it is made of, and its gradient."""

    name: str
    value: Tensor
    nodes: VariableNodes
    gradient: Node


class OptimizerNodes:
    """Adds an optimizer to a graph.

    Parameters
    ----------
    make : NewNodes
    variables : NewVariables
        Slots are added to these.
    kind : {"ref", "resource"}
        Of variables.
    numbers : mapping of str to float
        The hyperparameters, with `learning_rate`.
    """

    def __init__(
        self, make: NewNodes, variables: NewVariables, kind: VariableKind, numbers: Mapping[str, float]
    ) -> None:
        self._make = make
        self._variables = variables
        self._kind = kind
        self._numbers = numbers
        self._prefix = "Resource" if kind == "resource" else ""

    def train(self, optimizer: Optimizer, trained: Sequence[Trained]) -> tuple[Node, Node]:
        """Add the ops that apply gradients; return the learning rate, which can be fed, and the op that trains."""
        make = self._make
        default = make.constant("train/learning_rate", self._numbers["learning_rate"], FLOAT)
        rate = make.add("PlaceholderWithDefault", default, make.plain("learning_rate"), shape=[])
        numbers = {
            name: make.constant(f"train/{name}", self._numbers[name], FLOAT) for name in HYPERPARAMETERS[optimizer]
        }
        powers = {name: self._power(name, trained) for name in numbers if name in ("beta1", "beta2")}
        applied = [self._apply(optimizer, each, rate, numbers, [*powers.values()]) for each in trained]
        ops = [*applied, *(self._next(numbers[name], power, applied) for name, power in powers.items())]
        return rate, make.add("NoOp", (), make.plain("train_op"), control_inputs=ops)

    def _apply(
        self,
        optimizer: Optimizer,
        each: Trained,
        rate: Node,
        numbers: Mapping[str, Node],
        powers: Sequence[VariableNodes],
    ) -> Node:
        make, dtype, graph = self._make, each.value.dtype, self._make.graph
        slots = [self._slot(each, slot) for slot in _SLOTS[optimizer]]
        cast = {name: make.cast(node, dtype) for name, node in {"rate": rate, **numbers}.items()}
        read = [make.cast(graph[power.read], dtype) for power in powers]
        if optimizer == "adam":
            inputs = [*read, cast["rate"], cast["beta1"], cast["beta2"], cast["epsilon"], each.gradient]
        else:
            inputs = [cast["rate"], each.gradient, *(cast[name] for name in numbers)]
        name = f"train/update_{each.name.rpartition('/')[2]}"
        attrs: dict[str, Any] = {"use_locking": False}
        op = f"{self._prefix}Apply{_OPS[optimizer]}"
        return make(op, [graph[each.name], *slots, *inputs], name, **attrs)

    def _slot(self, of: Trained, name: str) -> Node:
        value = FillTensor(of.value.dtype, of.value.shape)
        return self._add(self._variables.make(f"{of.name}/{name}", value, self._kind, beside=of.name))

    def _power(self, beta: str, trained: Sequence[Trained]) -> VariableNodes:
        """Add the variable that is the power of a beta, with itself as its first value."""
        import numpy as np

        name = self._make.plain(f"{beta}_power")
        value = as_tensor(np.float32(self._numbers[beta]))
        first = min(each.name for each in trained)
        attrs = {"dtype": FLOAT, "value": value, "_class": [b"loc:@" + name.encode()]}
        initial = make_node(f"{name}/initial_value", "Const", attrs=attrs)
        made = self._variables.make(name, value, self._kind, initial=[initial], beside=first)
        self._add(made)
        return made

    def _next(self, beta: Node, power: VariableNodes, applied: Sequence[Node]) -> Node:
        """Let the power of a beta be the next one when all gradients are applied."""
        make, name = self._make, power.variable.node
        short = name.rpartition("/")[2]
        factor = make("Mul", [make.graph[power.read], beta], f"train/{short}/mul", control_inputs=applied)
        if self._kind == "resource":
            return make("AssignVariableOp", [make.graph[name], factor], f"train/{short}/Assign")
        return make("Assign", [make.graph[name], factor], f"train/{short}/Assign", use_locking=False)

    def _add(self, made: VariableNodes) -> Node:
        self._make.graph.extend(made.nodes)
        return made.nodes[0]
