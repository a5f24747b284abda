"""The parameters of a model: its variables, or the weights among the constants of a frozen graph.

Whether one is trained the collections say, else the objects of a SavedModel of TensorFlow 2, else what ops use it for.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, variable_dtype, variable_shape
from graphsurgeon.ir.op_families import CALL_OPS, REF_OPS, RESOURCE_OPS
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.names import node_of, node_of_input
from graphsurgeon.rewrites.training.trained import trained_objects
from graphsurgeon.rewrites.training.trained_lists import listed_as_trained
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.variables.checkpoint_keys import VariableValues
from graphsurgeon.variables.roles import variable_roles
from graphsurgeon.weights import Weight, find_weights
from graphsurgeon.weights.roles import is_trainable, is_untrained_name
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple


class Parameter(NamedTuple):
    """A variable or weight; `name` is what the program calls it, as far as that is known."""

    name: str
    size: int
    nbytes: int
    is_trained: bool


def parameters_of(model: Model, index: Index, weights: Sequence[Weight] | None = None) -> dict[str, Parameter]:
    """Return the parameters of a model's graph by their nodes; reads no value; `weights` as `find_weights` has them."""
    weights = find_weights(model, index).weights if weights is None else weights
    found = {
        each.node.name: Parameter(each.variable, math.prod(each.shape), each.nbytes, each.trainable) for each in weights
    }
    variables = list(model.graph.nodes_of(REF_OPS | RESOURCE_OPS))
    if not variables:
        return found
    # Beside variables stand constants that look like weights: what variables are initialized with.
    found = {name: each for name, each in found.items() if not _initializes(index, name)}
    given = dict(_given_handles(model))
    lists = {} if model.meta is None else listed_as_trained(model.meta)
    trained = _Trained(model, index, [node.name for node in variables if node.name not in given])
    shapes = _Shapes(model, index)
    for node in variables:
        dtype, dims = variable_dtype(node), shapes.dims(node)
        size = math.prod(dims)
        nbytes = size * (0 if dtype is None else dtype.itemsize)
        own = given.get(node.name)
        if own is None:
            found[node.name] = Parameter(node.name, size, nbytes, trained.is_trained(node.name, dtype))
        else:
            is_trained = own.saved.trainable and lists.get(own.number, True)
            found[node.name] = Parameter(own.saved.name or node.name, size, nbytes, is_trained)
    return found


def _initializes(index: Index, name: str) -> bool:
    return all(reader.op in ("Assign", "AssignVariableOp", "Fill") for reader, _ in index.consumers(name))


class _Shapes:
    """The shapes of variables; of one that the graph leaves open, that of its value."""

    def __init__(self, model: Model, index: Index) -> None:
        self._model, self._index = model, index
        self._values: VariableValues | None = None

    def dims(self, node: Node) -> Sequence[int]:
        shape = variable_shape(node)
        if shape is not None and shape.dims is not None and None not in shape.dims:
            return [size or 0 for size in shape.dims]
        if self._values is None:
            self._values = VariableValues(self._model, self._index)
        place = self._values.place(node)
        return (0,) if place is None else self._model.variables[place.key].shape


class _Trained:
    """Whether variables are trained, as far as what surrounds the graph tells; else by what ops use them for."""

    def __init__(self, model: Model, index: Index, names: Collection[str]) -> None:
        meta = model.meta
        self._listed: dict[str, bool] = {}
        if meta is not None:
            trained = {node_of(each.variable_name) for each in variable_defs(meta, ("trainable_variables",))}
            self._listed = {node_of(each.variable_name): False for each in variable_defs(meta)}
            self._listed |= dict.fromkeys(trained, True)
            self._listed = trained_objects(meta) | self._listed
        unknown = [name for name in names if name not in self._listed]
        self._roles = variable_roles(model, index, unknown) if unknown else {}

    def is_trained(self, name: str, dtype: DType | None) -> bool:
        known = self._listed.get(name)
        if known is not None or dtype is None:
            return bool(known)
        role = self._roles.get(name)
        return is_trainable(role or "variable", dtype) and (role is not None or not is_untrained_name(name))


class _Object(NamedTuple):
    """A variable among the objects of a SavedModel, and its number there."""

    saved: schema.SavedVariable
    number: int


def _given_handles(model: Model) -> Iterator[tuple[str, _Object]]:
    """Yield the handles that calls give to functions of objects, and the variables that those stand for."""
    meta = model.meta
    if meta is None or not meta.HasField("object_graph_def"):
        return
    functions, objects = meta.object_graph_def.concrete_functions, meta.object_graph_def.nodes
    for node in model.graph:
        called = attr_of(node, "f") if node.op in CALL_OPS else None
        if not isinstance(called, Func) or called.name not in functions:
            continue
        bound = functions[called.name].bound_inputs
        given = node.data_inputs[len(node.data_inputs) - len(bound) :] if len(bound) else ()
        for text, number in zip(given, bound, strict=False):
            if 0 <= number < len(objects) and objects[number].HasField("variable"):
                yield node_of_input(text), _Object(objects[number].variable, number)
