"""Base-128 varints, the integers of protobuf's wire format and of leveldb's tables.

Seven bits a byte, least significant group first; the high bit says that another
byte follows. 300 is ``AC 02``: 0x2C | 0x80, then 0x02.
"""

from __future__ import annotations

from proto_utils.errors import CorruptionError

#: A 64-bit value takes at most this many bytes.
MAX_NBYTES = 10

_SINGLE = [bytes([n]) for n in range(128)]


def encode_varint(value: int) -> bytes:
    """Encode a non-negative integer below 2**64, in 1 to 10 bytes."""
    if 0 <= value < 0x80:
        return _SINGLE[value]
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def decode_varint(buffer: bytes | bytearray | memoryview, position: int) -> tuple[int, int]:
    """Decode the varint at `position`; return the value and the position behind it.

    Raises
    ------
    CorruptionError
        The buffer ends inside the varint, or it is longer than ten bytes.
    """
    value = shift = 0
    start = position
    limit = len(buffer)
    while position < limit:
        byte = buffer[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, position
        shift += 7
        if shift >= 70:
            raise CorruptionError("varint longer than 10 bytes", offset=start)
    raise CorruptionError("ends inside a varint", offset=start)
