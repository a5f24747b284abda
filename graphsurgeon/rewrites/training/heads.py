"""A new head on features: the variables of a linear layer, its loss and gradients, and an optimizer, as plain nodes.

::

    features -> head/MatMul (head/kernel) -> head/BiasAdd (head/bias) -> prob
                                             head/BiasAdd, labels     -> loss
    head/gradients/kernel = MatMul(features, d, transpose_a)     d: the gradient of the loss by the logits
    head/gradients/bias = BiasAddGrad(d)
    train_op = NoOp(^ops that apply them)         init_head = NoOp(^assignments of initial values)

The gradients are those of a linear layer in closed form, so nothing behind the features is differentiated. A kernel
starts as `tf.glorot_uniform_initializer` with a seed makes it, the bias with zeros.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_making import make_node
from graphsurgeon.rewrites.training.features import Features
from graphsurgeon.rewrites.training.losses import Labels, Loss, MadeLoss, make_loss
from graphsurgeon.rewrites.training.new_nodes import NewNodes
from graphsurgeon.rewrites.training.new_variables import NewVariables
from graphsurgeon.rewrites.training.optimizers import Optimizer, OptimizerNodes, Trained
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor
from graphsurgeon.variables.group_op import new_group
from graphsurgeon.variables.layout import VariableKind, VariableNodes
from proto_utils.named_tuple import NamedTuple

#: What stands for the seed of a graph that has none, in TensorFlow.
GRAPH_SEED: Final = 87654321


class Head(NamedTuple):
    """The nodes that programs run by name, and the kernel, whose value is to be made of its initial nodes."""

    loss: MadeLoss
    learning_rate: Node
    train_op: Node
    init_head: Node
    kernel: VariableNodes


class HeadMaker:
    """Adds a head to a graph.

    Parameters
    ----------
    make : NewNodes
    variables : NewVariables
        The head's are added to these.
    features : Features
    units : int
    kind : {"ref", "resource"}
        Of variables.
    """

    def __init__(
        self, make: NewNodes, variables: NewVariables, features: Features, units: int, kind: VariableKind
    ) -> None:
        self._make = make
        self._variables = variables
        self._features = features
        self._units = units
        self._kind = kind

    def add(
        self,
        loss: Loss,
        labels: Labels,
        optimizer: Optimizer,
        numbers: Mapping[str, float],
        seed: int,
        *,
        is_conv: bool,
    ) -> Head:
        """Add the head, its loss and the optimizer."""
        make, features, units = self._make, self._features, self._units
        shape = (1, 1, features.width, units) if is_conv else (features.width, units)
        zeros = FillTensor(features.dtype, (units,))
        kernel = self._variable("kernel", Tensor(features.dtype, shape), self._initial(shape, seed))
        bias = self._variable("bias", zeros)
        attrs: dict[str, Any] = {"strides": [1] * 4, "padding": "VALID"} if is_conv else {}
        op = "Conv2D" if is_conv else "MatMul"
        product = make(op, [features.tensor, make.graph[kernel.read]], op, **attrs)
        logits = make("BiasAdd", [product, make.graph[bias.read]], "BiasAdd")
        made = make_loss(make, logits, [*features.dims[:-1], units], features.dtype, loss, labels)
        trained = [
            Trained(kernel.variable.node, Tensor(features.dtype, shape), kernel, self._of_kernel(made, shape)),
            Trained(bias.variable.node, zeros, bias, make("BiasAddGrad", made.gradient, "gradients/bias")),
        ]
        rate, train_op = OptimizerNodes(make, self._variables, self._kind, numbers).train(optimizer, trained)
        members = [(each.initializer, each.device) for each in self._variables.made]
        (init,) = new_group(make.plain("init_head"), members)
        make.graph.append(init)
        return Head(made, rate, train_op, init, kernel)

    def _variable(self, name: str, value: Tensor, initial: Sequence[Node] = ()) -> VariableNodes:
        whole = f"{self._make.scope}/{name}"
        made = self._variables.make(whole, value, self._kind, trainable=True, initial=initial)
        self._make.graph.extend(made.nodes)
        return made

    def _of_kernel(self, made: MadeLoss, shape: tuple[int, ...]) -> Node:
        make, features = self._make, self._features.tensor
        if len(shape) == 2:
            return make("MatMul", [features, made.gradient], "gradients/kernel", transpose_a=True)
        sizes = make.constant("gradients/kernel/sizes", [*shape], dtypes.INT32)
        attrs: dict[str, Any] = {"strides": [1] * 4, "padding": "VALID"}
        return make("Conv2DBackpropFilter", [features, sizes, made.gradient], "gradients/kernel", **attrs)

    def _initial(self, shape: tuple[int, ...], seed: int) -> list[Node]:
        """Make what `tf.glorot_uniform_initializer` makes."""
        dtype, kernel = self._features.dtype, f"{self._make.scope}/kernel"
        *_, fan_in, fan_out = shape
        limit = math.sqrt(3.0 / max(1.0, (fan_in + fan_out) / 2.0))
        return glorot_uniform(f"{kernel}/Initializer/random_uniform", kernel, shape, limit, dtype, seed)


def glorot_uniform(
    name: str, variable: str, shape: tuple[int, ...], limit: float, dtype: DType, seed: int
) -> list[Node]:
    """Make nodes that give uniform random numbers within a limit, beside a variable; last the one that gives them."""
    beside = {"_class": [b"loc:@" + variable.encode()]}

    def constant(part: str, value: Any, of: DType) -> Node:
        from graphsurgeon.ir.constant_attrs import constant_attrs

        attrs = {**constant_attrs(f"{name}/{part}", {"value": value, "dtype": of}), **beside}
        return make_node(f"{name}/{part}", "Const", attrs=attrs)

    size = constant("shape", [*shape], dtypes.INT32)
    low, high = constant("min", -limit, dtype), constant("max", limit, dtype)
    attrs = {"dtype": dtype, "seed": GRAPH_SEED, "seed2": seed, **beside}
    random = make_node(f"{name}/RandomUniform", "RandomUniform", [(size.name, dtypes.INT32)], attrs=attrs)
    span = make_node(f"{name}/sub", "Sub", [(high.name, dtype), (low.name, dtype)], attrs=beside)
    scaled = make_node(f"{name}/mul", "Mul", [(random.name, dtype), (span.name, dtype)], attrs=beside)
    made = make_node(name, "Add", [(scaled.name, dtype), (low.name, dtype)], attrs=beside)
    return [size, low, high, random, span, scaled, made]
