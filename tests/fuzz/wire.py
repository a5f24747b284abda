"""Protobuf's wire format as a tree that can be changed: whatever parses as a message is taken for one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Union

from proto_utils.varint import encode_varint

VARINT, FIXED64, LEN, FIXED32 = 0, 1, 2, 5
_MAX_DEPTH = 40


class Record:
    """One field: its number, wire type and value; a message that may be one is parsed, and can be changed."""

    __slots__ = ("claimed", "number", "value", "wire_type")

    def __init__(self, number: int, wire_type: int, value: Value, claimed: int | None = None) -> None:
        self.number = number
        self.wire_type = wire_type
        self.value = value
        #: The length that is written instead of the true one.
        self.claimed = claimed

    def copy(self) -> Record:
        """Return another that shares nothing that can be changed."""
        value = [each.copy() for each in self.value] if isinstance(self.value, list) else self.value
        return Record(self.number, self.wire_type, value, self.claimed)

    def encode(self) -> bytes:
        """Return its bytes, tag first."""
        head = encode_varint((self.number << 3 | self.wire_type) & (1 << 64) - 1)
        if self.wire_type == VARINT and isinstance(self.value, int):
            return head + encode_varint(self.value & (1 << 64) - 1)
        content = encode(self.value) if isinstance(self.value, list) else self.value
        if isinstance(content, int):
            content = encode_varint(content & (1 << 64) - 1)
        if self.wire_type != LEN:
            return head + content
        return head + encode_varint(len(content) if self.claimed is None else self.claimed) + content


Value = Union[int, bytes, "list[Record]"]
Message = list[Record]


def decode(data: bytes, depth: int = 0) -> Message | None:
    """Parse a message; None when these bytes are something else."""
    found: Message = []
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        if position < 0 or not 0 < number < 1 << 29:
            return None
        if wire_type == VARINT:
            value, position = _varint(data, position)
            if position < 0:
                return None
            found.append(Record(number, wire_type, value))
            continue
        if wire_type == LEN:
            length, position = _varint(data, position)
        else:
            length = {FIXED64: 8, FIXED32: 4}.get(wire_type, -1)
        if position < 0 or length < 0 or position + length > len(data):
            return None
        content = data[position : position + length]
        position += length
        inner = decode(content, depth + 1) if wire_type == LEN and content and depth < _MAX_DEPTH else None
        found.append(Record(number, wire_type, content if inner is None else inner))
    return found


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """Decode a varint; return it and the position behind it, which is -1 when there is none."""
    result = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            return 0, -1
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
    return 0, -1


def encode(message: Message) -> bytes:
    """Return the bytes of a message."""
    return b"".join(record.encode() for record in message)


def places(message: Message) -> Iterator[tuple[Message, int]]:
    """Yield every field: the message that holds it, and where in it."""
    for position, record in enumerate(message):
        yield message, position
        if isinstance(record.value, list):
            yield from places(record.value)


def any_place(message: Message, rng: random.Random) -> tuple[Message, int] | None:
    """Return a field, deep ones as often as those above them; None of an empty message."""
    if not message:
        return None
    here = message
    while True:
        position = rng.randrange(len(here))
        value = here[position].value
        if not isinstance(value, list) or not value or rng.random() < 0.25:
            return here, position
        here = value
