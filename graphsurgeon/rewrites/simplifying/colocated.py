"""Colocation groups of nodes some of which go: those that are left go on sharing a device."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from graphsurgeon.ir.colocation import colocations, drop_colocation, rename_colocation
from graphsurgeon.ir.edit import GraphEdit

_NOTHING: Mapping[str, str] = {}


def regroup(edit: GraphEdit, gone: Collection[str], instead: Mapping[str, str] = _NOTHING) -> None:
    """Let the nodes that are left share a device with each other, where they did with one that is `gone`.

    In the place of such a one stands the node `instead`, else what it was colocated with itself, else the first that
    was colocated with it. Costs O(nodes).
    """
    near = colocations(edit.graph)
    leaders: dict[str, str] = {}
    for name, targets in near.items():
        node = edit.get(name)
        if node is None or not any(target in gone for target in targets):
            continue
        own = edit.edit(node)
        for target in targets:
            if target in gone:
                end = _end(target, gone, near, instead)
                left = leaders.setdefault(end, name) if end in gone else end
                if left == name or left in targets:
                    drop_colocation(own, [target])
                else:
                    rename_colocation(own, {target: left})


def _end(name: str, gone: Collection[str], near: Mapping[str, list[str]], instead: Mapping[str, str]) -> str:
    """Follow what stands in the place of a node that is gone as far as it goes."""
    seen: set[str] = set()
    while name in gone and name not in seen and (name in instead or name in near):
        seen.add(name)
        name = instead[name] if name in instead else near[name][0]
    return name
