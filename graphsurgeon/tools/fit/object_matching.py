"""Matching two object graphs: by the names of variables, then by the paths of objects, by keys last.

A key that says a layer's position stands for another variable in a model with one layer more. So what a name finds is
not looked up by its key, and nothing is taken by path or key that a name gave to another variable. A slot of an
optimizer gets that slot of the tensor which its variable gets, or none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from graphsurgeon.names import some_of
from graphsurgeon.tools.fit.requirements import VALUE_END, Requirement
from graphsurgeon.variables.object_names import COPY, ObjectNames
from proto_utils.named_tuple import NamedTuple

_MAX_TOLD = 3


class KeyMatch(NamedTuple):
    """A key of the checkpoint, and why it is the one."""

    key: str
    why: str


def matches_of_objects(
    wanted: Sequence[Requirement], keys: Collection[str], objects: ObjectNames, by_rule: Mapping[str, KeyMatch]
) -> dict[str, KeyMatch]:
    """Match the requirements of one object graph to the `keys` and `objects` of another; `by_rule` is settled."""
    found = dict(by_rule)
    moved = {match.key for match in by_rule.values()}
    for each in wanted:
        if each.key not in found and each.slot_of is None:
            match = _by_name(each, objects)
            if match is not None and match.key in keys and match.key not in moved:
                found[each.key] = match
    found |= slot_matches(wanted, objects, found)
    paths: dict[str, str] = {}
    for key, ways in objects.paths.items():
        paths |= {way: key for way in ways if key in keys and way not in paths}
    names = {each.key for each in wanted}
    taken = {match.key for match in found.values()}
    for each in wanted:
        # Without its variable, a slot is by itself.
        is_alone = each.slot_of is None or each.slot_of[0] not in names
        if each.key in found or not is_alone:
            continue
        match = _by_name(each, objects) if each.slot_of is not None else None
        match = match or _by_path(each, paths, keys)
        if match is not None and match.key in keys and match.key not in taken:
            found[each.key] = match
    return found | slot_matches(wanted, objects, found)


def slot_matches(
    wanted: Sequence[Requirement], objects: ObjectNames, found: Mapping[str, KeyMatch]
) -> dict[str, KeyMatch]:
    """Match slots of optimizers that have no tensor yet to those of what their variables got."""
    own = {of: key for key, of in objects.slots.items()}
    matches = {}
    for each in wanted:
        if each.slot_of is not None and each.key not in found and each.slot_of[0] in found:
            variable = found[each.slot_of[0]].key
            key = own.get((variable, each.slot_of[1]))
            if key is not None:
                matches[each.key] = KeyMatch(key, f"the slot {each.slot_of[1]} of {variable}")
    return matches


def object_notes(wanted: Sequence[Requirement], objects: ObjectNames, found: Mapping[str, KeyMatch]) -> list[str]:
    """Return remarks: keys and names that disagree, tensors that feed several keys."""
    by_name, by_key, takers = [], [], defaultdict(list)
    for each in wanted:
        match = found.get(each.key)
        if match is None or not each.paths:
            continue
        takers[match.key].append(each.key)
        named = objects.names.get(match.key, "")
        under_key = objects.names.get(each.key, "")
        if each.called and named == each.called and match.key != each.key and under_key not in ("", each.called):
            by_name.append(f"{each.key} is {each.called}, and {under_key} in the checkpoint")
        elif each.called and named and each.called.removeprefix(COPY) != named.removeprefix(COPY):
            by_key.append(f"{each.key} is {each.called}, and gets {named}")
    shared = [f"{key} to {' and '.join(keys)}" for key, keys in takers.items() if len(keys) > 1]
    texts = {
        "names count where keys and names disagree": by_name,
        "matched although the names differ": by_key,
        "one tensor goes to several keys": shared,
    }
    return [f"{text} ({len(rows):,}): {some_of(rows, _MAX_TOLD, '; ')}" for text, rows in texts.items() if rows]


def _by_name(requirement: Requirement, objects: ObjectNames) -> KeyMatch | None:
    """Return what has the variable's name; of twins, the other one will do."""
    called = requirement.called
    for name in (called, called.removeprefix(COPY), COPY + called) if called else ():
        if name in objects.keys:
            key = objects.keys[name]
            return KeyMatch(key, "name" if key == requirement.key else f"the variable's name, {name}")
    return None


def _by_path(requirement: Requirement, paths: Mapping[str, str], keys: Collection[str]) -> KeyMatch | None:
    key = requirement.key
    if key in keys and key.removesuffix(VALUE_END) in requirement.paths[:1]:
        return KeyMatch(key, "name")
    path = next((path for path in requirement.paths if path in paths), None)
    if path is not None:
        return KeyMatch(paths[path], f"the path {path}")
    return KeyMatch(key, "name") if key in keys else None
