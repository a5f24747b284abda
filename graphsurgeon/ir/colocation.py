"""Colocation: nodes that are to share a device with others, by the entries ``loc:@x`` of their attr ``_class``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphsurgeon.ir.node import Node
from graphsurgeon.names import bytes_of, text_of
from proto_utils import schema

_COLOCATION = "_class"
_GROUP = b"loc:@"


def colocated_with(node: Node) -> list[str]:
    """Return the nodes that a node is to share a device with."""
    attr = node.attr(_COLOCATION)
    return [] if attr is None else _names(attr)


def colocations(nodes: Iterable[Node]) -> dict[str, list[str]]:
    """Return what nodes are colocated with, by their names; those that are with nothing are not in it."""
    found = {}
    for node in nodes:
        # Who noted what kind of node it is has looked.
        if node.kind is None:
            near = colocated_with(node)
            if near:
                found[node.name] = near
        elif node.beside is not None:
            found[node.name] = [node.beside]
    return found


def drop_colocation(node: Node, gone: Iterable[str]) -> None:
    """Take entries out of a node's attr ``_class``, and the attr itself when none is left.

    The node has that attr, is edited, and may be of any protobuf pool.
    """
    names = set(gone)
    attr = node.editable_proto().attr
    groups = attr[_COLOCATION].list.s
    left = [group for group in groups if not (group.startswith(_GROUP) and _name(group) in names)]
    if left:
        groups[:] = left
    else:
        del attr[_COLOCATION]


def rename_colocation(node: Node, names: Mapping[str, str]) -> None:
    """Let a node, which is edited, share a device with nodes that have other names now; other entries stay."""
    if node.attr(_COLOCATION) is not None:
        groups = node.editable_proto().attr[_COLOCATION].list.s
        groups[:] = [
            _GROUP + bytes_of(names[_name(group)]) if group.startswith(_GROUP) and _name(group) in names else group
            for group in groups
        ]


def _names(attr: schema.AttrValue) -> list[str]:
    return [_name(group) for group in attr.list.s if group.startswith(_GROUP)]


def _name(group: bytes) -> str:
    return text_of(group[len(_GROUP) :])
