"""MetaGraphDef files, such as a checkpoint's ``.meta``: a graph with what is needed to use it.

::

    MetaGraphDef = meta_info_def(1) graph_def(2) saver_def(3) collection_def(4)* signature_def(5)* ...

The values of its variables are in a checkpoint. Source: TensorFlow's ``meta_graph.proto``.
"""

from __future__ import annotations

import os

from graphsurgeon.formats.message import check_message_size, read_message
from graphsurgeon.ir.model import Model
from proto_utils import schema
from proto_utils.splice import Piece


def read_meta_graph(path: str | os.PathLike[str], *, is_text: bool = False) -> Model:
    """Read a MetaGraphDef file, without values of variables.

    Parameters
    ----------
    path : path
    is_text : bool
        Text is parsed whole; a binary file lazily: no payload is read.

    Returns
    -------
    Model

    Raises
    ------
    CorruptionError
        It is not a sound MetaGraphDef.
    """
    return read_message(path, schema.MetaGraphDef if is_text else None, Model.read_meta_graph_def)


def encode_meta_graph(model: Model, *, as_text: bool = False) -> list[Piece]:
    """Return a model's MetaGraphDef as pieces to be written.

    Parameters
    ----------
    model : Model
    as_text : bool
        Text is made whole, in memory; of the binary message, payloads stay where they are.

    Returns
    -------
    list of Piece

    Raises
    ------
    LimitError
        It is past the 2 GiB that protobuf parses.
    UnsupportedError
        As text: it has fields unknown to us.
    """
    pieces = model.meta_graph_def_pieces()
    check_message_size("MetaGraphDef", pieces)
    return [schema.print_text(model.to_meta_graph_def()).encode()] if as_text else pieces
