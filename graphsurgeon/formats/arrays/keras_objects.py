"""Where Keras 3 looks for the weights of a model in a ``.weights.h5``, by the object graph of a checkpoint of it.

Keras walks through a model and gives each layer a group: below ``layers`` of a functional or sequential model, called
after its class and counted, else after the attribute that it is; see ``saving_lib.py`` there. An object graph has the
attributes and the order of layers, and no classes. These are told by the names that Keras gives layers by default
(``dense_1`` is a Dense), else by names and shapes of weights. A class that is guessed wrong makes a group that
``load_weights`` does not find, which is an error there: nothing gets the weights of another layer in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphsurgeon.errors import PassError
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import ObjectGraph, read_object_graph
from proto_utils.named_tuple import NamedTuple

_LISTS = ("_operations", "_layers")
_SEQUENTIAL = "_functional"
#: What of a model is no layer of it, and what its own lists of layers also lead to.
_OTHERS = frozenset({*_LISTS, _SEQUENTIAL, "optimizer", "_tracked", "_metrics", "_loss_tracker", "save_counter"})
#: Attributes that Keras visits by a property of the name without the underscore.
_PROPERTIES = frozenset({"_query_dense", "_key_dense", "_value_dense", "_output_dense"})
_COUNT = re.compile(r"_\d+$")
#: Classes of layers with weights, by the names that Keras gives layers of them.
CLASSES = re.compile(
    "additive_attention|attention|batch_normalization|bidirectional|conv[123]d(_transpose)?|conv_lstm[123]d|dense|"
    "depthwise_conv[12]d|einsum_dense|embedding|functional|group_normalization|grouped_query_attention|gru(_cell)?|"
    "layer_normalization|lstm(_cell)?|multi_head_attention|normalization|p_re_lu|rms_normalization|rnn|"
    "separable_conv[12]d|sequential|simple_rnn(_cell)?|spectral_normalization|time_distributed|unit_normalization"
)
_KERNELS = {2: "dense", 3: "conv1d", 4: "conv2d", 5: "conv3d"}
_GATES = {4: "lstm", 3: "gru", 1: "simple_rnn"}


class KerasLayout(NamedTuple):
    """The paths of weights in a file, with their keys; the names of layers, by group; the classes that are guessed."""

    keys: dict[str, str]
    names: dict[str, str]
    guessed: dict[str, str]


def layout_of_objects(tensors: Mapping[str, Tensor]) -> KerasLayout:
    """Return where the weights of a model go; PassError when the checkpoint does not tell that."""
    objects = read_object_graph(tensors)
    if objects is None:
        raise _unknown("the checkpoint has no object graph")
    walk = _Walk(objects, tensors)
    walk.go(_model(objects), "")
    if not walk.layout.keys:
        raise _unknown("the object graph has no model of Keras 3 with layers")
    return walk.layout


def _unknown(reason: str) -> PassError:
    hint = '`like` takes the layout of a file that Keras saved for such a model; `to="h5"` writes plain datasets'
    return PassError("export", reason, hint=hint)


def _model(objects: ObjectGraph) -> int:
    """Return the model: the root, or what it refers to that is one."""
    roots = dict(objects.children(0)) if len(objects) else {}
    models = {name: child for name, child in roots.items() if {*_LISTS, _SEQUENTIAL} & {*dict(objects.children(child))}}
    if {*_LISTS, _SEQUENTIAL} & {*roots}:
        return 0
    if not models:
        # One that is a class of the program's own; what it trains with is beside it.
        objects_below = {
            child for name, child in roots.items() if name != "optimizer" and dict(objects.children(child))
        }
        return objects_below.pop() if len(objects_below) == 1 and not any(map(objects.saved_by, roots.values())) else 0
    if len({*models.values()}) > 1 and "model" not in models:
        raise _unknown(f"several models are in the checkpoint: {', '.join(models)}")
    return models.get("model", next(iter(models.values())))


class _Walk:
    """The walk of Keras through a model."""

    def __init__(self, objects: ObjectGraph, tensors: Mapping[str, Tensor]) -> None:
        self._objects, self._tensors = objects, tensors
        self._seen: set[int] = set()
        self.layout = KerasLayout({}, {}, {})

    def go(self, number: int, group: str) -> None:
        """Take the weights of a layer and of what is in it."""
        if number in self._seen:
            return
        self._seen.add(number)
        own = list(self._weights(number))
        for position, (name, key) in enumerate(own):
            self.layout.keys[f"{group}/vars/{position}".lstrip("/")] = key
            full_name = self._objects.attributes[key].full_name
            if full_name.endswith(name.lstrip("_")) and "/" in full_name:
                self.layout.names[group] = full_name.split("/")[-2]
        children = dict(self._objects.children(number))
        inner = dict(self._objects.children(children[_SEQUENTIAL])) if _SEQUENTIAL in children else children
        for name in _LISTS:
            if name in inner:
                self._list(inner[name], _join(group, "layers"))
        for name, child in sorted(children.items()):
            if name not in _OTHERS and child not in self._seen and self._holds(child):
                items = dict(self._objects.children(child))
                if items and all(each.isdecimal() for each in items):
                    self._list(child, _join(group, name))
                elif not self._objects.saved_by(child):
                    self.go(child, _join(group, name.lstrip("_") if name in _PROPERTIES else name))

    def _weights(self, number: int) -> Iterator[tuple[str, str]]:
        for name, child in self._objects.children(number):
            yield from ((name, each.key) for each in self._objects.saved_by(child) if each.key in self._tensors)

    def _list(self, number: int, group: str) -> None:
        counts: dict[str, int] = {}
        for _, child in sorted(self._objects.children(number), key=lambda item: (len(item[0]), item)):
            if self._holds(child) and child not in self._seen:
                name = self._class(child)
                count = counts[name] = counts.get(name, -1) + 1
                self.go(child, _join(group, f"{name}_{count}" if count else name))

    def _holds(self, number: int, depth: int = 12) -> bool:
        """Whether values are saved at or below an object, as deep as layers are nested."""
        if self._objects.saved_by(number):
            return True
        children = (child for name, child in self._objects.children(number) if name not in ("optimizer", "_tracked"))
        return depth > 0 and any(self._holds(child, depth - 1) for child in children)

    def _class(self, number: int) -> str:
        """Return what Keras calls the class of a layer in paths."""
        children = dict(self._objects.children(number))
        if _SEQUENTIAL in children:
            return "sequential"
        if "_operations" in children:
            return "functional"
        weights = {name.lstrip("_"): self._tensors[key].shape for name, key in self._weights(number)}
        name = self._name(number)
        default = _COUNT.sub("", name)
        if CLASSES.fullmatch(default):
            return default
        found = self._guess(children, weights)
        if found is None:
            where = self._objects.path(number) or f"object {number}"
            told = ", ".join(weights) or "below it"
            raise _unknown(f"of which class is the layer {name or where!r}? Its weights are {told}")
        self.layout.guessed[name or f"{self._objects.path(number)}"] = found
        return found

    def _name(self, number: int) -> str:
        """Return the name of a layer, by that of a variable at or below it; empty when that tells none."""
        waiting, depth = [number], 1
        seen = {number}
        while waiting:
            depth += 1
            below = [child for each in waiting for _, child in self._objects.children(each) if child not in seen]
            full_names = (each.full_name.split("/") for child in below for each in self._objects.saved_by(child))
            found = next((parts for parts in full_names if len(parts) >= depth), None)
            if found is not None:
                return found[-depth]
            seen.update(below)
            waiting = below
        return ""

    def _guess(self, children: Mapping[str, int], weights: Mapping[str, tuple[int, ...]]) -> str | None:
        """Return the class that has such weights and such layers in it, None when no class of Keras's has."""
        if {"forward_layer", "backward_layer"} <= children.keys():
            return "bidirectional"
        if {"_query_dense", "_key_dense"} <= children.keys():
            return "multi_head_attention"
        if "cell" in children:
            cell = {name.lstrip("_"): self._tensors[key].shape for name, key in self._weights(children["cell"])}
            if {"kernel", "recurrent_kernel"} <= cell.keys():
                return _GATES.get(cell["kernel"][-1] // max(1, cell["recurrent_kernel"][0]))
        return "time_distributed" if not weights and "layer" in children else class_of_weights(weights)


def class_of_weights(weights: Mapping[str, tuple[int, ...]]) -> str | None:
    """Return the class of a layer that has weights of such names and shapes, None when several or none have."""
    names = {*weights}
    if "pointwise_kernel" in names:
        return "separable_conv1d" if len(weights["pointwise_kernel"]) == 3 else "separable_conv2d"
    if "moving_mean" in names:
        return "batch_normalization"
    if names and names <= {"gamma", "beta"}:
        return "layer_normalization"
    if "embeddings" in names:
        return "embedding"
    return _KERNELS.get(len(weights["kernel"])) if "kernel" in names and names <= {"kernel", "bias"} else None


def _join(group: str, name: str) -> str:
    return f"{group}/{name}" if group else name
