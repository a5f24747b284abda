"""Protobuf's wire format: records of tag and payload, read without a schema.

    record  = tag payload
    tag     = varint(field number << 3 | wire type)
    payload = varint                     wire type 0, VARINT
            | 8 bytes                    wire type 1, I64
            | varint(n) n bytes          wire type 2, LEN
            | records ... end tag        wire types 3 and 4, groups
            | 4 bytes                    wire type 5, I32

Source: the protobuf encoding guide. Groups are skipped whole, as parsers do.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from proto_utils.errors import CorruptionError
from proto_utils.named_tuple import NamedTuple
from proto_utils.varint import decode_varint, encode_varint

VARINT, I64, LEN, START_GROUP, END_GROUP, I32 = range(6)

#: Groups nested deeper than this are refused, as protobuf's own parsers do.
MAX_DEPTH = 100


class Field(NamedTuple):
    """One record: its field number and wire type, and where its bytes are.

    `record` is where the tag begins, `start` and `end` bound the payload (for
    LEN fields without the length).
    """

    number: int
    wire_type: int
    record: int
    start: int
    end: int


def fields(buffer: bytes | memoryview, start: int = 0, end: int | None = None) -> Iterator[Field]:
    """Walk the records of a message.

    Parameters
    ----------
    buffer : bytes-like
    start, end : int
        The range of the message in `buffer`.

    Yields
    ------
    Field

    Raises
    ------
    CorruptionError
        A record runs past `end`, or a tag is impossible.
    """
    limit = len(buffer) if end is None else end
    position = start
    while position < limit:
        record = position
        number, wire_type, position = _tag(buffer, position)
        payload, position = _skip(buffer, position, number, wire_type, 0)
        if position > limit:
            raise CorruptionError(f"field {number} runs past the end of its message", offset=record)
        yield Field(number, wire_type, record, payload, position)


def tag(number: int, wire_type: int) -> bytes:
    """Encode a record's tag."""
    return encode_varint(number << 3 | wire_type)


@lru_cache(maxsize=4096)
def len_header(number: int, nbytes: int) -> bytes:
    """Encode what precedes the payload of a LEN field of `nbytes` bytes."""
    return encode_varint(number << 3 | LEN) + encode_varint(nbytes)


def _tag(buffer: bytes | memoryview, position: int) -> tuple[int, int, int]:
    key, after = decode_varint(buffer, position)
    number, wire_type = key >> 3, key & 7
    if number == 0 or number >= 1 << 29 or wire_type > I32:
        raise CorruptionError(f"impossible tag (field {number}, wire type {wire_type})", offset=position)
    return number, wire_type, after


def _skip(buffer: bytes | memoryview, position: int, number: int, wire_type: int, depth: int) -> tuple[int, int]:
    """Return the payload's start and the position behind the record."""
    if wire_type == LEN:
        nbytes, payload = decode_varint(buffer, position)
        return payload, payload + nbytes
    if wire_type == VARINT:
        return position, decode_varint(buffer, position)[1]
    if wire_type == I64:
        return position, position + 8
    if wire_type == I32:
        return position, position + 4
    if wire_type == END_GROUP or depth >= MAX_DEPTH:
        raise CorruptionError("group end without a start, or groups nested too deep", offset=position)
    return position, _skip_group(buffer, position, number, depth + 1)


def _skip_group(buffer: bytes | memoryview, position: int, group: int, depth: int) -> int:
    while True:
        number, wire_type, position = _tag(buffer, position)
        if wire_type == END_GROUP:
            if number != group:
                raise CorruptionError(f"group {group} closed by {number}", offset=position)
            return position
        position = _skip(buffer, position, number, wire_type, depth)[1]
