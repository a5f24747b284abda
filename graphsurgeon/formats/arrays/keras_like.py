"""Tensors of a checkpoint in the places of the weights of a file that Keras saved.

A weight is found, the surest first: by the name that `import` gives it, or its path; by the name of its variable, which
older files have; by the names of its layer, when the checkpoint has as many variables of that layer; by the attributes
that lead to the layer in an object graph. The variables of a layer are in the order in which Keras makes them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

from graphsurgeon.names import scope_of
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, read_object_graph
from graphsurgeon.variables.object_names import COPY, ObjectNames
from graphsurgeon.variables.optimizer_state import own_of_objects
from proto_utils.named_tuple import NamedTuple

_VALUE_END = "/.ATTRIBUTES/VARIABLE_VALUE"
_RANKS = {
    "kernel": 0, "depthwise_kernel": 0, "embeddings": 0, "gamma": 0, "mean": 0, "weights": 0,
    "alpha": 0, "scale": 0,
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


def weight_rank(leaf: str) -> int:
    """Return the place of a variable, by the end of its name, in the order in which Keras makes those of a layer."""
    return _RANKS.get(leaf, _UNKNOWN)


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
        elif (near := names.of_end(place.name)) is not None and tensors[near].shape == place.shape:
            found[place.path] = near
    open_groups = [group for group in groups.values() if not any(place.path in found for place in group)]
    layers = {group[0].layers for group in open_groups}
    for look in (_itself, _ends, _around):
        for group in open_groups:
            if group[0].path in found:
                continue
            scopes = [each for each in look(group[0].layers) if look is _itself or each not in layers]
            found |= _of_layer(group, scopes, names, tensors, set(found.values()))
    taken = set(found.values())
    for place in places:
        key = names.by_name.get(_without_inner(place.name))
        if place.path not in found and key is not None and key not in taken and tensors[key].shape == place.shape:
            found[place.path] = key
            taken.add(key)
    return found


def _without_inner(name: str) -> str:
    """Return the name that a weight has without the layer's own: one in a TimeDistributed may be called so."""
    outer, _, leaf = name.rpartition("/")
    return f"{scope_of(outer)}/{leaf}" if "/" in outer else ""


def _itself(layers: str) -> list[str]:
    return [layers]


def _around(layers: str) -> list[str]:
    """Return the layer around one: what is in a TimeDistributed may be called by the name of that."""
    return [layers.rpartition("/")[0]] if "/" in layers else []


def _ends(layers: str) -> list[str]:
    """Return shorter names: a model that was built before it came into another one does not have the name of that."""
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
        self._ends: dict[str, list[str]] | None = None
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

    def of_end(self, name: str) -> str | None:
        """Return the only tensor whose name ends in another: with the scope of a model around."""
        if self._ends is None:
            self._ends = defaultdict(list)
            for each, key in self.by_name.items():
                for end in _ends(each):
                    self._ends[end].append(key)
        found = {*self._ends.get(name, ())} if "/" in name else set()
        return found.pop() if len(found) == 1 else None

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
            table[scope].append((weight_rank(leaf), position, leaf, key))
