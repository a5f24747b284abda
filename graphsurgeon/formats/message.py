"""Files that hold one protobuf message, binary or text: reading and writing them without holding payloads.

::

    GraphDef      drawn in `graphsurgeon.ir.graph_def`
    MetaGraphDef  meta_info_def(1) graph_def(2) saver_def(3) collection_def(4)* signature_def(5)* ...

A MetaGraphDef, such as a checkpoint's ``.meta``, is a graph with what is needed to use it. Source: TensorFlow's
``meta_graph.proto``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.formats.sniff import is_riegeli
from proto_utils import meter, places, schema
from proto_utils.errors import CorruptionError, FileFormatError
from proto_utils.files import BytesSource, FileSource, Source, Span, Window
from proto_utils.named_tuple import NamedTuple
from proto_utils.opening import open_source
from proto_utils.remote.address import is_elsewhere
from proto_utils.side_files import read_side_file
from proto_utils.sink import FileSink
from proto_utils.skeleton import next_record
from proto_utils.splice import Piece, join, total_nbytes

if TYPE_CHECKING:
    from graphsurgeon.ir.model import Model

#: A tag and a length, each a varint.
_MAX_HEAD_NBYTES = 20
_NO_END = 1 << 62

#: Text that is not as printers write it is parsed as a whole; it is some times longer than the message.
MAX_TEXT_NBYTES = 1 << 32


#: The text of a message without any field, which nobody could tell from a file that was never written.
EMPTY_TEXT = b"# an empty graph\n"


class MessageFormat(NamedTuple):
    """A kind of message that a model is read from and written as.

    Attributes
    ----------
    name : str
        The message's.
    parse : callable
        Makes a model of the binary message.
    pieces : callable
        Returns the binary message of a model, as pieces to be written.
    """

    name: str
    parse: Callable[[Span], Model]
    pieces: Callable[[Model], list[Piece]]

    def read(self, path: str | os.PathLike[str], *, is_text: bool = False) -> Model:
        """Read a file lazily: of a binary one no payload is read, of text none is kept.

        Raises
        ------
        CorruptionError
            It is not such a message.
        """
        path = os.fsdecode(path)
        with reading(path, is_text=is_text):
            source = open_message(path, self.name if is_text else None)
            return self.parse(Span(source, 0, source.size))

    def encode(self, model: Model, *, as_text: bool = False) -> list[Piece]:
        """Return a model as pieces to be written; text is made whole, in memory, without what it need not say.

        That are fields by which nobody goes, and of which one makes an older TensorFlow refuse the whole text.

        Raises
        ------
        LimitError
            It is past the 2 GiB that protobuf parses.
        UnsupportedError
            As text: it has fields unknown to us.
        """
        from graphsurgeon.ir.model import check_message_size

        pieces = self.pieces(model)
        check_message_size(self.name, pieces)
        if not as_text:
            return pieces
        message: Any = schema.parse(getattr(schema, self.name), join(pieces))
        if self.name == "MetaGraphDef":
            _drop_later_fields(message.meta_info_def.stripped_op_list)
        _drop_inferred_types(message.graph_def if self.name == "MetaGraphDef" else message)
        return [schema.print_text(message).encode() or EMPTY_TEXT]


def _drop_later_fields(ops: schema.OpList) -> None:
    """Drop of an op list what came after TensorFlow 1.15: a text with one field that it does not know is no text to it.

    Nobody goes by these fields when a graph is imported.
    """
    for op in ops.op:
        op.ClearField("is_distributed_communication")
        _drop_full_types(op)


def _drop_inferred_types(graph: schema.GraphDef) -> None:
    """Drop the types that TensorFlow 2.7 and later note on nodes, and infer anew for every graph that they import."""
    for nodes in (graph.node, *(function.node_def for function in graph.library.function)):
        for node in nodes:
            if node.HasField("experimental_type"):
                node.ClearField("experimental_type")
    for function in graph.library.function:
        _drop_full_types(function.signature)


def _drop_full_types(op: schema.OpDef) -> None:
    for arg in (*op.input_arg, *op.output_arg):
        arg.ClearField("experimental_full_type")


def _model() -> type[Model]:
    # Imported when a file is read: many callers only want to know what a path holds.
    from graphsurgeon.ir.model import Model

    return Model


GRAPH_DEF = MessageFormat(
    "GraphDef", lambda span: _model().read_graph_def(span), lambda model: model.graph_def_pieces()
)
META_GRAPH = MessageFormat(
    "MetaGraphDef", lambda span: _model().read_meta_graph_def(span), lambda model: model.meta_graph_def_pieces()
)


def open_message(path: str, text_name: str | None) -> Source:
    """Open a file that is one message, in its binary form.

    Parameters
    ----------
    path : str
    text_name : str or None
        The message's name when the file is text. What printers write is parsed a part at a time, and its long values
        stay in the file; any other text is parsed by protobuf, as a whole.

    Raises
    ------
    CorruptionError
        The text is not of such a message.
    LimitError
        The text is longer than `MAX_TEXT_NBYTES`.
    """
    if text_name is None:
        return open_source(path)
    cls = getattr(schema, text_name)
    if not is_elsewhere(path):
        return _read_text_file(path, cls)
    return _read_whole_text(path, cls)


def _read_text_file(path: str, cls: Any) -> Source:
    # Few files are text.
    from proto_utils.pieced import PiecedSource
    from proto_utils.text_reader import read_text

    source = FileSource(path)
    pieces = read_text(source, cls) if source.size <= MAX_TEXT_NBYTES else None
    if pieces is not None and len(pieces) > 1:
        return PiecedSource(pieces, source)
    source.close()
    return _read_whole_text(path, cls) if pieces is None else BytesSource(join(pieces), path)


def _read_whole_text(path: str, cls: Any) -> Source:
    text = read_side_file(path, "the text", MAX_TEXT_NBYTES)
    return BytesSource(schema.serialize(schema.parse_text(cls, text, path=path)), path)


def write_pieces(pieces: Sequence[Piece], sink: FileSink) -> None:
    """Write a message given in pieces; what lies in files is copied through one small buffer.

    Raises
    ------
    ChangedError
        One of these files was written to meanwhile.
    """
    nbytes = total_nbytes(pieces)
    meter.expect(nbytes, written=True)
    sink.preallocate(nbytes)
    sources: set[FileSource] = set()
    for piece in pieces:
        if isinstance(piece, bytes):
            sink.write(piece)
        else:
            for chunk in piece.chunks():
                sink.write(chunk)
            if isinstance(piece, Span) and isinstance(piece.source, FileSource):
                sources.add(piece.source)
    # Nothing else would tell: a graph has no checksum.
    for source in sources:
        source.require_unchanged()


@contextlib.contextmanager
def reading(path: str, *, is_text: bool) -> Iterator[None]:
    """Say of a binary message that cannot be read when its file ends too early, and give all errors its path."""
    try:
        with locating(path):
            yield
    except CorruptionError as error:
        wanted = None if is_text else _wanted_nbytes(path)
        if wanted is None:
            raise
        nbytes = places.getsize(path)
        reason = f"truncated: {nbytes} of {wanted} bytes or more"
        raise CorruptionError(reason, path=path, offset=nbytes, hint="download it again") from error


def _wanted_nbytes(path: str) -> int | None:
    """Return where the last record of a file claims to end, when that is behind the file's end; None of a whole one."""
    with contextlib.closing(open_source(path)) as source:
        if is_riegeli(source):
            return None
        window, position = Window(source), 0
        try:
            while position < source.size:
                position = next_record(window, position, _NO_END).end
        except CorruptionError:
            # Within the head of a record there is no more to be known; elsewhere it is no message at all.
            return source.size + 1 if source.size - position < _MAX_HEAD_NBYTES else None
        return position if position > source.size else None


@contextlib.contextmanager
def locating(path: str) -> Iterator[None]:
    """Give errors about bytes that do not know their file its path."""
    try:
        yield
    except FileFormatError as error:
        if error.path is not None:
            raise
        raise type(error)(error.reason, path=path, offset=error.offset, hint=error.hint) from error
