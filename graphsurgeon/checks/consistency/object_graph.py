"""Consistency of the object graph of a TensorFlow 2 checkpoint with its tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphsurgeon.checks.finding import ERROR, Finding
from graphsurgeon.errors import near_names
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import read_object_graph
from graphsurgeon.variables.object_graph_keys import KEY_SUFFIXES
from proto_utils.errors import CorruptionError, LimitError

_RULE = "object-graph"
#: Near names are searched for so many missing values; after that it is another model's object graph.
_MAX_NEAR = 10


def object_graph_findings(tensors: Mapping[str, Tensor]) -> Iterator[Finding]:
    """Yield what the object graph of a checkpoint, if it has one, looks for in vain.

    Of the tensors, only the object graph is read.
    """
    try:
        objects = read_object_graph(tensors)
    except (CorruptionError, LimitError) as error:
        yield Finding(ERROR, _RULE, None, None, f"the object graph cannot be read: {error.message}")
        return
    if objects is None:
        return
    num_missing = 0
    for attribute in objects.attributes.values():
        keys = [attribute.key, *(attribute.key + suffix for suffix in KEY_SUFFIXES)]
        if any(key in tensors for key in keys):
            continue
        num_missing += 1
        near = near_names(attribute.key, tensors) if num_missing <= _MAX_NEAR else ()
        hint = f"; near: {', '.join(map(repr, near))}" if near else ""
        where = objects.path(attribute.node) or "the root"
        message = f"{where}: its value is looked for under {attribute.key!r}, which is not in the checkpoint{hint}"
        yield Finding(ERROR, _RULE, None, None, message)
