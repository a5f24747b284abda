"""A graph that is put into training mode: norms first, then dropout, then what surrounds it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, constant_value, node_dtype, variable_shape
from graphsurgeon.meta_graph.collections import set_trainable
from graphsurgeon.names import Names, matches_any, node_of, node_of_input, split_patterns, unmatched
from graphsurgeon.rewrites.editing.rewiring import Rewiring
from graphsurgeon.rewrites.folding.linear_layers import LAYER_OPS
from graphsurgeon.rewrites.folding.normalizations import FUSED_OPS
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from graphsurgeon.rewrites.training.batch_statistics import NormTrainer, axes_of
from graphsurgeon.rewrites.training.dropouts import add_dropout, choose_dropped, dropout_lookalikes
from graphsurgeon.rewrites.training.flat_model import flatten_objects
from graphsurgeon.rewrites.training.inference_norms import InferenceNorm, NormFinder, UntrainableError
from graphsurgeon.rewrites.training.made_nodes import Maker
from graphsurgeon.rewrites.training.moving_averages import MovingAverages
from graphsurgeon.rewrites.training.train_signature import add_train_signature
from graphsurgeon.rewrites.training.training_options import TrainingOptions
from graphsurgeon.tensors import dtypes
from proto_utils.named_tuple import NamedTuple

#: The momentum of `tf.layers` and Keras; slim's is 0.999.
MOMENTUM: Final = 0.99
TRAINING: Final = "training"
UPDATE_OP: Final = "update_op"
_IN_A_BODY: Final = "is in the body of a function; lower takes branches and loops into the graph"
#: The collection in which training programs look for updates.
UPDATE_OPS: Final = "update_ops"


class NormRow(NamedTuple):
    """A batch norm that trains."""

    node: str
    op: str
    momentum: float
    mean: str
    variance: str
    updates: list[str]
    guard: str


class TrainingGraph:
    """A model whose graph is put into training mode by `train`, and what surrounds it by `finish`.

    Attributes
    ----------
    norms : list of NormRow
    kept : dict of str to str
        Batch norms that stay, and why.
    dropouts : list of (str, float, str)
    lookalikes : list of str
    biases : list of str
        Biases behind layers, in a graph in which no batch norm was found.
    listed : list of str
        Updates that were there, and are in the collection from now on.
    training, update_op : str
        Nodes, empty without.
    """

    def __init__(self, model: Model, options: TrainingOptions, *, is_guarded: bool) -> None:
        self._model = model
        self._options = options
        self._is_guarded = is_guarded
        self._stopped: dict[str, bool] = {}
        self.norms: list[NormRow] = []
        self.kept: dict[str, str] = {}
        self.dropouts: list[tuple[str, float, str]] = []
        self.lookalikes: list[str] = []
        self.biases: list[str] = []
        self.listed: list[str] = []
        self.training = self.update_op = ""
        self.notes: list[str] = []

    def train(self) -> None:
        """Edit the graph."""
        model = self._model
        self.notes = flatten_objects(model)
        finder = NormFinder(model, model.graph.index)
        self.kept.update(finder.kept)
        self._name_those_in_functions()
        chosen = self._with_axes(self._chosen(finder.found))
        if not finder.found and not finder.kept:
            self.biases = _biases(model.graph.index)
        averages = MovingAverages(model.graph)
        for norm, axes in chosen:
            self._train(norm, axes, averages)
        if self._options.rates:
            self._drop_out()
        else:
            self.lookalikes = dropout_lookalikes(model, model.graph.index, ())
        self._list_updates(finder.updates, averages.updates)

    def _train(self, norm: InferenceNorm, axes: Sequence[int], averages: MovingAverages) -> None:
        """Put a norm into training mode."""
        guard = norm.predicate or (self._guard() if self._is_guarded else "")
        trainer = NormTrainer(self._model.graph, averages, self._model.meta, "" if norm.predicate else guard)
        found = self._options.momentum.of(norm.names)
        momentum = MOMENTUM if found is None else found
        op, mean, variance = norm.node.op, norm.mean.variable, norm.variance.variable
        updates = trainer.train(norm, momentum, axes)
        self.norms.append(NormRow(norm.node.name, op, momentum, mean, variance, updates, node_of_input(guard)))
        self._stopped |= {f"{mean}:0": False, f"{variance}:0": False}

    def _list_updates(self, before: Sequence[str], made: Sequence[str]) -> None:
        """List the updates that were made, and those of before that nothing lists, and group them."""
        meta = self._model.meta
        there: set[str] = set()
        if meta is not None and UPDATE_OPS in meta.collection_def:
            there = {node_of(text) for text in meta.collection_def[UPDATE_OPS].node_list.value}
        self.listed = [name for name in before if name not in there]
        updates = [*self.listed, *made]
        if not (updates or (before and UPDATE_OP not in self._model.graph)):
            return
        self.update_op = self._grouped([*before, *made], there)
        if meta is not None and updates:
            meta.collection_def[UPDATE_OPS].node_list.value.extend(updates)

    def _grouped(self, updates: Sequence[str], there: Collection[str]) -> str:
        """Return the op that runs all updates: one that runs nothing else, where it is there from before."""
        graph = self._model.graph
        node = graph.get(UPDATE_OP)
        waits = [] if node is None or node.op != "NoOp" else [*map(node_of_input, node.inputs)]
        if node is None or not waits or not {*there, *updates} >= {*waits}:
            return Maker(graph)(UPDATE_OP, "NoOp", waits=updates)
        graph.set_control_inputs(node, [*waits, *updates])
        return node.name

    def finish(self) -> list[str]:
        """Let what surrounds the graph follow; return notes."""
        meta, notes = self._model.meta, self.notes
        if meta is not None and self._stopped:
            set_trainable(meta, self._stopped)
        if meta is None and self.update_op:
            notes.append(f"a bare graph has no collections: {self.update_op!r} groups the updates")
        guards = dict.fromkeys([*(row.guard for row in self.norms if row.guard), *filter(None, [self.training])])
        key = add_train_signature(self._model, guards, self.update_op)
        if key:
            does = "runs the updates, too" if self.update_op else "is fed what trains"
            notes.append(f"signature {key!r} {does}")
        return notes

    def _guard(self) -> str:
        """Return the input that says whether the graph trains, which is made when it is asked for first."""
        if not self.training:
            graph = self._model.graph
            node = graph.get(TRAINING)
            if node is not None and _is_flag(graph.index, node):
                self.training = node.name
            else:
                make = Maker(graph)
                name = graph.unique_name(TRAINING)
                default = make.constant(f"{name}/input", False, dtypes.BOOL)
                self.training = make(name, "PlaceholderWithDefault", [default], shape=[])
        return self.training

    def _chosen(self, found: Sequence[InferenceNorm]) -> list[InferenceNorm]:
        """Return the norms that are asked for."""
        known = {name for norm in found for name in norm.names}
        options = self._options
        wanted, unwanted = (split_patterns(_texts(each), known) for each in (options.select, options.exclude))
        for pattern in (*wanted, *unwanted, *options.momentum.patterns):
            if found and not any(matches_any([pattern], name) for name in known):
                raise unmatched("batch norm", pattern, sorted(known))
        chosen = []
        for norm in found:
            if any(matches_any(unwanted, name) for name in norm.names):
                self.kept[norm.node.name] = "excluded"
            elif not wanted or any(matches_any(wanted, name) for name in norm.names):
                chosen.append(norm)
            else:
                self.kept[norm.node.name] = "not selected"
        return chosen

    def _with_axes(self, norms: Sequence[InferenceNorm]) -> list[tuple[InferenceNorm, Sequence[int]]]:
        """Return norms with the axes that they average over; those of which these are unknown stay."""
        found: list[tuple[InferenceNorm, Sequence[int]]] = []
        shapes = None
        for norm in norms:
            if norm.is_fused or norm.predicate:
                found.append((norm, ()))
                continue
            shapes = NodeShapes(self._model, infer=True, index=self._model.graph.index) if shapes is None else shapes
            try:
                axes = axes_of(norm, _rank(self._model, shapes, norm.x), _used_shape(self._model, shapes, norm))
                found.append((norm, axes))
            except UntrainableError as error:
                self.kept[norm.node.name] = str(error)
        return found

    def _drop_out(self) -> None:
        """Put dropout where it is asked for, and look for what may have been some."""
        options, model = self._options, self._model
        rewiring = Rewiring(model, options.operation)
        places = {}
        for name, rate in options.rates.items():
            for at in choose_dropped(model, rewiring, name, options.operation):
                places[at.name] = at, rate
        self.lookalikes = dropout_lookalikes(model, model.graph.index, {node_of_input(name) for name in places})
        for number, (name, (at, rate)) in enumerate(places.items()):
            seed = None if options.seed is None else options.seed + number
            training = self._guard() if self._is_guarded else ""
            self.dropouts.append((name, rate, add_dropout(rewiring, at, rate, seed, training, options.operation)))
        rewiring.finish()
        self.notes += rewiring.notes

    def _name_those_in_functions(self) -> None:
        for function, graph in self._model.graphs():
            if function is not None:
                for node in graph.nodes_of(FUSED_OPS):
                    if attr_of(node, "is_training") is False:
                        self.kept[f"{function}/{node.name}"] = _IN_A_BODY


def _texts(given: Names) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _rank(model: Model, shapes: NodeShapes, text: str) -> int | None:
    tensor = model.graph.tensor(text)
    dims = None if tensor.node is None else shapes.dims(tensor.node, tensor.index)
    return None if dims is None else len(dims)


def _used_shape(model: Model, shapes: NodeShapes, norm: InferenceNorm) -> Sequence[int | None] | None:
    """Return the shape of the statistics that a norm computes with."""
    tensor = model.graph.tensor(norm.variance.used)
    dims = None if tensor.node is None else shapes.dims(tensor.node, tensor.index)
    if dims is not None or norm.variance.is_reshaped:
        return dims
    shape = variable_shape(model.graph[norm.variance.variable])
    return None if shape is None else shape.dims


def _is_flag(index: Index, node: Node) -> bool:
    """Whether an input says if the graph trains: a scalar that is false by default, or that something reads already."""
    shape = node.attrs.get("shape")
    if node_dtype(node) is not dtypes.BOOL or (isinstance(shape, Shape) and shape.dims):
        return False
    if node.op == "Placeholder":
        return bool(index.consumers(node.name))
    default = index.producer(node.data_inputs[0]) if node.op == "PlaceholderWithDefault" else None
    value = None if default is None else constant_value(default)
    return value is not None and value.shape == () and not value.numpy().item()


def _biases(index: Index) -> list[str]:
    """Return the biases behind layers, into which batch norms may have been folded."""
    found = []
    for node in index.producers.values():
        if node.op == "BiasAdd":
            before = index.producer(node.data_inputs[0])
            if before is not None and before.op in LAYER_OPS:
                found.append(node.name)
    return found
