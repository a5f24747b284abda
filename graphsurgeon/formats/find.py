"""Lookup of one tensor by what people call it: a key, a full name, a path of objects, a constant, a part of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from graphsurgeon.formats.detect import Detected
from graphsurgeon.formats.load import load_graph, open_checkpoint
from graphsurgeon.formats.message import locating
from graphsurgeon.names import node_of, text_of
from graphsurgeon.tensors.index_syntax import split_index, take_part
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import read_object_graph
from proto_utils.errors import NotFoundError

if TYPE_CHECKING:
    # A checkpoint alone needs none.
    from graphsurgeon.ir.graph import Graph


def find_tensor(found: Detected, name: str) -> tuple[str, Tensor]:
    """Find a tensor by name: in the checkpoint, else a constant of the graph.

    Parameters
    ----------
    found : Detected
    name : str
        A checkpoint's key, or a node's name; ``:0`` at the end is allowed. In a checkpoint that TensorFlow 2 saved by
        objects, also a variable's full name, or a path to it. When nothing has a name that ends in brackets, they say
        which part is meant: ``w[0:10, :]``, see `tensor_index.take_part`.

    Returns
    -------
    name : str
        As it is there; of a part with the brackets.
    tensor : Tensor
        Not read yet.

    Raises
    ------
    NotFoundError
        Nothing has that name, or several have, or it is a variable whose value is not there.
    """
    names = _Names(found)
    place = names.find(name)
    part = split_index(name)
    if place is None and part is not None:
        whole = names.find(part[0])
        if whole is not None:
            place = f"{whole[0]}[{part[1]}]", take_part(whole[1], part[1])
    if place is None:
        raise names.missing(name if part is None else part[0])
    return place


class _Names:
    """The names of the tensors in a file; the graph is loaded when nothing else has the name."""

    def __init__(self, found: Detected) -> None:
        self._found = found
        self._values: Mapping[str, Tensor] = open_checkpoint(found, partial=True) if found.prefix is not None else {}

    def find(self, name: str) -> tuple[str, Tensor] | None:
        for text in dict.fromkeys((name, node_of(name))):
            if text in self._values:
                return text, self._values[text]
        key = self._of_object(name)
        if key is not None:
            return key, self._values[key]
        node = self._graph.get(node_of(name))
        if node is not None and node.op == "Const":
            with locating(self._found.path):
                return node.name, node.tensor
        if node is not None and node.op == "VarHandleOp":
            shared = text_of(node.proto.attr["shared_name"].s)
            return (shared, self._values[shared]) if shared in self._values else None
        return None

    def missing(self, name: str) -> NotFoundError:
        """Return the error for a name that nothing has."""
        where = self._found.path
        node = self._graph.get(node_of(name))
        if node is not None:
            where += f": {node.name!r} is a {node.op}, whose value is not in the file"
        known = [*self._values, *(each.name for each in self._graph.nodes_of(("Const",)))]
        return NotFoundError.among("tensor, constant or variable", name, known, like=node_of(name), where=where)

    def _of_object(self, name: str) -> str | None:
        """Return the key of what an object saved that has this full name or path."""
        objects = read_object_graph(self._values)
        if objects is None:
            return None
        saved = set(objects.find(name) or objects.find(node_of(name)))
        owners = ((key, objects.attribute(key)) for key in self._values) if saved else ()
        # An object may save several tensors, and only what their keys begin with is noted.
        keys = [key for key, owner in owners if owner is not None and owner.key in saved]
        if len(keys) > 1:
            hint = f"these are: {', '.join(keys[:5])}{', ...' if len(keys) > 5 else ''}"
            raise NotFoundError("single tensor", name, keys[:5], where=self._found.path, hint=hint)
        return keys[0] if keys else None

    @cached_property
    def _graph(self) -> Graph:
        return load_graph(self._found).graph
