"""Where Keras 3 looks for the weights of a model in a ``.weights.h5``, by a graph that was traced of it.

The graph of a frozen model has the scopes of its layers, and data flows as Keras built it. So layers have the order of
Keras: by depth, which is how many layers lie between one and the outputs, then as a depth-first search from the outputs
meets them. Names of variables (see `weights.reader_names`) tell the layers, default names of these, roles and ops their
classes.

Nothing gets the weights of another layer in silence: a class that is guessed wrong, or a layer that is not there, is
an error of ``load_weights``; and of two layers of one class and equal shapes one has to need the other, for else their
order may be another. Source: Keras's ``saving_lib.py`` and ``function.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from graphsurgeon.errors import PassError
from graphsurgeon.formats.arrays.keras_like import weight_rank
from graphsurgeon.formats.arrays.keras_objects import CLASSES, KerasLayout, class_of_weights
from graphsurgeon.formats.arrays.layer_order import LayerOrder
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.weights.reader_scopes import reading_of
from proto_utils.named_tuple import NamedTuple

_COUNT = re.compile(r"_\d+$")
_HANDS_ON = frozenset((
    "Identity", "ReadVariableOp", "Enter", "Switch", "_SwitchN", "Merge", "Reshape", "ExpandDims", "Squeeze", "Cast",
    "Split",
))  # fmt: skip
_CELLS = {"lstm_cell": "lstm", "gru_cell": "gru", "simple_rnn_cell": "simple_rnn"}
_ATTENTION = {"query": "query_dense", "key": "key_dense", "value": "value_dense", "attention_output": "output_dense"}
_MAX_STEPS = 40


class _Use(NamedTuple):
    """The scopes of the layer that reads a variable, and the ops that use it."""

    scopes: tuple[str, ...]
    ops: frozenset[str]


class _Layer:
    """A layer by the names of variables: its own, and the layers in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.weights: dict[str, str] = {}  # keys by the ends of their names
        self.layers: dict[str, _Layer] = {}

    def all_keys(self) -> list[str]:
        """Return the keys of all weights at or below it."""
        return [*self.weights.values(), *(key for layer in self.layers.values() for key in layer.all_keys())]


def layout_of_graph(graph: Graph, tensors: Mapping[str, Tensor]) -> KerasLayout:
    """Return where the weights of a model go; PassError when the graph does not tell that."""
    uses = _uses(graph, tensors)
    keys = [key for key in tensors if key in uses]
    roots = {uses[key].scopes[:1] for key in keys}
    if len(roots) != 1 or any(len(uses[key].scopes) < 2 for key in keys):
        raise _unknown("the layers of the graph are not in the scope of one functional or sequential model")
    unnumbered = next((scope for key in keys for scope in uses[key].scopes if not _COUNT.search(scope)), None)
    if unnumbered is not None:
        raise _unknown(f"Keras 3 has no scope {unnumbered!r}")
    model = _Layer("")
    for key in keys:
        layer, leaf = model, key.rpartition("/")[2]
        # Names of variables do not have the scopes of models that were built alone.
        for name in map(_default, uses[key].scopes[1:]):
            layer = layer.layers.setdefault(name, _Layer(name))
        if leaf in layer.weights:
            raise _unknown(f"{layer.weights[leaf]!r} and {key!r} are both {leaf!r} of a layer {layer.name!r}")
        layer.weights[leaf] = key
    layout = KerasLayout({}, {}, {})
    _Places(graph, tensors, uses, layout).model(model, "", next(iter(roots)))
    return layout


def _unknown(reason: str) -> PassError:
    return PassError("export", reason, hint="`like` takes the layout of a file that Keras saved for such a model")


def _uses(graph: Graph, keys: Iterable[str]) -> dict[str, _Use]:
    """Return how variables are used: by the first reads on every way from them."""
    index, found = Index(graph), {}
    for key in keys:
        if key not in index.producers:
            continue
        waiting, seen = [key], {key}
        ops, scopes = set(), []
        while waiting and len(seen) < _MAX_STEPS:
            for node, _ in index.consumers(waiting.pop()):
                if "ReadVariableOp" in node.name:
                    scopes.append(reading_of(node.name, index.producers).layer)
                if node.op not in _HANDS_ON:
                    ops.add(node.op)
                elif node.name not in seen:
                    seen.add(node.name)
                    waiting.append(node.name)
        if scopes:
            found[key] = _Use(min(scopes), frozenset(ops))
    return found


class _Places:
    """The walk that gives every layer its group."""

    def __init__(
        self, graph: Graph, tensors: Mapping[str, Tensor], uses: Mapping[str, _Use], layout: KerasLayout
    ) -> None:
        self._graph, self._tensors, self._uses, self._layout = graph, tensors, uses, layout

    def model(self, model: _Layer, group: str, scope: tuple[str, ...]) -> None:
        """Place the layers of a functional or sequential model, whose scope is given."""
        depth = len(scope)
        units = {
            layer.name: list(dict.fromkeys(self._uses[key].scopes[depth] for key in layer.all_keys()))
            for layer in model.layers.values()
        }
        order = LayerOrder(self._graph, scope)
        classes = {layer.name: self._class(layer) for layer in model.layers.values()}
        self._layout.guessed.update({name: kind for name, kind in classes.items() if kind != _default(name)})
        alike: dict[tuple[str, ...], list[str]] = {}
        counts: dict[str, int] = {}
        for name in order.of(units):
            layer, kind = model.layers[name], classes[name]
            shapes = (str((leaf, self._tensors[key].shape)) for leaf, key in sorted(layer.weights.items()))
            alike.setdefault((kind, *(shapes if not layer.layers else ())), []).append(name)
            count = counts[kind] = counts.get(kind, -1) + 1
            self.layer(layer, kind, f"{group}/layers/{kind}{f'_{count}' if count else ''}".lstrip("/"), scope)
        for names in alike.values():
            pair = order.unordered([(name, units[name]) for name in names])
            if pair is not None:
                raise _unknown(
                    f"the graph does not tell which of {pair[0]!r} and {pair[1]!r}, which are alike, is first"
                )

    def layer(self, layer: _Layer, kind: str, group: str, scope: tuple[str, ...]) -> None:
        """Place the weights of a layer, and the layers in it."""
        own = f"{group}/layer" if kind == "time_distributed" and layer.weights else group
        for position, leaf in enumerate(sorted(layer.weights, key=lambda leaf: (weight_rank(leaf), leaf))):
            self._layout.keys[f"{own}/vars/{position}"] = layer.weights[leaf]
            self._layout.names[own] = layer.name
        if kind in ("functional", "sequential"):
            inner = (*scope, self._uses[layer.all_keys()[0]].scopes[len(scope)])
            self.model(layer, group, inner)
            return
        for name, child in layer.layers.items():
            self.layer(child, self._class(child), f"{group}/{_attribute(kind, name)}", scope)

    def _class(self, layer: _Layer) -> str:
        """Return what Keras calls the class of a layer in paths."""
        default = _default(layer.name)
        if CLASSES.fullmatch(default) or default in _CELLS or default == "conv_lstm_cell":
            return default
        found = self._guess(layer)
        if found is None:
            raise _unknown(f"of which class is the layer {layer.name!r}? Its weights are {', '.join(layer.weights)}")
        return found

    def _guess(self, layer: _Layer) -> str | None:
        names = list(map(_default, layer.layers))
        if len(names) == 2 and {name.partition("_")[0] for name in names} == {"forward", "backward"}:
            return "bidirectional"
        if {*layer.layers} == {*_ATTENTION}:
            return "multi_head_attention"
        if len(names) == 1 and names[0] in _CELLS:
            return _CELLS[names[0]]
        if names:
            return "functional" if not layer.weights else None
        shapes = {leaf: self._tensors[key].shape for leaf, key in layer.weights.items()}
        found = class_of_weights(shapes)
        ops = self._uses[layer.weights["kernel"]].ops if "kernel" in shapes else frozenset[str]()
        if found is None or not found.startswith(("conv", "dense")):
            return found
        if any("Depthwise" in op for op in ops):
            return f"depthwise_conv{len(shapes['kernel']) - 2}d"
        if any("BackpropInput" in op for op in ops):
            return f"{found}_transpose"
        is_product = any("MatMul" in op or op == "Einsum" for op in ops)
        return "einsum_dense" if is_product and len(shapes["kernel"]) > 2 else found


def _default(name: str) -> str:
    """Return what a name is without a number, with which Keras tells layers of a class apart."""
    return _COUNT.sub("", name)


def _attribute(kind: str, name: str) -> str:
    """Return the attribute of a layer that another one is, by the class of the first and the name of the other."""
    if kind == "bidirectional":
        return f"{name.partition('_')[0]}_layer"
    if kind in ("multi_head_attention", "grouped_query_attention"):
        attribute = _ATTENTION.get(name, name)
        return f"_{attribute}" if kind == "grouped_query_attention" else attribute
    if _default(name).endswith("cell"):
        return "cell"
    return "layer" if kind == "time_distributed" else name
