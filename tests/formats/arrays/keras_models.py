"""Object graphs of models of Keras 3, made by hand."""

from __future__ import annotations

import numpy as np

from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor, as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from tests.object_graphs import message
from tests.object_layers import key

Shape = tuple[int, ...]


def checkpoint(
    *layers: tuple[str, dict[str, Shape]], root: str = "model", way: str = "_operations"
) -> dict[str, Tensor]:
    """A checkpoint of a functional model: the names of layers, and their weights by attribute."""
    nodes: list[dict[str, object]] = [{"children": [(root, 1)]}, {"children": [(way, 2)]}, {}]
    tensors: dict[str, Tensor] = {}
    items = []
    for number, (name, weights) in enumerate(layers):
        items.append((str(number), len(nodes)))
        nodes.append({"children": [(each, len(nodes) + 1 + i) for i, each in enumerate(weights)]})
        for attribute, shape in weights.items():
            path = key(f"{root}/{way}/{number}/{attribute}")
            nodes.append({"attributes": [(f"{name}/{attribute.lstrip('_')}", path)]})
            tensors[path] = as_tensor(np.full(shape, len(tensors) + 1, np.float32))
    nodes[2]["children"] = items
    return {**tensors, OBJECT_GRAPH_KEY: StringTensor((), [schema.serialize(message(*nodes))])}


def dense(name: str) -> tuple[str, dict[str, Shape]]:
    """A fully connected layer."""
    return name, {"_kernel": (3, 2), "bias": (2,)}
