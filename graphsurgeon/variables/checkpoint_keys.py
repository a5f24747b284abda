"""Which key of the checkpoint holds the value of which variable.

Read from the graph's own saver, as its restore op assigns: keys may differ from
names (``Saver({"other/name": v})``), and a partitioned variable is restored by
slices of one key. What no saver names is found by its own name, by the name of the
whole of which it is ``/part_N``, or through the object graph of a TensorFlow 2
checkpoint, which notes the full name of each variable beside its key.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import variable_shape
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.names import node_of, text_of
from graphsurgeon.tensors.boxes import Box
from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, read_object_graph
from graphsurgeon.variables.saver_calls import SaverCall, saver_calls
from graphsurgeon.variables.shape_and_slice import format_shape_and_slice, parse_shape_and_slice
from proto_utils.errors import NotFoundError
from proto_utils.named_tuple import NamedTuple

#: What `tf.train.ExponentialMovingAverage` adds to the name of a variable.
EMA = "ExponentialMovingAverage"

_PART = re.compile(r"(?P<whole>.+)/part_(?P<number>\d{1,9})")


class SavedAs(NamedTuple):
    """Where a checkpoint holds a variable: a key, and the slice of its tensor of that shape, if not all."""

    key: str
    box: Box | None = None
    shape: tuple[int, ...] = ()

    @property
    def slice(self) -> str:
        """The slice as savers write it, ``"10 4 0,5:0,4"``; empty for all of it."""
        return "" if self.box is None else format_shape_and_slice(self.shape, self.box)


def saved_keys(model: Model, index: Index, calls: Iterable[SaverCall] | None = None) -> dict[str, SavedAs]:
    """Return where the graph's savers restore each variable from; the one that its SaverDef names has the last word.

    `calls` are the model's `saver_calls`, where they are known.
    """
    found = declared_parts(model)
    known = saver_calls(model, index) if calls is None else calls
    for call in sorted((call for call in known if call.is_restore), key=lambda call: call.is_main):
        for key, spec, _, targets in call.restored(index):
            parsed = parse_shape_and_slice(spec) if targets else None
            place = SavedAs(key) if parsed is None else SavedAs(key, parsed[1], parsed[0])
            found.update((node.name, place) for node, _ in targets)
    return found


def declared_parts(model: Model) -> dict[str, SavedAs]:
    """Return where a saver that TensorFlow makes has parts of variables, by node, as their VariableDefs say."""
    found = {}
    for definition in () if model.meta is None else variable_defs(model.meta):
        part = definition.save_slice_info_def
        if part.full_name and len(part.full_shape) == len(part.var_offset) == len(part.var_shape):
            box = tuple((start, start + length) for start, length in zip(part.var_offset, part.var_shape, strict=True))
            found[node_of(definition.variable_name)] = SavedAs(part.full_name, box, tuple(part.full_shape))
    return found


class VariableValues:
    """The values of a graph's variables, by variable node: slices of the tensors in the model's `variables`.

    `calls` are the model's `saver_calls`, where they are known.
    """

    def __init__(self, model: Model, index: Index, calls: Iterable[SaverCall] | None = None) -> None:
        self._model = model
        self._index = index
        self._saved = saved_keys(model, index, calls)
        self._full_names: Mapping[str, str] | None = None
        self._parts: dict[str, list[tuple[int, Node]]] | None = None  # by their whole, with their numbers
        self._sums: dict[tuple[str, int], tuple[list[int], list[int]]] = {}  # numbers and where each part begins

    def __getitem__(self, node: Node) -> tuple[str, Tensor]:
        """Return the checkpoint key and the value of a variable; NotFoundError has near keys when there is none."""
        place = self.place(node)
        if place is None:
            wanted = self._saved[node.name].key if node.name in self._saved else node.name
            hint = None if self._model.variables else 'there is no checkpoint: name it with `load(checkpoint="PREFIX")`'
            kind = "value in the checkpoint for variable"
            raise NotFoundError.among(kind, wanted, self._model.variables, hint=hint)
        tensor = self._model.variables[place.key]
        return place.key, tensor if place.box is None else SlicedTensor.of_box(tensor, place.box)

    def place(self, node: Node) -> SavedAs | None:
        """Return where the checkpoint holds a variable, or None."""
        keys = self._model.variables
        saved = self._saved.get(node.name)
        if saved is not None and saved.key in keys:
            return saved
        for name in _own_names(node):
            if name in keys:
                return SavedAs(name)
            if name in self._by_full_name():
                return SavedAs(self._by_full_name()[name])
        return self._part(node)

    def average(self, node: Node) -> tuple[str, Tensor] | None:
        """Return the key and value of a variable's exponential moving average, None when the checkpoint has none."""
        place = self.place(node)
        names = [f"{name}/{EMA}" for name in ([] if place is None else [place.key]) + [node.name]]
        # The average may be a variable of the graph, and saved under another name.
        if names[-1] in self._saved:
            names.append(self._saved[names[-1]].key)
        return next(((name, self._model.variables[name]) for name in names if name in self._model.variables), None)

    def _by_full_name(self) -> Mapping[str, str]:
        if self._full_names is None:
            self._full_names = _full_names(self._model.variables)
        return self._full_names

    def _part(self, node: Node) -> SavedAs | None:
        """Place a ``/part_N`` that no saver names: the parts lie one behind the other on one axis."""
        match = _PART.fullmatch(node.name)
        if match is None or match["whole"] not in self._model.variables:
            return None
        whole = self._model.variables[match["whole"]].shape
        shape = _shape(node)
        axes = [axis for axis, (part, full) in enumerate(zip(shape, whole, strict=False)) if part != full]
        if len(shape) != len(whole) or len(axes) > 1:
            return None
        axis = axes[0] if axes else 0
        offset = self._lengths_before(match["whole"], int(match["number"]), axis)
        box = tuple((offset, offset + dim) if i == axis else (0, dim) for i, dim in enumerate(shape))
        return SavedAs(match["whole"], box, whole)

    def _lengths_before(self, whole: str, number: int, axis: int) -> int:
        """Return how long the parts of a lower number are together along an axis, as far as they are there."""
        if self._parts is None:
            self._parts = {}
            for name, node in self._index.producers.items():
                match = _PART.fullmatch(name)
                if match is not None and name == f"{match['whole']}/part_{int(match['number'])}":
                    self._parts.setdefault(match["whole"], []).append((int(match["number"]), node))
        known = self._sums.get((whole, axis))
        if known is None:
            parts = sorted(self._parts.get(whole, ()), key=lambda part: part[0])
            lengths = ((_shape(node)[axis : axis + 1] or (0,))[0] for _, node in parts)
            known = [part for part, _ in parts], [0, *itertools.accumulate(lengths)]
            self._sums[whole, axis] = known
        numbers, sums = known
        return sums[bisect_left(numbers, number)]


def restored_by_objects(model: Model, index: Index) -> set[str]:
    """Return the variables that no saver of the graph restores, and whose keys the objects of the checkpoint tell.

    Of a layer of Keras 3 the signatures read such a one, while the saver restores a copy of it.
    """
    if OBJECT_GRAPH_KEY not in model.variables:
        return set()
    saved, values = saved_keys(model, index), VariableValues(model, index)
    unsaved = (node for node in variable_nodes(model.graph) if node.name not in saved)
    return {node.name for node in unsaved if values.place(node) is not None}


def variable_nodes(graph: Graph) -> Iterator[Node]:
    """Yield the nodes that are variables, or handles of variables."""
    return iter(graph.nodes_of(REF_OPS | RESOURCE_OPS))


def _full_names(tensors: Mapping[str, Tensor]) -> Mapping[str, str]:
    objects = read_object_graph(tensors)
    return {} if objects is None else objects.full_names()


def _own_names(node: Node) -> list[str]:
    shared = text_of(attr.s) if (attr := node.attr("shared_name")) is not None else ""
    return [node.name] if not shared or shared == node.name else [node.name, shared]


def _shape(node: Node) -> tuple[int, ...]:
    shape = variable_shape(node)
    return () if shape is None or shape.dims is None else tuple(dim or 0 for dim in shape.dims)
