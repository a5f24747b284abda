"""Files that hold one protobuf message, binary or text: reading and writing them without holding payloads."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from graphsurgeon.ir.model import MAX_MESSAGE_NBYTES, Model
from proto_utils import schema
from proto_utils.errors import FileFormatError, LimitError
from proto_utils.files import BytesSource, FileSource, Span
from proto_utils.sink import FileSink
from proto_utils.splice import Piece, total_nbytes


def read_message(path: str | os.PathLike[str], text_class: Any, read: Callable[[Span], Model]) -> Model:
    """Read a file that is one message.

    Parameters
    ----------
    path : path
    text_class : type of Message, or None
        The message's class when the file is text, which is parsed whole; None for a binary file, which is read lazily.
    read : callable
        Makes the model of the binary message.

    Returns
    -------
    Model

    Raises
    ------
    CorruptionError
        It is not such a message.
    """
    path = os.fspath(path)
    with locating(path):
        if text_class is None:
            source = FileSource(path)
            return read(Span(source, 0, source.size))
        data = BytesSource(schema.serialize(read_text(text_class, path)), path)
        return read(Span(data, 0, data.size))


def check_message_size(what: str, pieces: Sequence[Piece]) -> int:
    """Return the length of a message in bytes.

    Raises
    ------
    LimitError
        It is past the 2 GiB that protobuf parses, in TensorFlow as elsewhere.
    """
    nbytes = total_nbytes(pieces)
    if nbytes > MAX_MESSAGE_NBYTES:
        hint = "a checkpoint has no such limit: keep the weights variables (unfreeze, freeze `keep`)"
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
