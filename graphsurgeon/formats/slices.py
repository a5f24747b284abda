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

from collections.abc import Sequence
from typing import Any

from graphsurgeon.tensors.boxes import Box
from graphsurgeon.tensors.tensor import Extents
from proto_utils.errors import CorruptionError

_ESCAPED = [bytes([byte]) for byte in range(256)]
_ESCAPED[0x00], _ESCAPED[0xFF] = b"\0\xff", b"\xff\0"


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


def encode_number(value: int) -> bytes:
    """Encode a non-negative number below 2**64."""
    nbytes = (value.bit_length() + 7) // 8
    return bytes([nbytes]) + value.to_bytes(nbytes, "big")


def encode_signed(value: int) -> bytes:
    """Encode a signed 64-bit number; n bytes hold ``[-2**(7n-1), 2**(7n-1))``."""
    magnitude = value if value >= 0 else ~value
    nbytes = magnitude.bit_length() // 7 + 1
    nbits = 8 * nbytes
    # The header: `nbytes` ones from the top, on top of the sign-extended value.
    header = ((1 << nbytes) - 1) << (nbits - nbytes)
    return ((value & ((1 << nbits) - 1)) ^ header).to_bytes(nbytes, "big")
