"""Reading a message without its long payloads: skeleton here, payloads stay in the file.

A `Layout` says where in a message long payloads may be. `strip` copies the message
record by record, leaves those payloads out and returns where they are; lengths of
the enclosing messages are written anew, so the skeleton is a valid message that
protobuf parses as usual. `splice.insert` is the inverse. A message that holds its fields
in a way that no writer does (twice, say, so that the later one counts) is copied whole,
payload and all, and protobuf decides what it means.

::

    NodeDef { name op attr { "value" { tensor { dtype shape tensor_content: 400 MB } } } }
         strip -> NodeDef { name op attr { "value" { tensor { dtype shape } } } }
                  + Payload(keys=("value",), number=4, Span(... 400 MB))
"""

from __future__ import annotations

from collections.abc import Mapping

from proto_utils.errors import CorruptionError
from proto_utils.files import Source, Span, Window
from proto_utils.named_tuple import NamedTuple
from proto_utils.varint import decode_varint
from proto_utils.wire import END_GROUP, I32, I64, LEN, MAX_DEPTH, START_GROUP, VARINT, len_header

#: Messages shorter than this are kept whole: a span costs more than the bytes.
LONG_NBYTES = 1024

# A tag and a length, each a varint.
_HEADER_NBYTES = 20

_FIXED = {I64: 8, I32: 4}

# A message of more records than this is copied whole: walking over them would take longer than reading them.
_MAX_RECORDS = 4096


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
    is_single : bool
        Whether a writer gives the message each field once, and a oneof one of its fields.
    """

    def __init__(
        self,
        children: Mapping[int, Layout] | None = None,
        payloads: tuple[int, ...] = (),
        *,
        is_entry: bool = False,
        is_single: bool = False,
    ) -> None:
        self.children = dict(children or {})
        self.payloads = frozenset(payloads)
        self.is_entry = is_entry
        self.is_single = is_single or is_entry


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
    try:
        record = _record(window, position, end, 0)
    except CorruptionError as error:
        raise CorruptionError(error.reason, path=window.path, offset=position) from None
    if record.end > end:
        raise CorruptionError(
            f"field {record.number} claims to end at byte {record.end}, its message ends at {end}",
            path=window.path,
            offset=position,
        )
    return record


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


def _record(window: Window, position: int, end: int, depth: int) -> Record:
    if position >= end:
        raise CorruptionError("ends inside a group")
    index = window.ensure(position, min(_HEADER_NBYTES, end - position))
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
    elif wire_type == START_GROUP and depth < MAX_DEPTH:
        stop = _group_end(window, start, end, number, depth + 1)
    elif wire_type == END_GROUP and depth:
        stop = start
    else:
        raise CorruptionError(f"impossible tag (field {number}, wire type {wire_type})")
    if number == 0:
        raise CorruptionError("impossible tag (field 0)")
    return Record(number, wire_type, position, start, stop)


def _group_end(window: Window, position: int, end: int, group: int, depth: int) -> int:
    """Return where a group ends; TensorFlow uses none, so it is an unknown field."""
    while True:
        record = _record(window, position, end, depth)
        position = record.end
        if record.wire_type == END_GROUP:
            if record.number != group:
                raise CorruptionError(f"group {group} closed by {record.number}")
            return position


def _strip(window: Window, source: Source, start: int, end: int, layout: Layout) -> tuple[bytes, list[Payload]]:
    pieces: list[bytes] = []
    payloads: list[Payload] = []
    records = _records(window, start, end)
    if len(records) > _MAX_RECORDS or not _is_as_written(records, layout):
        return source.read(start, end), []
    for record in records:
        number = record.number
        if number in layout.payloads:
            payloads.append(Payload((), number, Span(source, record.start, record.end)))
        elif number in layout.children and record.wire_type == LEN and record.end - record.start >= LONG_NBYTES:
            child, found = _strip(window, source, record.start, record.end, layout.children[number])
            pieces += [len_header(number, len(child)), child]
            payloads += found
        else:
            pieces.append(window.read(record.record, record.end))
    if payloads and layout.is_entry:
        key = _entry_key(records, window)
        payloads = [Payload((key, *p.keys), p.number, p.span) for p in payloads]
    return b"".join(pieces), payloads


def _records(window: Window, position: int, end: int) -> list[Record]:
    """Return the records of a message, or the first few too many."""
    records: list[Record] = []
    while position < end and len(records) <= _MAX_RECORDS:
        records.append(next_record(window, position, end))
        position = records[-1].end
    return records


def _is_as_written(records: list[Record], layout: Layout) -> bool:
    """Return whether writers write a message like this: packed numbers, and single fields once."""
    if layout.is_single and len({record.number for record in records}) != len(records):
        return False
    return all(record.wire_type == LEN for record in records if record.number in layout.payloads)


def _entry_key(records: list[Record], window: Window) -> str:
    """Return the key of a map entry; one that is left out is the empty string."""
    for record in records:
        if record.number == 1 and record.wire_type == LEN:
            key = window.read(record.start, record.end)
            try:
                return key.decode()
            except UnicodeDecodeError:
                raise CorruptionError(f"map key {key!r} is not UTF-8", path=window.path, offset=record.start) from None
    return ""
