"""GraphDef files: one message, binary or text. What is in the message is drawn in `graphsurgeon.ir.graph_def`."""

from __future__ import annotations

import os

from graphsurgeon.formats.message import check_message_size, read_message
from graphsurgeon.ir.model import Model
from proto_utils import schema
from proto_utils.splice import Piece


def read_graph_def(path: str | os.PathLike[str], *, is_text: bool = False) -> Model:
    """Read a GraphDef file.

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
        It is not a sound GraphDef.
    """
    return read_message(path, schema.GraphDef if is_text else None, Model.read_graph_def)


def encode_graph_def(model: Model, *, as_text: bool = False) -> list[Piece]:
    """Return a model's GraphDef as pieces to be written.

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
    pieces = model.graph_def_pieces()
    check_message_size("GraphDef", pieces)
    return [schema.print_text(model.to_graph_def()).encode()] if as_text else pieces
