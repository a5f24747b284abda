"""From a path to a model or the tensors of a checkpoint, whatever the path is."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.detect import Detected, detect
from graphsurgeon.formats.graph_def import read_graph_def, read_meta_graph
from graphsurgeon.formats.saved_model import read_saved_model
from graphsurgeon.model import Model
from graphsurgeon.tensor import Tensor
from proto_utils.errors import UnsupportedError


def load(path: str | os.PathLike[str], *, tags: Sequence[str] | None = None) -> Model:
    """Load a graph, with the values of its variables where a checkpoint belongs to it.

    Parameters
    ----------
    path : path
        GraphDef or MetaGraphDef, binary or text; SavedModel, file or directory;
        checkpoint, by its prefix, one of its files or its directory.
    tags : sequence of str, optional
        Which meta graph of a SavedModel; see `saved_model.read_saved_model`.

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
    if found.prefix is not None and not found.is_v1:
        model.variables = dict(Bundle(found.prefix))
    return model


def load_graph(found: Detected, *, tags: Sequence[str] | None = None) -> Model:
    """Load the graph of what was detected, without values of variables.

    Errors as `load`.
    """
    if found.kind == "checkpoint_v1":
        raise _v1(found)
    if found.graph is None:
        return Model()
    if found.kind == "graph_def":
        return read_graph_def(found.graph, is_text=found.is_text)
    if found.kind == "saved_model":
        return read_saved_model(found.graph, is_text=found.is_text, tags=tags)
    return read_meta_graph(found.graph, is_text=found.is_text)


def load_checkpoint(path: str | os.PathLike[str]) -> Mapping[str, Tensor]:
    """Open the tensors of a checkpoint.

    Parameters
    ----------
    path : path
        Its prefix, one of its files, its directory, or a SavedModel.

    Returns
    -------
    Mapping of str to Tensor
        In the order of their names' bytes. Lazy: only the index is read.

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


def open_checkpoint(found: Detected) -> Bundle:
    """Open the checkpoint of what was detected. Errors as `load_checkpoint`."""
    if found.is_v1:
        raise _v1(found)
    if found.prefix is None:
        raise UnsupportedError(f"a {found.kind} without a checkpoint beside it", path=found.path)
    return Bundle(found.prefix)


def _v1(found: Detected) -> UnsupportedError:
    return UnsupportedError("V1 checkpoints are not read yet", path=found.prefix)
