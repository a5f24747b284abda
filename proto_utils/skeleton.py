"""Reading a message without its long payloads: skeleton here, payloads stay in the file.

A `Layout` says where in a message long payloads may be. `strip` copies the message
record by record, leaves those payloads out and returns where they are; lengths of
the enclosing messages are written anew, so the skeleton is a valid message that
protobuf parses as usual. `splice.insert` is the inverse.

::

    NodeDef { name op attr { "value" { tensor { dtype shape tensor_content: 400 MB } } } }
         strip -> NodeDef { name op attr { "value" { tensor { dtype shape } } } }
                  + Payload(keys=("value",), number=4, Span(... 400 MB))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from proto_utils.errors import CorruptionError
from proto_utils.files import Source, Span, Window
from proto_utils.varint import decode_varint
from proto_utils.wire import I32, I64, LEN, VARINT, fields, len_header

#: Messages shorter than this are kept whole: a span costs more than the bytes.
LONG_NBYTES = 1024

# A tag and a length, each a varint.
_HEADER_NBYTES = 20

_FIXED = {I64: 8, I32: 4}


class Layout:
    """Where long payloads may be in a message.

    Parameters
    ----------
    children : mapping of int to Layout
        Fields that hold messages in which payloads may be.
    payloads : iterable of int
        Fields that hold payloads: bytes, or packed numbers.
    is_entry : bool
        Whether the message is an entry of a map with string keys.
    """

    def __init__(
        self,
        children: Mapping[int, Layout] | None = None,
        payloads: tuple[int, ...] = (),
        *,
        is_entry: bool = False,
    ) -> None:
        self.children = dict(children or {})
        self.payloads = frozenset(payloads)
        self.is_entry = is_entry


class Payload(NamedTuple):
    """A payload left in the file: the map keys on the way to it, its field number, its bytes."""

    keys: tuple[str, ...]
    number: int
    span: Span


class Record(NamedTuple):
    """One record in a source; the fields are those of `wire.Field`, as offsets in the source."""

    number: int
    wire_type: int
    record: int
    start: int
    end: int


def next_record(window: Window, position: int, end: int) -> Record:
    """Read the head of the record at `position`; its payload is not touched.

    Raises
    ------
    CorruptionError
        The record runs past `end`, or the tag is impossible.
    """
    index = window.ensure(position, min(_HEADER_NBYTES, end - position))
    try:
        key, after = decode_varint(window.buffer, index)
        number, wire_type = key >> 3, key & 7
        start = window.base + after
        if wire_type == LEN:
            nbytes, after = decode_varint(window.buffer, after)
            start = window.base + after
            stop = start + nbytes
        elif wire_type == VARINT:
            stop = window.base + decode_varint(window.buffer, after)[1]
        elif wire_type in _FIXED:
            stop = start + _FIXED[wire_type]
        else:
            stop = _group_end(window, position, end)
    except CorruptionError as error:
        raise CorruptionError(error.reason, offset=position) from None
    if number == 0:
        raise CorruptionError("impossible tag (field 0)", offset=position)
    if stop > end:
        raise CorruptionError(
            f"field {number} claims to end at byte {stop}, its message ends at {end}", offset=position
        )
    return Record(number, wire_type, position, start, stop)


def strip(source: Source, start: int, end: int, layout: Layout) -> tuple[bytes, list[Payload]]:
    """Copy a message without its long payloads.

    Parameters
    ----------
    source : Source
    start, end : int
        The range of the message in `source`.
    layout : Layout

    Returns
    -------
    skeleton : bytes
    payloads : list of Payload
        In file order; empty when the message is short or has none.

    Raises
    ------
    CorruptionError
        A record runs past its message. Touches no payload.
    """
    if end - start < LONG_NBYTES:
        return source.read(start, end), []
    return _strip(Window(source, 4096), source, start, end, layout)


def _strip(window: Window, source: Source, start: int, end: int, layout: Layout) -> tuple[bytes, list[Payload]]:
    pieces: list[bytes] = []
    payloads: list[Payload] = []
    position = start
    while position < end:
        record = next_record(window, position, end)
        position = record.end
        number = record.number
        if number in layout.payloads:
            if record.wire_type != LEN:
                # Unpacked numbers: a record each. They are parsed by protobuf, all or none.
                return source.read(start, end), []
            payloads.append(Payload((), number, Span(source, record.start, record.end)))
        elif number in layout.children and record.wire_type == LEN and record.end - record.start >= LONG_NBYTES:
            child, found = _strip(window, source, record.start, record.end, layout.children[number])
            pieces += [len_header(number, len(child)), child]
            payloads += found
        else:
            pieces.append(source.read(record.record, record.end))
    skeleton = b"".join(pieces)
    if payloads and layout.is_entry:
        key = _entry_key(skeleton)
        payloads = [Payload((key, *p.keys), p.number, p.span) for p in payloads]
    return skeleton, payloads


def _entry_key(entry: bytes) -> str:
    key = b""
    for field in fields(entry):
        if field.number == 1 and field.wire_type == LEN:
            key = entry[field.start : field.end]
    try:
        return key.decode()
    except UnicodeDecodeError:
        raise CorruptionError(f"map key {key!r} is not UTF-8") from None


def _group_end(window: Window, position: int, end: int) -> int:
    """Groups are not used by TensorFlow; one in an unknown field is read whole and skipped."""
    index = window.ensure(position, end - position)
    for field in fields(window.buffer, index, index + end - position):
        return window.base + field.end
    raise CorruptionError("ends inside a group", offset=position)
