"""Updates of the moving averages of a batch norm, node for node as TensorFlow's layers make them.

::

    fused, of layers               AssignMovingAvg/sub    1 - momentum
                                   AssignMovingAvg/sub_1  average - batch
                                   AssignMovingAvg/mul    sub_1 * sub
                                   AssignMovingAvg        AssignSub(average, mul)
    written out                    AssignMovingAvg/decay  1 - momentum, rounded to the type of the average
                                   AssignMovingAvg/sub    average - batch
                                   AssignMovingAvg/mul    sub * decay
                                   AssignMovingAvg        AssignSub(average, mul)
    Keras 3                        average = average * momentum + batch * (1 - momentum)

The first two differ in the last bit. Source: `_assign_moving_average` of ``python/keras/layers/normalization.py`` in
TensorFlow 1.15, ``keras/src/layers/normalization/batch_normalization.py`` of Keras 3.
"""

from __future__ import annotations

from typing import Literal

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node_facts import variable_dtype
from graphsurgeon.ir.op_families import REF_OPS
from graphsurgeon.rewrites.training.inference_norms import Statistic
from graphsurgeon.rewrites.training.made_nodes import Maker, free_scope
from graphsurgeon.tensors.dtypes import DType
from proto_utils.named_tuple import NamedTuple

Form = Literal["fused", "decay", "keras_3"]


class MovingAverages:
    """Adds updates of moving averages to a graph; `updates` are the ops that change them, in order."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.updates: list[str] = []

    def add(self, statistic: Statistic, batch: str, scope: str, momentum: float, form: Form, training: str = "") -> str:
        """Let a moving average follow the statistic of a batch; return the op that changes it.

        Where `training` is not empty, the average stays to the last bit when that is false; in the first two forms
        because `batch` is the average itself then.
        """
        graph = self._graph
        variable = graph[statistic.variable]
        dtype = variable_dtype(variable)
        assert dtype is not None  # `verify` found it sound
        make = Maker(graph, device=variable.device, beside=variable.name)
        wanted = f"{scope}/AssignMovingAvg" if scope else "AssignMovingAvg"
        name = free_scope(graph, wanted, ("mul", "sub", "ReadVariableOp"))
        is_ref = variable.op in REF_OPS
        if is_ref:
            read = statistic.read or make(f"{name}/read", "Identity", [variable.name])
        else:
            read = make(f"{name}/ReadVariableOp", "ReadVariableOp", [variable.name], dtype=dtype)
        if graph.tensor(batch).dtype is not dtype:
            batch = make(f"{name}/Cast", "Cast", [batch], DstT=dtype)
        average = _Average(make, name, read, batch, dtype, momentum)
        if form == "keras_3":
            op, value = ("Assign" if is_ref else "AssignVariableOp"), _weighted_mean(average, training)
        else:
            op, value = ("AssignSub" if is_ref else "AssignSubVariableOp"), _decrement(average, form)
        self.updates.append(make(name if is_ref else f"{name}/{op}", op, [variable.name, value]))
        return self.updates[-1]


class _Average(NamedTuple):
    """An average that is to follow: where its update is, what it is, and what it is to follow."""

    make: Maker
    name: str
    read: str
    batch: str
    dtype: DType
    momentum: float

    def node(self, name: str, op: str, *inputs: str) -> str:
        """Make a node in the scope of the update."""
        return self.make(f"{self.name}/{name}", op, inputs)

    def number(self, name: str, value: float) -> str:
        """Make a constant of the average's type."""
        return self.make.constant(f"{self.name}/{name}", value, self.dtype)


def _weighted_mean(of: _Average, training: str) -> str:
    """Make the weighted mean of an average and the statistic of a batch."""
    kept = of.node("mul", "Mul", of.read, of.number("momentum", of.momentum))
    added = of.node("mul_1", "Mul", of.batch, of.number("decay", 1.0 - of.momentum))
    new = of.node("add", "AddV2", kept, added)
    return of.node("Select", "Select", training, new, of.read) if training else new


def _decrement(of: _Average, form: Form) -> str:
    """Make the part of the difference to the batch that an average loses."""
    if form == "decay":
        decay = of.number("decay", 1.0 - of.momentum)
        return of.node("mul", "Mul", of.node("sub", "Sub", of.read, of.batch), decay)
    decay = of.node("sub", "Sub", of.number("sub/x", 1.0), of.number("momentum", of.momentum))
    return of.node("mul", "Mul", of.node("sub_1", "Sub", of.read, of.batch), decay)
