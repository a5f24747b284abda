"""The references of an object graph by which ``tf.train.Checkpoint`` finds what has another key now.

TensorFlow restores along the names that objects have for each other, not by keys. A key says the way from the root to
its object, so a new key of as many steps asks for new names of some of these references::

    model/head/w  ->  model/top/w        what model calls head is to be called top

One gets a new name when every value that it leads to, by the way that its key says, asks for the same one, and no other
reference of that object has it. A value that does not get its whole new way keeps the old one: half of each would be a
way that nobody asked for. What does not follow is told: its value is found by the old way.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.names import some_of
from graphsurgeon.variables.object_graph import ATTRIBUTES, ObjectGraph
from graphsurgeon.variables.object_graph_keys import KEY_SUFFIXES

#: A reference: the object that has it, and what it calls the other.
Reference = tuple[int, str]
_ESCAPED = re.compile(r"\.[.S]")
_MAX_LISTED = 3


def rename_references(message: Any, keys: Mapping[str, str]) -> list[str]:
    """Give references of a TrackableObjectGraph new names, as far as they can follow their keys; return notes.

    The attributes have their new keys already; `keys` are the new ones that changed, by the old ones.
    """
    old_keys = {noted: old for each in keys.items() for noted, old in _noted(*each)}
    renamed = _agreed(message, old_keys)
    for number, node in enumerate(message.nodes):
        for child in node.children:
            child.local_name = renamed.get((number, child.local_name), child.local_name)
    return [*_aliases(message, renamed), *_left_behind(ObjectGraph(message), old_keys)]


def _noted(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Yield the new and the old key of a tensor, and what an object of several tensors, or an iterator, notes."""
    yield new, old
    for suffix in KEY_SUFFIXES:
        if old.endswith(suffix) and new.endswith(suffix):
            yield new.removesuffix(suffix), old.removesuffix(suffix)


def _agreed(message: Any, old_keys: Mapping[str, str]) -> dict[Reference, str]:
    """Return the new names by which every value is found where its key says now, or where it was."""
    objects = ObjectGraph(message)
    staying: set[str] = set()
    while True:
        renamed = _renamed(message, _wanted(objects, old_keys, staying))
        halfway = {
            key
            for key, attribute in objects.attributes.items()
            if key in old_keys and key not in staying and _is_halfway(key, objects.references(attribute.node), renamed)
        }
        if not halfway:
            return renamed
        staying |= halfway


def _is_halfway(key: str, way: Sequence[Reference], renamed: Mapping[Reference, str]) -> bool:
    """Return whether a way has new names, and is not the one that its key says."""
    names = [renamed.get(reference, reference[1]) for reference in way]
    return names != [name for _, name in way] and names != [_unescaped(step) for step in _path(key).split("/")]


def _wanted(objects: ObjectGraph, old_keys: Mapping[str, str], staying: Collection[str]) -> dict[Reference, str]:
    """Return the new names that all values behind a reference agree on; `staying` are keys that ask for the old."""
    asked: dict[Reference, set[str | None]] = defaultdict(set)
    for key, attribute in objects.attributes.items():
        old = old_keys.get(key, key)
        way = objects.references(attribute.node)
        if key in staying or attribute.node in objects.slots or objects.path(attribute.node) != _path(old):
            # Slots follow their variables; what is not where its key said before is not to move.
            asked_for: list[str | None] = [name for _, name in way]
        else:
            steps = _path(key).split("/")
            is_alike = len(steps) == len(way) and ATTRIBUTES in key
            asked_for = [_unescaped(step) for step in steps] if is_alike else [None] * len(way)
        for reference, name in zip(way, asked_for, strict=True):
            asked[reference].add(name)
    found = {}
    for reference, new in asked.items():
        (name, *others) = new
        if not others and name is not None and name != reference[1]:
            found[reference] = name
    return found


def _renamed(message: Any, wanted: Mapping[Reference, str]) -> dict[Reference, str]:
    """Return the new names, but of objects of which two references would have one name."""
    found: dict[Reference, str] = {}
    for number in {number for number, _ in wanted}:
        names = [child.local_name for child in message.nodes[number].children]
        after = Counter(wanted.get((number, name), name) for name in names)
        new = {(number, name): wanted[number, name] for name in names if (number, name) in wanted}
        if max(after.values()) == 1:
            found |= new
    return found


def _aliases(message: Any, renamed: Mapping[Reference, str]) -> Iterator[str]:
    """Yield what an object whose name changed is called by the same object besides, which stays."""
    found = []
    new = {(number, name) for (number, _), name in renamed.items()}
    for number in sorted({number for number, _ in new}):
        children = [(child.local_name, child.node_id) for child in message.nodes[number].children]
        own = {node: name for name, node in children if (number, name) in new}
        found += [f"{own[node]} is {name} too" for name, node in children if node in own and (number, name) not in new]
    if found:
        yield f"other references to renamed objects stay, and restoring finds these too: {some_of(found, _MAX_LISTED)}"


def _left_behind(objects: ObjectGraph, old_keys: Mapping[str, str]) -> Iterator[str]:
    """Yield that values are not found where their new keys say."""
    found = [
        f"{objects.path(attribute.node) or 'an object without a path'} ({key})"
        for key, attribute in objects.attributes.items()
        if key in old_keys and objects.path(attribute.node) != _path(key)
    ]
    if found:
        count = "1 value has a new key and is" if len(found) == 1 else f"{len(found):,} values have new keys and are"
        told = some_of(found, _MAX_LISTED)
        yield f"tf.train.Checkpoint finds values by objects, not by keys: {count} still at {told}"


def _path(key: str) -> str:
    return key.partition(ATTRIBUTES)[0]


def _unescaped(step: str) -> str:
    return _ESCAPED.sub(lambda match: "." if match[0] == ".." else "/", step)
