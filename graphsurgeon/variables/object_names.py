"""What stands for the same variable in two TensorFlow 2 checkpoints, whatever their keys.

Keys are made of positions where a program has lists of layers, so one more layer shifts all behind it. The full name
of a variable, which the object graph has too, does not shift, but for what belongs to an optimizer:

============================ ======================================================
value                        its name here
============================ ======================================================
a variable                   its full name: ``dense/kernel``
a slot of an optimizer       ``m of dense/kernel``: it goes with its variable
a number of an optimizer     its full name without the scope: Keras counts these
a twin of a Keras export     ``copy of dense/kernel``: below ``_all_variables/``
============================ ======================================================

A name that several variables of one checkpoint have says nothing about any of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping

from graphsurgeon.tensors.compare import same_values
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import ATTRIBUTES, ObjectGraph, read_object_graph
from graphsurgeon.variables.optimizer_state import own_of_objects, slots_of_objects

#: Before the name of a twin.
COPY = "copy of "
#: Where an export of Keras 3 has them, in an order of each process's own.
TWINS = "_all_variables/"
#: Keras counts layers that have no name of their own, through all models of a program.
_COUNTED = re.compile(r"_\d+(?=/|$)")


class ObjectNames:
    """The names of the tensors of a checkpoint, as far as its object graph tells them apart.

    Attributes
    ----------
    names : mapping of str to str
        By key.
    keys : mapping of str to str
        By name.
    full_names : mapping of str to str
        By key, also those that several variables have.
    slots : mapping of str to (str, str)
        The key of its variable, and what a slot is called, by the slot's key.
    paths : mapping of str to list of str
        The ways to a variable from the root, one for each reference to it, by key.
    """

    def __init__(self, objects: ObjectGraph) -> None:
        own = own_of_objects(objects)
        self.slots = slots_of_variables(objects, own)
        names = {key: _name(key, each.full_name, key in own) for key, each in objects.attributes.items()}
        for key, (original, slot) in self.slots.items():
            names[key] = f"{slot} of {names[original]}" if names.get(original) else ""
        self.full_names = {key: each.full_name for key, each in objects.attributes.items()}
        num_having = Counter(names.values())
        self.names = {key: name for key, name in names.items() if name and num_having[name] == 1}
        self.keys = {name: key for key, name in self.names.items()}
        self.paths = _paths(objects)


def slots_of_variables(objects: ObjectGraph, own: Collection[str] | None = None) -> dict[str, tuple[str, str]]:
    """Return the key of its variable, and what a slot is called, by the slot's own key.

    References tell it, or full names. `own` is what optimizers keep for themselves, when that is known.
    """
    return _slots_by_name(objects, own_of_objects(objects) if own is None else own) | slots_of_objects(objects)


def object_names(tensors: Mapping[str, Tensor]) -> ObjectNames | None:
    """Return the names of a checkpoint's tensors, None without an object graph; errors as `read_object_graph`."""
    objects = read_object_graph(tensors)
    return None if objects is None else ObjectNames(objects)


def is_alike(name: str, other: str) -> bool:
    """Return whether names differ at most by the numbers that Keras counts layers with."""
    return _COUNTED.sub("", name) == _COUNTED.sub("", other)


def disagreements(first: ObjectNames, second: ObjectNames) -> dict[str, tuple[str, str]]:
    """Return the keys that stand for different variables in two checkpoints, with the name in each.

    Names that only count otherwise are the same as long as none of them is a name in the other checkpoint.
    """
    found = {}
    for key, name in first.names.items():
        other = second.names.get(key, name)
        is_known = name in second.keys or other in first.keys
        if name != other and (is_known or not is_alike(name, other)):
            found[key] = (name, other)
    return found


def twin_keys(names: ObjectNames) -> list[str]:
    """Return the keys of twins whose variable is known."""
    return [key for key, name in names.names.items() if name.startswith(COPY)]


def twins_as_in(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> dict[str, str]:
    """Return the keys that twins of the second have in the first, where they are the same ones in another order."""
    names, others = object_names(first), object_names(second)
    if names is None or others is None:
        return {}
    found = {key: names.keys.get(others.names[key], "") for key in twin_keys(others)}
    return found if {*found} == {*found.values()} and any(old != new for old, new in found.items()) else {}


def with_keys_of(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> tuple[Mapping[str, Tensor], list[str]]:
    """Return the second checkpoint with the keys that its variables have in the first, and a line for each that moved.

    Where every key stands for the same variable in both, or one has no object graph, it is the second itself. What the
    first does not have, but has another variable under the key of, gets its name behind its key. Twins of a Keras
    export go by their variables without a line: their order means nothing. Values are read only of those whose names
    others have too; these are told apart by the values that they share with their variables.
    """
    names = object_names(first)
    others = None if names is None else object_names(second)
    if names is None or others is None:
        return second, []
    differing, twins = disagreements(names, others), _unnamed_twins(first, names, second, others)
    named = {key: names.keys[name] for key, name in others.names.items() if names.keys.get(name, key) != key}
    staying = second.keys() - differing.keys() - twins.keys()
    clashing = [key for key, new in named.items() if new in staying and new not in named]
    wanting: dict[str, list[str]] = {}
    for key, new in named.items():
        wanting.setdefault(new, []).append(key)
    while clashing:
        # What stays has no name that tells it from others, and takes it from those that would have had its own.
        key = clashing.pop()
        if named.pop(key, None) is not None and key in staying:
            clashing += wanting.get(key, ())
    if not differing and not twins and not named:
        return second, []
    found: dict[str, Tensor] = {}
    moved = []
    for key, tensor in second.items():
        name = others.names.get(key, "")
        new = twins.get(key) or named.get(key, key)
        if name not in names.keys and key in differing:
            new = f"{key} ({name})"
            moved.append(f"{key} is {name}, for which there is no other")
        elif new != key and not name.startswith(COPY) and key not in twins:
            moved.append(f"{key} is {name}, as {new} is")
        found[new] = tensor
    return found, moved


def _unnamed_twins(
    first: Mapping[str, Tensor], names: ObjectNames, second: Mapping[str, Tensor], others: ObjectNames
) -> dict[str, str]:
    """Return the keys that twins whose names do not tell them apart have in the first, by those in the second."""
    sides = [_originals(tensors, each) for tensors, each in ((first, names), (second, others))]
    ours = {original: key for key, original in sides[0].items()}
    found = {key: ours[original] for key, original in sides[1].items() if original in ours}
    return found if {*found} == {*found.values()} else {}


def _originals(tensors: Mapping[str, Tensor], names: ObjectNames) -> dict[str, str]:
    """Return the keys of the variables that twins without a name of their own are of, by name, kind and values."""
    unnamed = [key for key in tensors if f"/{key}".find(f"/{TWINS}") >= 0 and key not in names.names]
    if not unnamed:
        return {}
    others = [key for key in tensors if key in names.full_names and f"/{key}".find(f"/{TWINS}") < 0]
    found: dict[str, str] = {}
    for key in unnamed:
        twin = tensors[key]
        for other in others:
            if names.full_names.get(other) == names.full_names.get(key) and other not in found.values():
                tensor = tensors[other]
                is_alike_tensor = (tensor.dtype, tensor.shape) == (twin.dtype, twin.shape)
                if is_alike_tensor and same_values(tensor, twin):
                    found[key] = other
                    break
    return found


def _name(key: str, full_name: str, is_own: bool) -> str:
    if is_own:
        return f"optimizer's {full_name.partition('/')[2]}" if "/" in full_name else ""
    return COPY + full_name if full_name and f"/{key}".find(f"/{TWINS}") >= 0 else full_name


def _slots_by_name(objects: ObjectGraph, own: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return slots by what Keras 2 calls them: ``Adam/m/dense/kernel`` is m of ``dense/kernel``."""
    variables = objects.full_names()
    found = {}
    for key in own:
        attribute = objects.attributes[key]
        _, _, slot_and_variable = attribute.full_name.partition("/")
        slot, _, variable = slot_and_variable.partition("/")
        if slot and variables.get(variable, key) not in own:
            found[key] = (variables[variable], slot)
    return found


def _paths(objects: ObjectGraph) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, attribute in objects.attributes.items():
        path = objects.path(attribute.node)
        found[key] = [path] if path else []
    for parent in range(len(objects)):
        for name, child in objects.children(parent):
            for each in objects.saved_by(child):
                path = objects.path_of_reference(parent, name)
                if path is not None and path not in found[each.key]:
                    found[each.key].append(path)
    return {key: sorted(paths, key=len) for key, paths in found.items() if ATTRIBUTES in key}
