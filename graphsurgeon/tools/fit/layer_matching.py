"""Weights of Keras layers that have numbers for names, as `import` has them of ``.weights.h5`` and ``.keras`` files.

``conv1/0`` and ``conv1/1`` are what layer ``conv1`` made first and second. So a graph's ``conv1/kernel`` and
``conv1/bias`` are those, where the layer has as many variables there, of the same shapes in Keras's order. All or none
of a layer go over. The layer is the one of that name, or else the only one whose name ends so (a model in a model may
have been built with the scope of that or without), or the only one in it, or that with one scope more between (a
TimeDistributed has no scope for its own layer). The scope of the whole model, which these files have not, does not
count.

Where keys are names, a variable directly in a TimeDistributed is that of the only layer in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from graphsurgeon.formats.arrays.keras_like import weight_rank
from graphsurgeon.names import scope_of
from graphsurgeon.tools.fit.matching import Weights
from graphsurgeon.tools.fit.object_matching import KeyMatch
from graphsurgeon.tools.fit.requirements import Requirement

_TIME_DISTRIBUTED: Final = re.compile(r"time_distributed(_\d+)?")


def matches_of_layers(
    wanted: Sequence[Requirement], weights: Weights, found: Mapping[str, KeyMatch]
) -> dict[str, KeyMatch]:
    """Match what is wanted and not `found` to the numbered weights of layers, by key; O(keys times depth of scopes)."""
    used = {key for match in found.values() for key in weights.used_by(match.key)}
    layers: dict[str, list[Requirement]] = {}
    for each in wanted:
        if each.key not in found:
            layers.setdefault(scope_of(each.key), []).append(each)
    matches = _matches_inside(layers, weights, used)
    numbered = dict(_numbered(key for key in weights.tensors if key not in used))
    if not numbered:
        return matches
    for layer, scope in _pairs(layers, numbered):
        keys = numbered[scope]
        members = sorted(layers[layer], key=lambda each: weight_rank(_leaf(each.key)))
        if len(members) == len(keys) and _are_told_apart(members):
            pairs = list(zip(members, keys, strict=True))
            if all(each.takes_shape(weights.tensor(key).shape) for each, key in pairs):
                why = f"the order of the weights of layer {scope}"
                matches |= {each.key: KeyMatch(key, why) for each, key in pairs}
    return matches


def _matches_inside(
    layers: Mapping[str, Sequence[Requirement]], weights: Weights, used: set[str]
) -> dict[str, KeyMatch]:
    """Match variables directly in a TimeDistributed to those of the only layer in it, by the same ends; all or none."""
    outer = {layer: members for layer, members in layers.items() if _TIME_DISTRIBUTED.fullmatch(_leaf(layer))}
    inside: dict[str, dict[str, dict[str, str]]] = {}
    for name, key in weights.names.items() if outer else ():
        scope, leaf = scope_of(name), _leaf(name)
        if scope_of(scope) in outer and used.isdisjoint(weights.used_by(key)):
            inside.setdefault(scope_of(scope), {}).setdefault(scope, {})[leaf] = key
    matches: dict[str, KeyMatch] = {}
    for layer, scopes in inside.items():
        (scope, keys), *others = scopes.items()
        members = {_leaf(each.key): each for each in outer[layer]}
        if others or keys.keys() != members.keys():
            continue
        if all(each.takes_shape(weights.tensor(keys[leaf]).shape) for leaf, each in members.items()):
            matches |= {
                each.key: KeyMatch(keys[leaf], f"the only layer in it, {scope}") for leaf, each in members.items()
            }
    return matches


def _leaf(key: str) -> str:
    return key.rpartition("/")[2]


def _are_told_apart(members: Sequence[Requirement]) -> bool:
    ranks = {weight_rank(_leaf(each.key)) for each in members}
    return len(members) == 1 or len(ranks) == len(members)


def _numbered(keys: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield layers with their weights in order, whose numbers start at 0 and have no gaps."""
    numbers: dict[str, dict[int, str]] = {}
    for key in keys:
        scope, _, leaf = key.rpartition("/")
        if scope and leaf.isdecimal() and str(int(leaf)) == leaf:
            numbers.setdefault(scope, {})[int(leaf)] = key
    for scope, of in numbers.items():
        if max(of) == len(of) - 1:
            yield scope, [of[number] for number in range(len(of))]


def _pairs(layers: Iterable[str], scopes: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield layers of the graph with those of the checkpoint: of the same name, then of the same end, if one is."""
    left, right = dict.fromkeys(layers), dict.fromkeys(scopes)
    root = _common_root(left)
    for prefix in ("", root):
        for layer in [layer for layer in left if layer.removeprefix(prefix) in right]:
            del left[layer], right[layer.removeprefix(prefix)]
            yield layer, layer.removeprefix(prefix)
    by_end, by_outer, by_less = _Lists(), _Lists(), _Lists()
    for scope in right:
        for end in _ends(scope):
            by_end.add(end, scope)
        by_outer.add(scope_of(scope), scope)
        parts = scope.split("/")
        for position in range(1, len(parts) - 1):
            by_less.add("/".join(parts[:position] + parts[position + 1 :]), scope)
    pairs = _Lists()
    for layer in left:
        # The longest end that a layer of the checkpoint has, or is; else the only layer in that one.
        ends = [layer, *(end for end in _ends(layer) if end in right)]
        near = next((by_end[end] for end in ends if by_end.get(end)), None)
        near = near or by_outer.get(layer) or by_less.get(layer, [])
        if len(near) == 1:
            pairs.add(near[0], layer)
    yield from ((near[0], scope) for scope, near in pairs.items() if len(near) == 1)


class _Lists(dict[str, list[str]]):
    """Lists by name."""

    def add(self, name: str, item: str) -> None:
        self.setdefault(name, []).append(item)


def _common_root(layers: Iterable[str]) -> str:
    """Return the scope that all layers are in, with its slash; empty if there is none."""
    roots = {f"{root}{slash}" for root, slash, _ in (layer.partition("/") for layer in layers)}
    return roots.pop() if len(roots) == 1 and all(root.endswith("/") for root in roots) else ""


def _ends(scope: str) -> list[str]:
    """Return a scope, and what is left of it without the first, the first two ... of its parts."""
    parts = scope.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]
