"""HighwayHash-64, the checksum of Riegeli files, in Python: a few megabytes a second.

Four lanes of 64 bits in each of four states; 32 bytes of the message at a time are added, multiplied and shuffled into
them. Source: J. Alakuijala, B. Cox, J. Wassenberg, "Fast keyed hash/pseudo-random function using SIMD multiply and
permute", 2016, and the portable implementation of its authors.
"""

from __future__ import annotations

import struct

#: Four numbers of 64 bits.
_Lanes = list[int]

_MASK = (1 << 64) - 1
_LOW = (1 << 32) - 1
_PACKET_NBYTES = 32
_FINAL_ROUNDS = 4
_INITIAL_0 = (0xDBE6D5D5FE4CCE2F, 0xA4093822299F31D0, 0x13198A2E03707344, 0x243F6A8885A308D3)
_INITIAL_1 = (0x3BD39E10CB0EF593, 0xC0ACF169B5F18A8C, 0xBE5466CF34E90C6C, 0x452821E638D01377)


def highway_hash(data: bytes, key: tuple[int, int, int, int]) -> int:
    """Return the hash of some bytes under a key, as a number of 64 bits."""
    mul0, mul1 = list(_INITIAL_0), list(_INITIAL_1)
    v0 = [a ^ b for a, b in zip(_INITIAL_0, key, strict=True)]
    v1 = [a ^ _swapped(b) for a, b in zip(_INITIAL_1, key, strict=True)]
    state = v0, v1, mul0, mul1
    whole = len(data) - len(data) % _PACKET_NBYTES
    for packet in struct.iter_unpack("<4Q", data[:whole]):
        _update(packet, *state)
    if whole < len(data):
        _add_rest(data[whole:], *state)
    for _ in range(_FINAL_ROUNDS):
        _update((_swapped(v0[2]), _swapped(v0[3]), _swapped(v0[0]), _swapped(v0[1])), *state)
    return (v0[0] + v1[0] + mul0[0] + mul1[0]) & _MASK


def _update(packet: tuple[int, ...], v0: _Lanes, v1: _Lanes, mul0: _Lanes, mul1: _Lanes) -> None:
    for i in range(4):
        v1[i] = (v1[i] + mul0[i] + packet[i]) & _MASK
        mul0[i] ^= (v1[i] & _LOW) * (v0[i] >> 32)
        v0[i] = (v0[i] + mul1[i]) & _MASK
        mul1[i] ^= (v0[i] & _LOW) * (v1[i] >> 32)
    for source, target in ((v1, v0), (v0, v1)):
        for i in (0, 2):
            even, odd = _zipped(source[i], source[i + 1])
            target[i] = (target[i] + even) & _MASK
            target[i + 1] = (target[i + 1] + odd) & _MASK


def _zipped(even: int, odd: int) -> tuple[int, int]:
    """Shuffle the bytes of two lanes, so that those of weak products are spread."""
    first = (
        ((even & 0xFF000000) | (odd & 0xFF00000000)) >> 24
        | ((even & 0xFF0000000000) | (odd & 0xFF000000000000)) >> 16
        | even & 0xFF0000
        | (even & 0xFF00) << 32
        | (odd & 0xFF00000000000000) >> 8
        | (even << 56) & _MASK
    )
    second = (
        ((odd & 0xFF000000) | (even & 0xFF00000000)) >> 24
        | odd & 0xFF0000
        | (odd & 0xFF0000000000) >> 16
        | (odd & 0xFF00) << 24
        | (even & 0xFF000000000000) >> 8
        | (odd & 0xFF) << 48
        | even & 0xFF00000000000000
    )
    return first, second


def _add_rest(rest: bytes, v0: _Lanes, v1: _Lanes, mul0: _Lanes, mul1: _Lanes) -> None:
    """Add the last 1 to 31 bytes: whole words, then the others where no padding could be mistaken for them."""
    nbytes = len(rest)
    tail = rest[nbytes & ~3 :]
    for i in range(4):
        v0[i] = (v0[i] + (nbytes << 32) + nbytes) & _MASK
        v1[i] = _rotated(v1[i] >> 32, nbytes) << 32 | _rotated(v1[i] & _LOW, nbytes)
    packet = bytearray(_PACKET_NBYTES)
    packet[: nbytes & ~3] = rest[: nbytes & ~3]
    if nbytes & 16:
        packet[28:] = rest[-4:]
    elif tail:
        packet[16:19] = bytes((tail[0], tail[len(tail) >> 1], tail[-1]))
    _update(struct.unpack("<4Q", packet), v0, v1, mul0, mul1)


def _rotated(half: int, count: int) -> int:
    return (half << count | half >> (32 - count)) & _LOW


def _swapped(lane: int) -> int:
    return lane >> 32 | (lane & _LOW) << 32
