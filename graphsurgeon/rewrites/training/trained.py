"""Which variables an optimizer trains, where the caller says so: their VariableDefs and collections follow.

TensorFlow trains what the collection ``trainable_variables`` lists, in version 1; the ``trainable`` of a VariableDef
tells version 2. Who loads a SavedModel of it is told by the object of a variable, and by lists of objects. Of two
patterns that contradict each other about a variable, the narrower decides: all that it matches, the other matches too.
So ``not_trainable=".*"`` with ``trainable="head/.*"`` trains the head alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node_facts import variable_dtype
from graphsurgeon.meta_graph.collections import set_trainable, variable_defs
from graphsurgeon.names import matches, node_of, some_of, split_patterns
from graphsurgeon.rewrites.training.trained_lists import list_as_trained, listed_as_trained
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema
from proto_utils.errors import NotFoundError
from proto_utils.named_tuple import NamedTuple


class Choice(NamedTuple):
    """What was said of one variable, and by which pattern."""

    is_trained: bool
    pattern: str


def choose_trained(
    model: Model,
    trainable: Sequence[str],
    not_trainable: Sequence[str],
    *,
    operation: str,
    also: Mapping[str, str] | None = None,
) -> tuple[dict[str, Choice], list[str]]:
    """Let the meta graph say which of its variables are trained; return what was said of each, and notes.

    The patterns are names or regular expressions for whole names; `also` has other names that variables go by.
    A pattern that matches none is a NotFoundError, a contradiction a PassError.
    """
    if model.meta is None or not (trainable or not_trainable):
        return {}, []
    objects = object_variables(model.meta)
    listed = (node_of(each.variable_name) for each in variable_defs(model.meta))
    variables = list(dict.fromkeys([*listed, *objects]))
    names = {name: [name, *([also[name]] if also and name in also else [])] for name in variables}
    known = {name for each in names.values() for name in each}
    asked = [(pattern, True) for pattern in split_patterns(trainable, known)]
    asked += [(pattern, False) for pattern in split_patterns(not_trainable, known)]
    matched = [_matched(pattern, names, model) for pattern, _ in asked]
    dtypes = {name: _dtype(model, name, objects) for name in variables}
    integers = {name for name, dtype in dtypes.items() if not _has_gradient(dtype)}
    notes = []
    for (pattern, is_trained), found in zip(asked, matched, strict=True):
        refused = [name for name in found if name in integers] if is_trained else []
        if len(refused) == len(found):
            dtype = dtypes[refused[0]]
            reason = f"a variable of {dtype.name if dtype else 'no type'} has no gradient, so no optimizer trains it"
            raise PassError(operation, reason, node=refused[0])
        if refused:
            some = some_of([*map(repr, refused)])
            notes.append(
                f"{pattern!r} matches {some} too: not trained, for only real and complex numbers have gradients"
            )
            found.difference_update(refused)
    chosen = _decide(variables, asked, matched, operation)
    numbers = {number: chosen[each.name].is_trained for number, each in _numbered(model.meta) if each.name in chosen}
    list_as_trained(model, numbers, operation)
    set_trainable(model.meta, {f"{name}:0": choice.is_trained for name, choice in chosen.items()})
    for name, choice in chosen.items():
        for each in objects.get(name, ()):
            each.trainable = choice.is_trained
    return chosen, notes


def trained_objects(meta: schema.MetaGraphDef) -> dict[str, bool]:
    """Return whether the objects of a SavedModel of TensorFlow 2 say that variables are trained, by their names.

    What lists of objects say goes before what variables say of themselves.
    """
    lists = listed_as_trained(meta)
    found: dict[str, bool] = {}
    for number, variable in _numbered(meta):
        if number in lists:
            found[variable.name] = lists[number] and variable.trainable
    for _, variable in _numbered(meta):
        found.setdefault(variable.name, variable.trainable)
    return found


def object_variables(meta: schema.MetaGraphDef) -> dict[str, list[schema.SavedVariable]]:
    """Return the variables among the objects of a SavedModel of TensorFlow 2, by their names."""
    found: dict[str, list[schema.SavedVariable]] = {}
    for _, variable in _numbered(meta):
        found.setdefault(variable.name, []).append(variable)
    return found


def _numbered(meta: schema.MetaGraphDef) -> Iterator[tuple[int, schema.SavedVariable]]:
    """Yield the variables that have a name among the objects, with the numbers of their objects."""
    for number, node in enumerate(meta.object_graph_def.nodes) if meta.HasField("object_graph_def") else ():
        if node.HasField("variable") and node.variable.name:
            yield number, node.variable


def _matched(pattern: str, names: Mapping[str, Collection[str]], model: Model) -> set[str]:
    found = {variable for variable, each in names.items() if any(matches(pattern, name) for name in each)}
    if not found:
        kept = next((node.name for node in model.graph.nodes_of(("Const",)) if matches(pattern, node.name)), None)
        hint = None if kept is None else f"{kept!r} stays a constant; `select='{kept}'` makes it a variable"
        raise NotFoundError.among("variable", pattern, names, hint=hint)
    return found


def _dtype(model: Model, name: str, objects: Mapping[str, Sequence[schema.SavedVariable]]) -> DType | None:
    if name in model.graph:
        return variable_dtype(model.graph[name])
    return DType.from_number(objects[name][0].dtype) if name in objects else None


def _has_gradient(dtype: DType | None) -> bool:
    return dtype is not None and (dtype.is_floating or dtype.is_complex)


def _decide(
    variables: Sequence[str], asked: Sequence[tuple[str, bool]], matched: Sequence[set[str]], operation: str
) -> dict[str, Choice]:
    chosen: dict[str, Choice] = {}
    rules = [(Choice(is_trained, pattern), found) for (pattern, is_trained), found in zip(asked, matched, strict=True)]
    for name in variables:
        said = [(choice, found) for choice, found in rules if name in found]
        # What no pattern that says the opposite is as narrow as.
        free = [
            choice
            for choice, found in said
            if all(found < other for opposite, other in said if opposite.is_trained != choice.is_trained)
        ]
        if free:
            chosen[name] = free[0]
        elif said:
            patterns = some_of([repr(choice.pattern) for choice, _ in said])
            reason = f"{patterns} say both that it is trained and that it is not, and neither is the narrower"
            raise PassError(operation, reason, node=name, hint="let one of them match only what it is about")
    return chosen
