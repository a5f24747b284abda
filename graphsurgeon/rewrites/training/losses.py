"""Losses of a head as nodes, with their gradients by the logits in closed form.

=======  ==========================================  ==================================  =================
loss     of each example or element                  labels                              gradient of it
=======  ==========================================  ==================================  =================
softmax  SparseSoftmaxCrossEntropyWithLogits         int64, the class of each            its second output
softmax  SoftmaxCrossEntropyWithLogits               a row of probabilities for each     its second output
sigmoid  max(x, 0) - x * z + log1p(exp(-abs(x)))     0 or 1 for each unit, or between    as below
mse      (x - z)^2                                   a number for each unit              2 * (x - z)
=======  ==========================================  ==================================  =================

The loss is the mean, so each gradient is divided by their number. Ops and their order are those that tf.gradients makes
of `tf.reduce_mean` over the losses in `tf.nn`, where these are several ops, so that sums round as they do there::

    logistic loss     g = 1 / n, e = exp(-abs(x)), l = g * (1 / (1 + e)) * e
                      AddN(x >= 0 ? g : 0,  -g * z,  x >= 0 ? 0 : l,  -(x >= 0 ? l : 0))

Source: math_grad.py, nn_grad.py and nn_impl.py of TensorFlow 1.15 and 2.21, as seen in the graphs that they make.
"""

from __future__ import annotations

from typing import Literal

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output import Output
from graphsurgeon.rewrites.training.new_nodes import NewNodes
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils.named_tuple import NamedTuple

Loss = Literal["softmax", "sigmoid", "mean_squared_error", "mse"]
Labels = Literal["sparse", "dense"]


class MadeLoss(NamedTuple):
    """The nodes of a loss, and its gradient by the logits, in their shape."""

    labels: Node
    prob: Node
    loss: Node
    gradient: Node


class _Logits(NamedTuple):
    """What losses are computed from: the logits, their static shape and type."""

    node: Node
    dims: list[int | None]
    dtype: DType


def make_loss(make: NewNodes, logits: Node, dims: list[int | None], dtype: DType, loss: Loss, kind: Labels) -> MadeLoss:
    """Add labels, the mean loss, its gradient, and what the head computes when it serves."""
    of = _Logits(logits, dims, dtype)
    if loss == "softmax":
        return _softmax(make, of, kind)
    labels = make.add("Placeholder", (), make.plain("labels"), dtype=dtype, shape=Shape(dims))
    op = "Sigmoid" if loss == "sigmoid" else "Identity"
    prob = make.add(op, logits, make.plain("prob"))
    if loss == "sigmoid":
        return MadeLoss(labels, prob, *_logistic(make, of, labels))
    each = make("SquaredDifference", [logits, labels], "loss/SquaredDifference")
    mean = _mean(make, each.outputs[0], len(dims))
    share = _share(make, each.outputs[0], dtype)
    twice = make("Mul", [make.constant("gradients/two", 2.0, dtype), share], "gradients/twice")
    apart = make("Sub", [logits, labels], "gradients/Sub")
    return MadeLoss(labels, prob, mean, make("Mul", [twice, apart], "gradients/logits"))


def _softmax(make: NewNodes, of: _Logits, kind: Labels) -> MadeLoss:
    units = of.dims[-1]
    is_sparse = kind == "sparse"
    dims, dtype = (of.dims[:-1], dtypes.INT64) if is_sparse else (of.dims, of.dtype)
    labels = make.add("Placeholder", (), make.plain("labels"), dtype=dtype, shape=Shape(dims))
    prob = make.add("Softmax", of.node, make.plain("prob"))
    op = "SparseSoftmaxCrossEntropyWithLogits" if is_sparse else "SoftmaxCrossEntropyWithLogits"
    logits, flat = of.node, labels
    if len(of.dims) > 2:
        # The op takes rows.
        rows = make.constant("loss/logits/shape", [-1, units], dtypes.INT32)
        logits = make("Reshape", [logits, rows], "loss/logits")
        row = make.constant("loss/labels/shape", [-1] if is_sparse else [-1, units], dtypes.INT32)
        flat = make("Reshape", [labels, row], "loss/labels")
    each = make(op, [logits, flat], f"loss/{op}")
    mean = _mean(make, each.outputs[0], 1)
    gradient = make("Mul", [_share(make, each.outputs[0], of.dtype), each.outputs[1]], "gradients/logits")
    if len(of.dims) > 2:
        gradient = make("Reshape", [gradient, make("Shape", of.node, "gradients/Shape")], "gradients/map")
    return MadeLoss(labels, prob, mean, gradient)


def _logistic(make: NewNodes, of: _Logits, labels: Node) -> tuple[Node, Node]:
    x, z = of.node, labels
    zeros = make("ZerosLike", x, "loss/zeros_like")
    is_positive = make("GreaterEqual", [x, zeros], "loss/GreaterEqual")
    above = make("Select", [is_positive, x, zeros], "loss/Select")
    below = make("Select", [is_positive, make("Neg", x, "loss/Neg"), x], "loss/Select_1")
    linear = make("Sub", [above, make("Mul", [x, z], "loss/mul")], "loss/sub")
    power = make("Exp", below, "loss/Exp")
    each = make("Add", [linear, make("Log1p", power, "loss/Log1p")], "loss/logistic_loss")
    mean = _mean(make, each.outputs[0], len(of.dims))
    share = _share(make, each.outputs[0], of.dtype)
    whole = make("Fill", [make("Shape", x, "gradients/Shape"), share], "gradients/Fill")
    one = make.constant("gradients/Log1p/one", 1.0, of.dtype)
    inverse = make("Reciprocal", make("Add", [one, power], "gradients/Log1p/add"), "gradients/Log1p/Reciprocal")
    curve = make("Mul", [make("Mul", [whole, inverse], "gradients/Log1p/mul"), power], "gradients/Exp/mul")
    parts = [
        make("Select", [is_positive, whole, zeros], "gradients/Select"),
        make("Mul", [make("Neg", whole, "gradients/sub/Neg"), z], "gradients/mul/Mul"),
        make("Select", [is_positive, zeros, curve], "gradients/Select_1"),
        make("Neg", make("Select", [is_positive, curve, zeros], "gradients/Select_2"), "gradients/Neg"),
    ]
    return mean, make("AddN", parts, "gradients/logits")


def _mean(make: NewNodes, each: Output, rank: int) -> Node:
    axes = make.constant("loss/Const", [*range(rank)], dtypes.INT32)
    return make.add("Mean", [each, axes], make.plain("loss"))


def _share(make: NewNodes, each: Output, dtype: DType) -> Node:
    """Return the gradient of the mean by each of what it is of: 1 / n."""
    count = make("Cast", make("Size", each, "gradients/Size"), "gradients/Cast", DstT=dtype)
    return make("RealDiv", [make.constant("gradients/Const", 1.0, dtype), count], "gradients/truediv")
