"""From a path to a model or the tensors of a checkpoint, whatever the path is."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from graphsurgeon.errors import near_names
from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.detect import Detected, detect
from graphsurgeon.formats.graph_def import read_graph_def
from graphsurgeon.formats.message import locating
from graphsurgeon.formats.meta_graph import read_meta_graph
from graphsurgeon.formats.saved_model import read_saved_model
from graphsurgeon.formats.v1 import V1Checkpoint
from graphsurgeon.model import Model
from graphsurgeon.names import node_of
from graphsurgeon.tensor import Tensor
from proto_utils.errors import NotFoundError, UnsupportedError


def load(
    path: str | os.PathLike[str],
    *,
    tags: Sequence[str] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Model:
    """Load a graph, with the values of its variables where a checkpoint belongs to it.

    Parameters
    ----------
    path : path
        GraphDef or MetaGraphDef, binary or text; SavedModel, file or directory;
        checkpoint, by its prefix, one of its files or its directory.
    tags : sequence of str, optional
        Which meta graph of a SavedModel; see `saved_model.read_saved_model`.
    checkpoint : path, optional
        Where the values of the variables are, when not beside the graph: a checkpoint by its
        prefix, one of its files or its directory, or a SavedModel.

    Returns
    -------
    Model
        Lazy: costs O(nodes + tensors) and touches no payload, except that text is
        parsed whole. A checkpoint without a ``.meta`` gives a model without nodes.

    Raises
    ------
    NotFoundError
        Nothing is there.
    UnsupportedError
        It is something else; the reason says what.
    CorruptionError
        It is damaged.
    """
    found = detect(path)
    model = load_graph(found, tags=tags)
    beside = found if checkpoint is None else detect(checkpoint)
    if beside.prefix is not None:
        model.variables = dict(open_checkpoint(beside))
    elif checkpoint is not None:
        raise UnsupportedError(f"a {beside.name} without a checkpoint beside it", path=beside.path)
    if model.saved_model is not None:
        model.saved_model = replace(model.saved_model, variables=dict(model.variables))
    return model


def load_graph(found: Detected, *, tags: Sequence[str] | None = None) -> Model:
    """Load the graph of what was detected, without values of variables.

    Errors as `load`.
    """
    if found.graph is None:
        return Model()
    if found.kind == "graph_def":
        return read_graph_def(found.graph, is_text=found.is_text)
    if found.kind == "saved_model":
        return read_saved_model(found.graph, is_text=found.is_text, tags=tags)
    return read_meta_graph(found.graph, is_text=found.is_text)


def load_checkpoint(path: str | os.PathLike[str]) -> Mapping[str, Tensor]:
    """Open the tensors of a checkpoint, V2 or V1.

    Parameters
    ----------
    path : path
        Its prefix, one of its files, its directory, or a SavedModel.

    Returns
    -------
    Mapping of str to Tensor
        In the order of their names' bytes. Lazy: only the index is read (of V1, each shard's list of tensors).

    Raises
    ------
    NotFoundError
        Nothing is there.
    UnsupportedError
        It is something else, or has no checkpoint.
    CorruptionError
        The index is damaged.
    """
    return open_checkpoint(detect(path))


def open_checkpoint(found: Detected) -> Bundle | V1Checkpoint:
    """Open the checkpoint of what was detected. Errors as `load_checkpoint`."""
    if found.prefix is None:
        raise UnsupportedError(f"a {found.kind} without a checkpoint beside it", path=found.path)
    return V1Checkpoint(found.prefix) if found.is_v1 else Bundle(found.prefix)


def find_tensor(found: Detected, name: str) -> tuple[str, Tensor]:
    """Find a tensor by name: in the checkpoint, else a constant of the graph.

    Parameters
    ----------
    found : Detected
    name : str
        A checkpoint's key, or a node's name; ``:0`` at the end is allowed.

    Returns
    -------
    name : str
        As it is there.
    tensor : Tensor
        Not read yet.

    Raises
    ------
    NotFoundError
        There is none, or it is a variable whose value is not there.
    """
    values: Mapping[str, Tensor] = open_checkpoint(found) if found.prefix is not None else {}
    for key in (name, node_of(name)):
        if key in values:
            return key, values[key]
    graph = load_graph(found).graph
    node = graph.get(node_of(name))
    if node is not None and node.op == "Const":
        with locating(found.path):
            return node.name, node.tensor
    if node is not None and node.op == "VarHandleOp" and node.proto.attr["shared_name"].s.decode() in values:
        key = node.proto.attr["shared_name"].s.decode()
        return key, values[key]
    constants = [each.name for each in graph if each.op == "Const"]
    where = found.path
    if node is not None:
        where += f": {node.name!r} is a {node.op}, whose value is not in the file"
    raise NotFoundError(
        "tensor, constant or variable", name, near_names(node_of(name), [*values, *constants]), where=where
    )


def stored_nbytes(checkpoint: Bundle | V1Checkpoint, name: str) -> int | None:
    """Return what a tensor takes in the data files, in bytes; touches none of them.

    Of a V1 checkpoint, whose lists do not tell, it is what the values are; None for strings.
    """
    if isinstance(checkpoint, V1Checkpoint):
        dtype, shape, _ = checkpoint.entries[name]
        return math.prod(shape) * dtype.itemsize if dtype.itemsize else None
    entry = checkpoint.entries[name]
    return sum(part.nbytes for _, part in checkpoint.parts(name)) if entry.slices else entry.nbytes
