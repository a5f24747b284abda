"""Renaming in graphs: nodes, what they read, what they stand beside, and what they share state by.

========================== ==================================================================================
in a node                  names
========================== ==================================================================================
``name``                   the node
``input``                  ``a``, ``a:1``, ``^a``
attr ``_class``            ``loc:@a``
attr ``shared_name``       a variable, table, queue ...: usually the node itself, and the same in function bodies
attr ``_graphsurgeon``     what `freeze` noted of a variable: it and what belonged to it, and its checkpoint key
========================== ==================================================================================

Nodes of function bodies keep their names, which are the function's own; only what they share with the graph, by
``shared_name``, follows. ``frame_name`` is the name of a loop, not of a node, and stays; so does the context that
goes by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from graphsurgeon.errors import PassError
from graphsurgeon.ir.node import Node
from graphsurgeon.names import bytes_of, text_of
from graphsurgeon.rewrites.renaming.meta_graphs import rename_variable_def
from graphsurgeon.rewrites.renaming.new_names import NewNames
from graphsurgeon.variables.remembered import Remembered
from graphsurgeon.variables.unfreeze_note import ATTR
from proto_utils import schema

_CLASS, _GROUP, _SHARED, _CONTAINER = "_class", b"loc:@", "shared_name", "container"


def renamed_nodes(nodes: Iterable[Node], new: NewNames, known: Collection[str]) -> list[Node]:
    """Return the nodes of a graph under their new names: copies, where anything changes.

    A ``shared_name`` that is not among the `known` nodes and checkpoint keys of the model stays. It is a PassError
    that two variables, tables or the like that do not share their state would do so.
    """
    resources: dict[tuple[str, str, str], tuple[str, str]] = {}
    found = []
    for node in nodes:
        copy = _renamed(node, new, known)
        attr = node.proto.attr
        if _SHARED in attr:
            _note_resource(node, copy, resources)
        if ATTR in attr and node.op == "Const":
            copy = _with_note(node, copy, new, known)
        found.append(copy)
    return found


def renamed_body(nodes: Iterable[Node], new: NewNames, known: Collection[str]) -> list[Node] | None:
    """Return the nodes of a function body with the graph's state under its new names; None when nothing changes."""
    found, is_changed = [], False
    for node in nodes:
        shared = _new_shared_name(node.proto, new, known)
        if shared is not None:
            copy = node.copy()
            copy.attrs[_SHARED] = shared
            is_changed = True
            found.append(copy)
        else:
            found.append(node)
    return found if is_changed else None


def _renamed(node: Node, new: NewNames, known: Collection[str]) -> Node:
    name, inputs = new(node.name), tuple(map(new.tensor, node.inputs))
    groups, shared = _new_groups(node.proto, new), _new_shared_name(node.proto, new, known)
    if name == node.name and inputs == node.inputs and groups is None and shared is None:
        return node
    copy = node.copy()
    copy.name = name
    if inputs != node.inputs:
        copy.inputs = inputs
    if groups is not None:
        copy.editable_proto().attr[_CLASS].list.s[:] = groups
    if shared is not None:
        copy.editable_proto().attr[_SHARED].s = shared
    return copy


def _new_groups(proto: schema.NodeDef, new: NewNames) -> list[bytes] | None:
    """Return what a node is to stand beside, None when that stays."""
    if _CLASS not in proto.attr:
        return None
    groups = list(proto.attr[_CLASS].list.s)
    found = [_GROUP + _new_bytes(group[len(_GROUP) :], new) if group.startswith(_GROUP) else group for group in groups]
    return found if found != groups else None


def _new_shared_name(proto: schema.NodeDef, new: NewNames, known: Collection[str]) -> bytes | None:
    """Return the name that a node is to share its state by, None when that stays."""
    if _SHARED not in proto.attr:
        return None
    old = proto.attr[_SHARED].s
    name = text_of(old)
    if not name or (name not in known and name != proto.name):
        return None
    found = _new_bytes(old, new)
    return found if found != old else None


def _new_bytes(name: bytes, new: NewNames) -> bytes:
    return bytes_of(new(text_of(name)))


def _note_resource(old: Node, now: Node, resources: dict[tuple[str, str, str], tuple[str, str]]) -> None:
    """Note under what name a node has its state, and refuse one that another state has."""
    before, after = (text_of(node.proto.attr[_SHARED].s) or node.name for node in (old, now))
    container = text_of(old.proto.attr[_CONTAINER].s) if _CONTAINER in old.proto.attr else ""
    other, holder = resources.setdefault((old.op, container, after), (before, old.name))
    if other != before:
        raise PassError(
            "rename",
            f"it would share its state with {holder!r}, under the name {after!r}",
            node=old.name,
            hint=f"the attr shared_name of one of them names nothing in the model: give {after!r} another new name",
        )


def _with_note(node: Node, copy: Node, new: NewNames, known: Collection[str]) -> Node:
    """Return the node with the note of `freeze` in step."""
    note = Remembered.of(node)
    if note is None:
        return copy
    before = note.to_attr()
    note = note._replace(key=new.key(note.key))
    for definition, _ in note.definitions:
        rename_variable_def(definition, new)
    for proto in (note.variable, *note.nodes):
        _rename_proto(proto, new, known)
    if note.to_attr() != before:
        copy = copy if copy is not node else node.copy()
        copy.attrs[ATTR] = note.to_attr()
    return copy


def _rename_proto(proto: schema.NodeDef, new: NewNames, known: Collection[str]) -> None:
    groups, shared = _new_groups(proto, new), _new_shared_name(proto, new, known)
    proto.name = new(proto.name)
    proto.input[:] = [new.tensor(text) for text in proto.input]
    if groups is not None:
        proto.attr[_CLASS].list.s[:] = groups
    if shared is not None:
        proto.attr[_SHARED].s = shared
