"""Inputs and outputs that are named once for several passes, of which one may take an input out."""

from __future__ import annotations

from collections.abc import Iterable

from graphsurgeon.errors import NotFoundError
from graphsurgeon.ir.model import Model
from graphsurgeon.names import node_of


def require_nodes_of(model: Model, texts: Iterable[str]) -> None:
    """Refuse names, of nodes or of tensors, that mean no node of a graph."""
    for text in texts:
        if model.graph.get(node_of(text)) is None:
            raise NotFoundError.among("node", node_of(text), (node.name for node in model.graph))


def still_there(model: Model, texts: Iterable[str]) -> tuple[str, ...]:
    """Return the names that mean a node now."""
    return tuple(text for text in texts if model.graph.get(node_of(text)) is not None)
