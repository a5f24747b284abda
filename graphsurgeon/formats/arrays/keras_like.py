"""Tensors of a checkpoint in the places of the weights of a file that Keras saved.

A weight is found, the surest first: by the name that `import` gives it, or its path; by the name of its variable, which
older files have; by the names of its layer, when the checkpoint has as many variables of that layer; by the attributes
that lead to the layer in an object graph. The variables of a layer are in the order in which Keras makes them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, read_object_graph
from graphsurgeon.variables.object_names import COPY, ObjectNames
from graphsurgeon.variables.optimizer_state import own_of_objects

_VALUE_END = "/.ATTRIBUTES/VARIABLE_VALUE"
_RANKS = {
    "kernel": 0, "depthwise_kernel": 0, "embeddings": 0, "gamma": 0, "mean": 0, "weights": 0,
    "recurrent_kernel": 1, "pointwise_kernel": 1, "beta": 1, "variance": 1, "biases": 1,
    "moving_mean": 2, "count": 2, "moving_variance": 3, "bias": 4,
}  # fmt: skip
_UNKNOWN = 5


class WeightPlace(NamedTuple):
    """A weight of a file: its path, what `import` calls it, the names of its layers and its number among theirs."""

    path: str
    name: str
    layers: str
    shape: tuple[int, ...]

    @property
    def group(self) -> str:
        """The path of its layer."""
        return self.path.rpartition("/vars/")[0]

    @property
    def is_of_optimizer(self) -> bool:
        """Whether an optimizer keeps it."""
        return self.path.split("/")[0] in ("optimizer", "optimizer_weights")


def keys_of_places(places: Sequence[WeightPlace], tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """Return the key of the tensor for each place that has one, by its path."""
    names = _Names(tensors)
    found: dict[str, str] = {}
    groups: dict[str, list[WeightPlace]] = defaultdict(list)
    for place in places:
        known = (place.name, place.path, place.path.removesuffix(":0"))
        key = next((names.by_name[each] for each in known if each in names.by_name), None)
        if key is not None and tensors[key].shape == place.shape:
            found[place.path] = key
        elif "/vars/" in f"/{place.path}":
            groups[place.group].append(place)
    open_groups = [group for group in groups.values() if not any(place.path in found for place in group)]
    layers = {group[0].layers for group in open_groups}
    for is_shortened in (False, True):
        for group in open_groups:
            if group[0].path in found:
                continue
            scopes = [group[0].layers]
            if is_shortened:
                # A model that was built before it came into another one does not have the name of that.
                scopes = [each for each in _ends(group[0].layers) if each not in layers]
            found |= _of_layer(group, scopes, names, tensors, set(found.values()))
    return found


def _ends(layers: str) -> list[str]:
    parts = layers.split("/")
    return ["/".join(parts[start:]) for start in range(1, len(parts))]


def _of_layer(
    group: Sequence[WeightPlace],
    scopes: Sequence[str],
    names: _Names,
    tensors: Mapping[str, Tensor],
    taken: Collection[str],
) -> dict[str, str]:
    """Match the weights of one layer to variables that are not taken, all or none."""
    for keys in names.of_layer(group[0], scopes):
        shapes = [tensors[key].shape for key in keys]
        if shapes == [place.shape for place in group] and not any(key in taken for key in keys):
            return {place.path: key for place, key in zip(group, keys, strict=True)}
    return {}


class _Names:
    """The names of tensors, and the variables of layers in order."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        objects = read_object_graph(tensors)
        own = set() if objects is None else own_of_objects(objects)
        self.by_name = {key.removesuffix(_VALUE_END): key for key in tensors if key != OBJECT_GRAPH_KEY}
        self.by_name |= {key: key for key in tensors}
        self._layers: dict[str, list[tuple[int, int, str, str]]] = defaultdict(list)
        self._groups: dict[str, list[tuple[int, int, str, str]]] = defaultdict(list)
        known = None if objects is None else ObjectNames(objects)
        for position, key in enumerate(tensors):
            if key == OBJECT_GRAPH_KEY or key in own:
                continue
            name = key if known is None else known.full_names.get(key, key)
            if known is not None and known.names.get(key, "").startswith(COPY):
                continue
            attribute = None if objects is None else objects.attributes.get(key)
            self._add(self._layers, name, position if attribute is None else attribute.node, key)
            if known is not None and known.names.get(key) == name:
                self.by_name.setdefault(name, key)
            for path in known.paths.get(key, ()) if known is not None else ():
                self._add(self._groups, path, position if attribute is None else attribute.node, key)

    def of_layer(self, place: WeightPlace, names: Sequence[str]) -> Iterator[list[str]]:
        """Yield the variables that may be those of a layer: by its names, at the end of names, by the path to it."""
        for table, scope in (*((self._layers, name) for name in names), (self._groups, place.group)):
            scopes = [each for each in table if each == scope or each.endswith(f"/{scope}")] if scope else []
            for each in sorted(scopes, key=len):
                yield [key for *_, key in sorted(table[each])]
            if len(scopes) > 1:
                # What came to a layer later, as quantization does, has not the name of the model before its own.
                yield [key for *_, key in sorted(chain.from_iterable(table[each] for each in scopes))]
        yield [key for *_, key in sorted(self._groups.get(f"{place.group}/_variables", ()))]

    @staticmethod
    def _add(table: dict[str, list[tuple[int, int, str, str]]], name: str, position: int, key: str) -> None:
        scope, _, leaf = name.rpartition("/")
        leaf = leaf.removesuffix(":0").lstrip("_")
        if not any(key == known for *_, known in table[scope]):
            table[scope].append((_RANKS.get(leaf, _UNKNOWN), position, leaf, key))
