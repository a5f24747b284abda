"""GraphDef files: one message, binary or text. What is in the message is told in `graphsurgeon.graph_def`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from graphsurgeon.model import MAX_MESSAGE_NBYTES, Model
from proto_utils import schema
from proto_utils.errors import FileFormatError, LimitError
from proto_utils.files import BytesSource, FileSource, Span
from proto_utils.output import FileSink
from proto_utils.splice import Piece, total_nbytes


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
    return _read(path, schema.GraphDef if is_text else None, Model.read_graph_def)


def read_meta_graph(path: str | os.PathLike[str], *, is_text: bool = False) -> Model:
    """Read a MetaGraphDef file, without values of variables. Parameters, errors as `read_graph_def`."""
    return _read(path, schema.MetaGraphDef if is_text else None, Model.read_meta_graph_def)


def check_message_size(what: str, pieces: Sequence[Piece]) -> int:
    """Return the length of a message in bytes.

    Raises
    ------
    LimitError
        It is past the 2 GiB that protobuf parses, in TensorFlow as elsewhere.
    """
    nbytes = total_nbytes(pieces)
    if nbytes > MAX_MESSAGE_NBYTES:
        hint = "unfreeze it first: the weights then are in a checkpoint, which has no such limit"
        raise LimitError(f"the {what}, in bytes,", nbytes, MAX_MESSAGE_NBYTES, hint=hint)
    return nbytes


def write_pieces(pieces: Sequence[Piece], sink: FileSink) -> None:
    """Write a message given in pieces; what lies in files is copied through one small buffer."""
    sink.preallocate(total_nbytes(pieces))
    for piece in pieces:
        if isinstance(piece, bytes):
            sink.write(piece)
        else:
            for chunk in piece.chunks():
                sink.write(chunk)


@contextlib.contextmanager
def locating(path: str) -> Iterator[None]:
    """Give errors about bytes that do not know their file its path."""
    try:
        yield
    except FileFormatError as error:
        if error.path is not None:
            raise
        raise type(error)(error.reason, path=path, offset=error.offset, hint=error.hint) from error


def read_text(cls: Any, path: str) -> Any:
    """Parse a file in protobuf's text form."""
    with open(path, "rb") as file:
        return schema.parse_text(cls, file.read(), path=path)


def _read(path: str | os.PathLike[str], text_class: Any, read: Callable[[Span], Model]) -> Model:
    path = os.fspath(path)
    with locating(path):
        if text_class is None:
            source = FileSource(path)
            return read(Span(source, 0, source.size))
        data = BytesSource(schema.serialize(read_text(text_class, path)), path)
        return read(Span(data, 0, data.size))
