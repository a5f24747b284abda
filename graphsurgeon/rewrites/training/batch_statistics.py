"""Batch norms back in training mode: they take the statistics of each batch, and their averages follow.

==================  ==================================================================================================
fused               ``is_training`` is true, and mean and variance are empty, as `tf.nn.fused_batch_norm` has them
fused, guarded      a condition of version 1 chooses between the op as it was and one in training mode
written out         mean and variance are those of `tf.nn.moments` over all axes but that of the channels
written out, guard  a Select chooses between these and the averages
under a predicate   both ways are there already; what follows the averages is added
==================  ==================================================================================================

Source: ``python/keras/layers/normalization.py`` and ``nn_impl.py`` of TensorFlow 1.15.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import variable_shape
from graphsurgeon.names import scope_of
from graphsurgeon.rewrites.training.conditions import Condition
from graphsurgeon.rewrites.training.inference_norms import InferenceNorm, Statistic, UntrainableError
from graphsurgeon.rewrites.training.made_nodes import Maker, free_scope
from graphsurgeon.rewrites.training.moving_averages import Form, MovingAverages
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema

_HALVES = (dtypes.HALF, dtypes.BFLOAT16)


def axes_of(norm: InferenceNorm, rank: int | None, shape: Sequence[int | None] | None) -> tuple[int, ...]:
    """Return the axes of x that a norm which is written out averages over; an UntrainableError when they are not known.

    `rank` is that of x, `shape` that of the statistics where they are used.
    """
    if rank is None:
        raise UntrainableError(f"how many axes {norm.x!r} has is not known, and set-shape tells it")
    if shape is None or None in shape or len(shape) > rank:
        raise UntrainableError("the shape of its statistics is not known")
    if rank < 2:
        raise UntrainableError(f"{norm.x!r} has one axis, and no batch to average over")
    if len(shape) == 1:
        return tuple(range(rank - 1))
    full = (1,) * (rank - len(shape)) + tuple(shape)
    channels = [axis for axis, size in enumerate(full) if size != 1]
    if not channels and norm.variance.is_reshaped and rank > 1:
        channels = [1]  # what puts one channel elsewhere puts it there
    if len(channels) != 1:
        raise UntrainableError(f"its statistics have the shape {list(full)}, which does not tell the axis of channels")
    return tuple(axis for axis in range(rank) if axis != channels[0])


class NormTrainer:
    """Puts batch norms of a graph into training mode.

    `training` is the tensor that guards them, empty when they train whatever is fed; `meta` gets the contexts of the
    conditions that are made.
    """

    def __init__(self, graph: Graph, averages: MovingAverages, meta: schema.MetaGraphDef | None, training: str) -> None:
        self._graph = graph
        self._averages = averages
        self._meta = meta
        self._training = training

    def train(self, norm: InferenceNorm, momentum: float, axes: Sequence[int]) -> list[str]:
        """Put a norm into training mode; return the ops that update its averages.

        Its statistics are averaged over `axes` of x when it is written out.
        """
        training = "" if norm.predicate else self._training
        form: Form = "fused"
        if norm.predicate:
            batch = self._chosen(norm)
            form = "fused" if norm.is_fused else "decay"
        elif norm.is_fused:
            batch = self._fused_guarded(norm.node, norm.scope) if training else self._fused(norm.node, norm.scope)
        else:
            form = "keras_3" if norm.mean.is_keras_3 else "decay"
            batch = self._moments(norm, axes)
            pairs = list(zip((norm.variance, norm.mean), batch[::-1], strict=True))
            if training:
                pairs = [(each, self._select(norm, each, text)) for each, text in pairs]
                batch = pairs[1][1], pairs[0][1]
            for statistic, text in pairs:
                self._graph.set_input(statistic.reader, statistic.position, text)
        return [
            self._averages.add(statistic, text, norm.scope, momentum, form, training)
            for statistic, text in zip((norm.mean, norm.variance), batch, strict=True)
        ]

    def _fused(self, node: Node, scope: str) -> tuple[str, str]:
        """Put a fused norm into training mode; return its statistics of the batch."""
        make = Maker(self._graph, device=node.device)
        empty = [make.constant(_in(scope, "Const"), _empty(), dtypes.FLOAT) for _ in range(2)]
        _set_training(node)
        node.inputs = (*node.data_inputs[:3], *empty, *node.control_inputs)
        return f"{node.name}:1", f"{node.name}:2"

    def _fused_guarded(self, node: Node, scope: str) -> tuple[str, str]:
        """Let a condition choose between a fused norm and one in training mode; return the statistics it has.

        What chooses has the name of the norm, for what reads its first output reads that.
        """
        make = Maker(self._graph, device=node.device)
        name = free_scope(self._graph, _in(scope, "cond"), ("pred_id", "Switch", "Merge"))
        cond = Condition(make, name, self._training)
        data, controls = node.data_inputs, node.control_inputs
        empty = [cond.constant(_empty()) for _ in range(2)]
        trained_name = self._graph.unique_name(f"{name}/{node.op}")
        x = [cond.switch(text, trained_name, 1) for text in data[:3]]
        trained = make.copy(trained_name, node, [*x, *empty, *controls])
        _set_training(self._graph[trained])
        cond.join(self._graph[trained], 1)
        kept_name = self._graph.unique_name(f"{name}/{node.op}")
        kept = make.copy(kept_name, node, [*(cond.switch(text, kept_name, 0) for text in data), *controls])
        cond.join(self._graph[kept], 0)
        averages = self._graph[kept].data_inputs[3:5]
        statistics = [
            make(f"{name}/Merge", "Merge", [average, f"{trained}:{at}"]) for at, average in enumerate(averages, 1)
        ]
        self._become_merge(node, kept, trained)
        if self._meta is not None:
            cond.write(self._meta)
        return statistics[0], statistics[1]

    @staticmethod
    def _become_merge(node: Node, kept: str, trained: str) -> None:
        """Let a norm be what takes the result of either branch."""
        dtype, shapes = node.attrs["T"], node.attrs.get("_output_shapes")
        beside = node.attrs.get("_class")
        node.attrs.clear()
        node.op = "Merge"
        node.attrs.update({"T": dtype, "N": 2})
        if beside is not None:
            node.attrs["_class"] = beside
        if isinstance(shapes, list) and shapes:
            node.attrs["_output_shapes"] = [shapes[0], Shape(())]
        node.inputs = (kept, trained)

    def _chosen(self, norm: InferenceNorm) -> tuple[str, str]:
        """Return the statistics that a predicate chooses: of the batch, or the averages themselves."""
        if not norm.is_fused:
            return norm.mean.merged, norm.variance.merged
        make = Maker(self._graph, device=norm.node.device)
        scope, (mean, variance) = scope_of(norm.node.name), norm.node.data_inputs[3:5]
        pairs = ((mean, f"{norm.trained}:1"), (variance, f"{norm.trained}:2"))
        names = [make(_in(scope, "Merge"), "Merge", list(pair)) for pair in pairs]
        return names[0], names[1]

    def _moments(self, norm: InferenceNorm, axes: Sequence[int]) -> tuple[str, str]:
        """Make mean and variance of a batch as `tf.nn.moments` does, in the type and shape of the averages."""
        graph, x = self._graph, norm.x
        make = Maker(graph, device=norm.node.device)
        scope, dtype = _in(norm.scope, "moments"), graph.tensor(x).dtype
        is_half = dtype is not None and dtype.base in _HALVES
        y = make(f"{scope}/Cast", "Cast", [x], DstT=dtypes.FLOAT) if is_half else x
        over = [
            make.constant(f"{scope}/{word}/reduction_indices", list(axes), dtypes.INT32)
            for word in ("mean", "variance")
        ]
        mean = make(f"{scope}/mean", "Mean", [y, over[0]], keep_dims=True)
        stopped = make(f"{scope}/StopGradient", "StopGradient", [mean])
        squared = make(f"{scope}/SquaredDifference", "SquaredDifference", [y, stopped])
        found = [mean, make(f"{scope}/variance", "Mean", [squared, over[1]], keep_dims=True)]
        shape = variable_shape(graph[norm.mean.variable])
        if shape is None or shape.dims is None or len(shape.dims) == 1:
            found = [make(f"{scope}/Squeeze", "Squeeze", [text], squeeze_dims=list(axes)) for text in found]
        # Layers round no more than the averages do.
        wanted = [graph.tensor(each.value).dtype for each in (norm.mean, norm.variance)]
        found = [
            text
            if each is None or graph.tensor(text).dtype is each.base
            else make(f"{scope}/Cast", "Cast", [text], DstT=each.base)
            for text, each in zip(found, wanted, strict=True)
        ]
        return found[0], found[1]

    def _select(self, norm: InferenceNorm, statistic: Statistic, batch: str) -> str:
        make = Maker(self._graph, device=norm.node.device)
        return make(_in(norm.scope, "Select"), "Select", [self._training, batch, statistic.value])


def _set_training(node: Node) -> None:
    """Put a fused norm into training mode, whose statistics are those of the batch alone: a factor at its default."""
    node.attrs["is_training"] = True
    if node.attrs.get("exponential_avg_factor", 1.0) != 1.0:
        del node.attrs["exponential_avg_factor"]


def _empty() -> Tensor:
    import numpy as np

    return as_tensor(np.zeros(0, np.float32))


def _in(scope: str, name: str) -> str:
    return f"{scope}/{name}" if scope else name
