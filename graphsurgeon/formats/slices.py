"""Slices of partitioned tensors, and the order-preserving keys under which they are stored.

A slice has one extent per dimension, ``(start, length)``; length -1 means all of it.
Its key in a checkpoint is a sequence of self-delimiting pieces whose byte order is
the order of the values (TensorFlow's ``OrderedCode`` and ``EncodeTensorNameSlice``)::

    key  = number 0 | string name | number rank | (signed start | signed length) per dimension

    number:  count of bytes (1 byte), then that many bytes, big-endian; 0 is 00, 5 is 01 05
    string:  its bytes, 00 as 00 FF and FF as FF 00, then 00 01
    signed:  the first bit is 1 for values >= 0; then a run of bits like it, one per byte
             after the first; then a bit unlike it; then the value in two's complement.
             0 is 80, 63 is BF, 64 is C0 40, -1 is 7F, -64 is 40

So the slice ``[0:3, :]`` of ``w`` is ``00 | 77 00 01 | 01 02 | 80 83 | 80 7F``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from graphsurgeon.tensors.boxes import Box
from graphsurgeon.tensors.tensor import Extents
from proto_utils.errors import CorruptionError

ALL = (0, -1)
_MAX_RANK = 254

_ESCAPED = [bytes([byte]) for byte in range(256)]
_ESCAPED[0x00], _ESCAPED[0xFF] = b"\0\xff", b"\xff\0"
_ESCAPE = re.compile(rb"\x00\xff|\xff\x00")
_STRING = re.compile(rb"((?:[^\x00\xff]|\x00\xff|\xff\x00)*)\x00\x01", re.DOTALL)


def encode_slice_key(name: bytes, extents: Extents) -> bytes:
    """Return the key of one slice of the tensor `name`.

    Parameters
    ----------
    name : bytes
        Key of the whole tensor.
    extents : Extents
    """
    parts = [b"\0", encode_string(name), encode_number(len(extents))]
    for start, length in extents:
        parts += [encode_signed(start), encode_signed(length)]
    return b"".join(parts)


def decode_slice_key(key: bytes) -> tuple[bytes, Extents]:
    """Return the tensor name and the extents in a slice key.

    Raises
    ------
    CorruptionError
        It is not such a key.
    """
    kind, position = decode_number(key, 0)
    name, position = decode_string(key, position)
    rank, position = decode_number(key, position)
    if kind != 0 or not 0 < rank <= _MAX_RANK:
        raise CorruptionError(f"not the key of a tensor slice: {key[:100]!r}")
    extents = []
    for _ in range(rank):
        start, position = decode_signed(key, position)
        length, position = decode_signed(key, position)
        # A length below 0 means all of the dimension, whatever the start says.
        extents.append((start, length) if length >= 0 else ALL)
    if position != len(key):
        raise CorruptionError(f"bytes behind the end of a slice key: {key[:100]!r}")
    return name, tuple(extents)


def slice_of_proto(message: Any) -> Extents:
    """Return the extents in a TensorSliceProto; an extent without a length is all of its dimension."""
    return tuple((e.start, e.length) if e.HasField("length") else (e.start, -1) for e in message.extent)


def box_of(extents: Extents, shape: Sequence[int]) -> Box:
    """Return a slice's bounds within a tensor.

    Raises
    ------
    CorruptionError
        The ranks differ, or the slice is not inside the tensor.
    """
    if len(extents) != len(shape):
        raise CorruptionError(f"a slice of rank {len(extents)} of a tensor of shape {list(shape)}")
    box = []
    for (start, length), dim in zip(extents, shape, strict=True):
        stop = dim if length < 0 else start + length
        if start < 0 or stop > dim or (length < 0 and start != 0):
            raise CorruptionError(f"slice {format_slice(extents)} is not within shape {list(shape)}")
        box.append((start, stop))
    return tuple(box)


def format_slice(extents: Extents) -> str:
    """Return the slice as TensorFlow spells it: ``0,3:-`` takes three rows and every column."""
    return ":".join("-" if length < 0 else f"{start},{length}" for start, length in extents)


def encode_string(value: bytes) -> bytes:
    """Encode a byte string so that encodings sort as the strings do."""
    return b"".join(map(_ESCAPED.__getitem__, value)) + b"\0\1"


def decode_string(data: bytes, position: int) -> tuple[bytes, int]:
    """Decode a string; return it and the position behind it.

    Raises
    ------
    CorruptionError
        It has no end, or a pair of bytes that means nothing.
    """
    found = _STRING.match(data, position)
    if found is None:
        raise CorruptionError("bad string in an ordered key")
    return _ESCAPE.sub(lambda pair: pair[0][:1], found[1]), found.end()


def encode_number(value: int) -> bytes:
    """Encode a non-negative number below 2**64."""
    nbytes = (value.bit_length() + 7) // 8
    return bytes([nbytes]) + value.to_bytes(nbytes, "big")


def decode_number(data: bytes, position: int) -> tuple[int, int]:
    """Decode a number; return it and the position behind it.

    Raises
    ------
    CorruptionError
        The data ends inside it, or it is longer than eight bytes.
    """
    nbytes = data[position] if position < len(data) else 9
    end = position + 1 + nbytes
    if nbytes > 8 or end > len(data):
        raise CorruptionError("bad number in an ordered key")
    return int.from_bytes(data[position + 1 : end], "big"), end


def encode_signed(value: int) -> bytes:
    """Encode a signed 64-bit number; n bytes hold ``[-2**(7n-1), 2**(7n-1))``."""
    magnitude = value if value >= 0 else ~value
    nbytes = magnitude.bit_length() // 7 + 1
    nbits = 8 * nbytes
    # The header: `nbytes` ones from the top, on top of the sign-extended value.
    header = ((1 << nbytes) - 1) << (nbits - nbytes)
    return ((value & ((1 << nbits) - 1)) ^ header).to_bytes(nbytes, "big")


def decode_signed(data: bytes, position: int) -> tuple[int, int]:
    """Decode a signed number; return it and the position behind it.

    Raises
    ------
    CorruptionError
        The data ends inside it, or it is longer than ten bytes.
    """
    head = int.from_bytes(data[position : position + 2].ljust(2, b"\0"), "big")
    if not head & 0x8000:
        head ^= 0xFFFF
    nbytes = 16 - (head ^ 0xFFFF).bit_length()
    end = position + nbytes
    if nbytes > 10 or position >= len(data) or end > len(data):
        raise CorruptionError("bad signed number in an ordered key")
    nbits = 8 * nbytes
    raw = int.from_bytes(data[position:end], "big") ^ ((1 << nbytes) - 1) << (nbits - nbytes)
    value = raw - (1 << nbits) if raw >> (nbits - 1) else raw
    if not -(1 << 63) <= value < 1 << 63:
        raise CorruptionError("signed number past 64 bits in an ordered key")
    return value, end
