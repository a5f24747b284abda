"""What names of inputs and outputs stand for: nodes and tensors of the graph, else arguments of its signatures.

Who serves a model knows its outputs as a signature calls them, such as ``Predictions`` or ``output_0``; the tensor
behind such a name is often one of a call, ``StatefulPartitionedCall:1``. A node that has the name goes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import find_node
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE
from graphsurgeon.meta_graph.references import tensor_names
from graphsurgeon.names import node_of
from proto_utils.errors import NotFoundError

#: The key that clients use when they name none.
SERVING_DEFAULT = "serving_default"

Side = Literal["inputs", "outputs"]


def named_tensors(
    model: Model, texts: Iterable[str], side: Side, operation: str, signature: str | None = None
) -> list[str]:
    """Return tensors for names, in their order; a name that is neither a node's nor an argument's stays as it is.

    Where signatures call different tensors so, that of `signature` is meant, else that of ``serving_default``; without
    either it is a PassError.
    """
    found: list[str] = []
    for text in texts:
        by_key = {} if model.graph.get(node_of(text)) is not None else _arguments(model, side).get(text, {})
        chosen = by_key.get(signature or "", by_key.get(SERVING_DEFAULT))
        tensors = {chosen} if chosen is not None else set(by_key.values())
        if len(tensors) > 1:
            keys, options = " and ".join(map(repr, by_key)), " or ".join(sorted(",".join(each) for each in tensors))
            raise PassError(operation, f"{text!r} is another tensor in each of the signatures {keys}: {options}")
        found += tensors.pop() if tensors else [text]
    return found


def find_outputs(
    model: Model, producers: Mapping[str, Node], texts: Iterable[str], operation: str, signature: str | None = None
) -> list[Node]:
    """Return the nodes that names of outputs stand for; near names are in the NotFoundError for one that means none."""
    nodes = []
    for text in named_tensors(model, texts, "outputs", operation, signature):
        if node_of(text) not in producers:
            raise NotFoundError.among("node", node_of(text), [*_arguments(model, "outputs"), *producers])
        nodes.append(find_node(producers, text))
    return nodes


def _arguments(model: Model, side: Side) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return the tensors of arguments, by their names and then by the keys of signatures."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    signatures = {} if model.meta is None else model.meta.signature_def
    for key in sorted(signatures):
        for name, info in getattr(signatures[key], side).items():
            if key != INIT_SIGNATURE:
                found.setdefault(name, {})[key] = tuple(each for each in tensor_names(info) if each)
    return found
