"""The variables that functions of a SavedModel of TensorFlow 2 captured: those that a program need not give them.

A function that objects export has them behind its other arguments (``bound_inputs``), by the numbers of objects::

    f(x, unknown, unknown_0)     bound_inputs: [7, 9]     unknown is the handle of the variable that is object 7
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.variables.checkpoint_keys import VariableValues, saved_keys, variable_nodes
from graphsurgeon.variables.object_variables import has_object_variables, object_variables_by_key

#: In the place of a variable's name: a handle of which nothing is known.
UNKNOWN: Final = ""


def captured_variables(
    model: Model, keys: Mapping[str, str], objects: Mapping[str, Iterable[int]]
) -> dict[str, dict[int, str]]:
    """Return the variables that functions captured, by function and number of the argument.

    `keys` are the checkpoint's, by variable, and `objects` the numbers of variables among the objects, by key.
    """
    meta, functions = model.meta, model.library.functions
    if meta is None or not functions or not has_object_variables(model):
        return {}
    nodes = meta.object_graph_def.nodes
    by_key = {key: name for name, key in keys.items()}
    names = {number: by_key[key] for key, numbers in objects.items() if key in by_key for number in numbers}
    for name, (number,) in named_objects(model).items():
        if name in keys:
            names.setdefault(number, name)
    found: dict[str, dict[int, str]] = {}
    for name, concrete in meta.object_graph_def.concrete_functions.items():
        count = len(functions[name].proto.signature.input_arg) if name in functions else 0
        first = count - len(concrete.bound_inputs)
        for number, bound in enumerate(concrete.bound_inputs, first):
            if number >= 0 and 0 <= bound < len(nodes) and nodes[bound].HasField("variable"):
                found.setdefault(name, {})[number] = names.get(bound, UNKNOWN)
    return found


def named_objects(model: Model) -> dict[str, list[int]]:
    """Return the objects that are variables, by names that only one has."""
    found: dict[str, list[int]] = {}
    for number, node in enumerate(() if model.meta is None else model.meta.object_graph_def.nodes):
        if node.HasField("variable") and node.variable.name:
            found.setdefault(node.variable.name, []).append(number)
    return {name: numbers for name, numbers in found.items() if len(numbers) == 1}


def captured_by_functions(model: Model, index: Index) -> dict[str, dict[int, str]]:
    """Return what `captured_variables` does, of a model of which no keys are known yet."""
    if not model.library.functions or not has_object_variables(model):
        return {}
    values, saved = VariableValues(model, index), saved_keys(model, index)

    def key(node: Node) -> str:
        place = values.place(node) or saved.get(node.name)
        return node.name if place is None else place.key

    keys = {node.name: key(node) for node in variable_nodes(model.graph)}
    return captured_variables(model, keys, object_variables_by_key(model))
