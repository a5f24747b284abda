"""What is wrong with the bytes of a message that protobuf does not parse: where, in which field, and why.

Protobuf's own words say neither ("Error parsing message", "String field had bad UTF-8 data"), and those of its
implementation in Python are others. So the records are walked once more, by the message's descriptor, as parsers do;
that happens after a parser has refused them only.
"""

from __future__ import annotations

from typing import Any

from proto_utils.errors import CorruptionError
from proto_utils.named_tuple import NamedTuple
from proto_utils.varint import decode_varint
from proto_utils.wire import LEN, MAX_DEPTH, Field, fields

# The numbers that descriptor.proto gives to types.
_STRING, _BYTES, _MESSAGE = 9, 12, 11
_FIXED = {1: 8, 6: 8, 16: 8, 2: 4, 7: 4, 15: 4}
_KEY, _VALUE = 1, 2
_MAX_SHOWN = 24
_MAX_PLACE = 240


class Fault(NamedTuple):
    """What is wrong with a message.

    Attributes
    ----------
    offset : int
        From the beginning of the message.
    place : str
        The field, as ``node 'conv1'.attr['value'].tensor``; empty for the message itself.
    reason : str
    """

    offset: int
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason


def find_fault(descriptor: Any, data: bytes) -> Fault | None:
    """Return the first thing wrong with the bytes of a message, None when nothing is found."""
    return _message_fault(descriptor, data, 0, len(data), "", 0)


def _message_fault(descriptor: Any, data: bytes, start: int, end: int, place: str, depth: int) -> Fault | None:
    if depth > MAX_DEPTH:
        half = _MAX_PLACE // 2
        place = place if len(place) <= _MAX_PLACE else f"{place[:half]} ... {place[-half:]}"
        return Fault(start, place, f"messages are nested deeper than {MAX_DEPTH}")
    counts: dict[int, int] = {}
    position = start
    try:
        for record in fields(data, start, end):
            position = record.end
            field = descriptor.fields_by_number.get(record.number)
            if field is None:
                continue
            number = counts[record.number] = counts.get(record.number, -1) + 1
            # The value of a map's entry is called by its key alone.
            is_value = record.number == _VALUE and descriptor.GetOptions().map_entry
            inner = place if is_value else _joined(place, _named(field, data, record, number))
            fault = _field_fault(field, data, record, inner, depth)
            if fault is not None:
                return fault
    except CorruptionError as error:
        reason = f"no field begins here: {error.reason}"
        return Fault(position if error.offset is None else error.offset, place, reason)
    return None


def _field_fault(field: Any, data: bytes, record: Field, place: str, depth: int) -> Fault | None:
    kind, nbytes = field.type, record.end - record.start
    if record.wire_type != LEN:
        return None
    if kind == _MESSAGE:
        return _message_fault(field.message_type, data, record.start, record.end, place, depth + 1)
    if kind == _STRING:
        try:
            data[record.start : record.end].decode()
        except UnicodeDecodeError as error:
            at = record.start + error.start
            shown = data[max(record.start, at - _MAX_SHOWN // 2) : min(record.end, at + _MAX_SHOWN // 2)]
            return Fault(at, place, f"its bytes are no text in UTF-8: {shown!r}")
        return None
    if kind == _BYTES:
        return None
    if nbytes % _FIXED.get(kind, 1):
        return Fault(record.start, place, f"{nbytes} bytes of numbers of {_FIXED[kind]} bytes each")
    packed, position = data[record.start : record.end], 0
    try:
        while kind not in _FIXED and position < nbytes:
            position = decode_varint(packed, position)[1]
    except CorruptionError as error:
        return Fault(record.start + position, place, f"one of its numbers {error.reason}")
    return None


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _named(field: Any, data: bytes, record: Field, number: int) -> str:
    """Return a field by its name, of a map with the key, of a repeated one with what it is called, or its index."""
    is_message = field.type == _MESSAGE and record.wire_type == LEN
    if is_message and field.message_type.GetOptions().map_entry:
        return f"{field.name}[{_text_in(data, record, _KEY)!r}]"
    if not _is_repeated(field):
        return str(field.name)
    named = field.message_type.fields_by_name.get("name") if is_message else None
    name = "" if named is None or named.type != _STRING else _text_in(data, record, named.number)
    # Messages are parsed in parts, so that a number may be one within a part.
    return f"{field.name} {name!r}" if name else f"{field.name}[{number}]"


def _is_repeated(field: Any) -> bool:
    repeated = getattr(field, "is_repeated", None)
    return bool(repeated) if repeated is not None else bool(field.label == field.LABEL_REPEATED)


def _text_in(data: bytes, record: Field, number: int) -> str:
    """Return a string field of a message, as far as the message can be read."""
    text = ""
    try:
        for field in fields(data, record.start, record.end):
            if field.number == number and field.wire_type == LEN:
                text = data[field.start : field.end].decode(errors="replace")
    except CorruptionError:
        pass
    return text if len(text) <= 4 * _MAX_SHOWN else f"{text[: 4 * _MAX_SHOWN]}..."
