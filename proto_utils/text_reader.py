"""Reading protobuf text without making a message of it: the text goes in, the message's binary form comes out.

Protobuf's own parser in Python takes microseconds for every word and has all of the text and all of the message in
memory. Here a regular expression takes a statement at a time, and long values stay in the file: they are looked
at once and decoded when they are read (`text_values`).

::

    statement = name ":" (quoted | number | word)
              | name [":"] "{"
              | "}"

That is what printers write. Whatever else a text may say (messages in angle brackets, lists in square ones, extensions,
texts in pieces, numbers in octal), and whatever is wrong, is left to protobuf, which knows what it means: the
result here is then None. The binary form is the one of deterministic serialization. Source: protobuf's specification of
the text format.
"""

from __future__ import annotations

import re
from typing import Any

from proto_utils import schema
from proto_utils.errors import CorruptionError
from proto_utils.files import FileSource
from proto_utils.pieced import Ranged
from proto_utils.text_fields import OPENS, QUOTED, OtherTextError, TextField, fields_of
from proto_utils.text_values import TextPart, TextValue, packed_by, unescape
from proto_utils.wire import len_header

Pieces = list[bytes | Ranged]

#: The text is read so much at a time.
_WINDOW_NBYTES = 1 << 17
#: A statement longer than this must be a text in quotes.
_LONG_STATEMENT_NBYTES = 1 << 16
#: Values of so many bytes or more stay in the file: shorter ones take less room than the note where they are.
_LONG_NBYTES = 1024
#: So many values of a field one by one, and more are looked for all at once.
_SHORT_RUN = 8
#: What is nested deeper is left to protobuf, which knows how deep it can go.
_MAX_DEPTH = 64
#: Of an entry of a map, when it has a key and a value.
_BOTH = 3
#: So long is an escape with what shows that it ends.
_MAX_ESCAPE_NBYTES = 5
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_SPACE = rb"\s*(?:#[\x00-\x09\x0b-\x7f]*\n\s*)*"
# What is longer than it says, as an octal number of which the window holds the first digits, does not match.
_ESCAPE = rb"\\(?:[0-3][0-7]{2}|[0-7]{1,2}(?=[^0-7])|x[0-9A-Fa-f]{2}(?=[^0-9A-Fa-f])|[abfnrtv\\\"'])"
_BODY = rb"[^\"\\\n]*(?:" + _ESCAPE + rb"[^\"\\\n]*)*"
_NAME = rb"([A-Za-z_][A-Za-z_0-9]*)\s*"
#: Which group of a statement matched last; those before are what stands behind a name.
_CLOSES, _OTHER = 4, 5
_STATEMENT = re.compile(
    _SPACE + rb"(?:" + _NAME + rb"(?::\s*(?:\"(" + _BODY + rb")\"|([-+.\w]+)(?=[\s}#]))|:?\s*\{)|(\})|(\S))"
)
_QUOTED_HEAD = re.compile(_SPACE + _NAME + rb":\s*\"")
_QUOTED_BODY = re.compile(_BODY)
_BLANK = re.compile(_SPACE)


def read_text(source: FileSource, cls: Any) -> Pieces | None:
    """Parse a file in protobuf text format.

    Parameters
    ----------
    source : FileSource
        Must stay open as long as the result is used.
    cls : type of Message
        Whose text it is.

    Returns
    -------
    list of bytes or TextValue, or None
        The message, serialized, in pieces; None when the text must be left to protobuf, or is wrong.
    """
    try:
        return _Reader(source, cls.DESCRIPTOR).read()
    except (OtherTextError, CorruptionError):
        return None


class _Run:
    """Consecutive values of a packed field; they stand in one record."""

    __slots__ = ("field", "pending", "pieces")

    def __init__(self, field: TextField) -> None:
        self.field = field
        self.pending: list[bytes] = []
        self.pieces: Pieces = []

    def add(self, values: bytes | TextValue) -> None:
        """Add values that are packed already."""
        if self.pending:
            self.pieces.append(self.field.pack(self.pending))
            self.pending = []
        self.pieces.append(values)

    def finished(self) -> Pieces:
        """Return the record."""
        self.add(b"")
        return [len_header(self.field.number, _nbytes(self.pieces)), *self.pieces]


class _Open:
    """A message of which the end has not been read.

    Attributes
    ----------
    pieces : list
        What it is made of so far: records, and runs of values that may go on.
    seen : int
        The bits of the fields that it has.
    last : int
        The number of the field that came last.
    key : bytes or None
        Of an entry of a map whose keys are texts.
    last_key : tuple of (int, bytes)
        Of the map's entry that came last: the number of the map and its key.
    is_sorted : bool
        Whether all that came so far is in the order in which it is written.
    is_long : bool
        Whether some of it stays in the file.
    """

    __slots__ = ("descriptor", "fields", "is_long", "is_sorted", "key", "last", "last_key", "pieces", "run", "seen")

    def __init__(self, fields: dict[bytes, TextField], descriptor: Any) -> None:
        self.fields = fields
        self.descriptor = descriptor
        self.pieces: list[bytes | Ranged | _Run] = []
        self.run: _Run | None = None
        self.seen = self.last = 0
        self.key: bytes | None = None
        self.last_key = (0, b"")
        self.is_sorted = True
        self.is_long = False

    def begin(self, name: bytes, kind: int) -> TextField:
        """Return the field of a name, which a value of this kind follows."""
        field = self.fields.get(name)
        if field is None or field.wants != kind or field.bit & self.seen:
            raise OtherTextError
        if field.number < self.last:
            self.is_sorted = False
        self.seen |= field.bit
        self.last = field.number
        return field

    def add_packed(self, field: TextField, value: bytes) -> _Run:
        """Add a value of a packed field; return the run it belongs to."""
        run = self.run
        if run is None or run.field is not field:
            run = self.run = _Run(field)
            self.pieces.append(run)
        run.pending.append(value)
        return run

    def add_bytes(self, field: TextField, value: bytes | TextValue, nbytes: int) -> None:
        """Add a text or bytes."""
        if nbytes or field.keeps_default:
            self.pieces += len_header(field.number, nbytes), value

    def add_message(self, field: TextField, message: _Open) -> None:
        """Add a message that has ended."""
        pieces = message.finished()
        if field.is_map:
            key = (field.number, message.key or b"")
            if message.key is None or message.seen != _BOTH or key <= self.last_key:
                self.is_sorted = False
            self.last_key = key
        self.is_long = self.is_long or message.is_long
        self.pieces.append(len_header(field.number, _nbytes(pieces)))
        self.pieces += pieces

    def finished(self) -> Pieces:
        """Return the message in pieces: in one when nothing of it stays in the file."""
        pieces: Any = self.pieces
        if self.run is not None:
            runs = [piece.finished() if isinstance(piece, _Run) else (piece,) for piece in pieces]
            pieces = [piece for run in runs for piece in run]
        if not self.is_long:
            data = b"".join(pieces)
            return [data if self.is_sorted else schema.canonical(self.descriptor, data)]
        if not self.is_sorted:
            raise OtherTextError
        return _joined(pieces)


def _joined(pieces: Pieces) -> Pieces:
    """Return pieces with those in memory joined to their neighbours."""
    joined: Pieces = []
    here: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            here.append(piece)
        else:
            joined += b"".join(here), piece
            here = []
    return [*joined, b"".join(here)]


def _nbytes(pieces: Pieces) -> int:
    return sum([len(piece) if isinstance(piece, bytes) else piece.nbytes for piece in pieces])


def _unescaped(field: TextField, text: bytes) -> bytes:
    """Return what stands between quotes; of a field that is text it must be UTF-8, as the file must."""
    has_escapes, is_ascii = b"\\" in text, text.isascii()
    if has_escapes and not is_ascii:
        raise OtherTextError
    value = unescape(text)
    if not is_ascii or (field.is_text and has_escapes):
        try:
            value.decode()
        except UnicodeDecodeError:
            raise OtherTextError from None
    return value


class _Reader:
    """One reading of one text."""

    def __init__(self, source: FileSource, descriptor: Any) -> None:
        self._source = source
        self._tables: dict[str, dict[bytes, TextField]] = {}
        self._stack: list[tuple[_Open, TextField]] = []
        self._top = self._opened(descriptor)
        #: What was read of the text, where it begins in the file, and where in it what comes next begins.
        self._buffer = b""
        self._base = 0
        self._position = 0
        self._is_at_end = False

    def read(self) -> Pieces:
        """Return the message."""
        self._more()
        if self._buffer.startswith(_BYTE_ORDER_MARK):
            self._position = len(_BYTE_ORDER_MARK)
        while True:
            if self._statements():
                continue
            if self._is_at_end:
                break
            if len(self._buffer) - self._position >= _LONG_STATEMENT_NBYTES:
                self._long_quoted()
            else:
                self._more()
        if self._stack or _BLANK.fullmatch(self._buffer, self._position) is None:
            raise OtherTextError
        return self._top.finished()

    def _opened(self, descriptor: Any) -> _Open:
        if len(self._stack) > _MAX_DEPTH:
            raise OtherTextError
        fields = self._tables.get(descriptor.full_name)
        if fields is None:
            fields = self._tables[descriptor.full_name] = fields_of(descriptor)
        return _Open(fields, descriptor)

    def _more(self) -> None:
        """Read the next part of the text; behind the end of it stands the end of a line."""
        start = self._base + len(self._buffer)
        end = min(start + _WINDOW_NBYTES, self._source.size)
        self._is_at_end = end == self._source.size
        last = b"\n" if self._is_at_end else b""
        self._base += self._position
        self._buffer = b"".join((self._buffer[self._position :], self._source.read(start, end), last))
        self._position = 0

    def _statements(self) -> bool:
        """Parse what is in the window; return whether there may be more in it."""
        top, run_end = self._top, 0
        for found in _STATEMENT.finditer(self._buffer, self._position):
            kind = found.lastindex
            if kind == _CLOSES:
                top = self._closed(top)
            elif kind == _OTHER:
                break
            else:
                field = top.begin(found[1], kind or 0)
                if kind == QUOTED:
                    self._add_quoted(top, field, found)
                elif kind == OPENS:
                    self._stack.append((top, field))
                    top = self._opened(field.message_type)
                elif not field.is_packed:
                    top.pieces.append(field.record(found[3]))
                else:
                    run = top.add_packed(field, found[3])
                    if len(run.pending) >= _SHORT_RUN:
                        run_end = self._rest_of_run(top, run, found.end())
            self._position = found.end()
            if run_end:
                self._position = run_end
                break
        self._top = top
        return run_end > 0

    def _closed(self, top: _Open) -> _Open:
        """Add the message that ends to the one it is in; return that one."""
        if not self._stack:
            raise OtherTextError
        outer, field = self._stack.pop()
        outer.add_message(field, top)
        return outer

    def _add_quoted(self, top: _Open, field: TextField, found: re.Match[bytes]) -> None:
        text = found[2]
        value = text if b"\\" not in text and text.isascii() else _unescaped(field, text)
        if field.is_key:
            top.key = value
        nbytes = len(value)
        if nbytes < _LONG_NBYTES or field.is_text:
            top.add_bytes(field, value, nbytes)
        else:
            part = TextPart(self._base + found.start(2), self._base + found.end(2), nbytes)
            self._add_long(top, field, [part])

    def _add_long(self, top: _Open, field: TextField, parts: list[TextPart]) -> None:
        value = TextValue(self._source, unescape, parts)
        top.add_bytes(field, value, value.nbytes)
        top.is_long = True

    def _rest_of_run(self, top: _Open, run: _Run, start: int) -> int:
        """Add all values that follow in the window; return where they end, 0 when there are none."""
        found = run.field.run_pattern.match(self._buffer, start)
        if found is None or found.end() == start:
            return 0
        values, decode = found[0], packed_by(run.field.pack)
        packed = decode(values)
        if len(packed) < _LONG_NBYTES:
            run.add(packed)
        else:
            run.add(
                TextValue(self._source, decode, [TextPart(self._base + start, self._base + found.end(), len(packed))])
            )
            top.is_long = True
        return found.end()

    def _long_quoted(self) -> None:
        """Parse a text in quotes that is longer than the window."""
        head = _QUOTED_HEAD.match(self._buffer, self._position)
        if head is None:
            raise OtherTextError
        field = self._top.begin(head[1], QUOTED)
        if field.is_text:
            raise OtherTextError
        self._position = head.end()
        parts: list[TextPart] = []
        while True:
            body = _QUOTED_BODY.match(self._buffer, self._position)
            text = b"" if body is None else body[0]
            if not text.isascii():
                raise OtherTextError
            start = self._base + self._position
            parts.append(TextPart(start, start + len(text), len(unescape(text))))
            self._position += len(text)
            if self._buffer.startswith(b'"', self._position):
                break
            # What is left is the beginning of an escape.
            if self._is_at_end or len(self._buffer) - self._position > _MAX_ESCAPE_NBYTES:
                raise OtherTextError
            self._more()
        self._position += 1
        self._add_long(self._top, field, parts)
