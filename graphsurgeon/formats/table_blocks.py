"""The data blocks of a table, entry by entry; `graphsurgeon.formats.table` draws them."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from proto_utils.errors import CorruptionError
from proto_utils.varint import decode_varint, encode_varint

RESTART_INTERVAL = 16
#: As writers begin keys anew every 16th entry, those of a block are not much longer than it is, all together.
MAX_KEYS_RATIO = 64


class Block:
    """A block that is read, whose checksum was right.

    Attributes
    ----------
    data : bytes
        Without the trailer.
    path, offset
        Where it is, for errors.
    separator : bytes
        Its key in the table's index: none of its own is above.
    """

    __slots__ = ("data", "offset", "path", "separator")

    def __init__(self, data: bytes, path: str | None, offset: int, separator: bytes) -> None:
        self.data = data
        self.path = path
        self.offset = offset
        self.separator = separator

    def entries(self, previous: bytes | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Yield the entries, whose keys must increase from `previous` on. Errors as `Table.items`."""
        block = self.data
        limit = entries_end(len(block), int.from_bytes(block[-4:], "little"), self.path, self.offset)
        restarts = iter(struct.unpack_from(f"<{(len(block) - limit) // 4 - 1}I", block, limit))
        restart = next(restarts, None)
        if limit and restart != 0:
            raise self._corrupt(f"its first restart point is {restart}, not 0")
        position, key, num_shared = 0, b"", 0
        while position < limit:
            shared, unshared, length = block[position], block[position + 1], block[position + 2]
            if shared | unshared | length < 0x80:
                start = position + 3
            else:
                shared, unshared, length, start = self._lengths(position)
                num_shared += shared
                if num_shared > MAX_KEYS_RATIO * len(block):
                    raise self._corrupt("the keys of a block grow and grow")
            if position == restart and not shared:
                restart = next(restarts, None)
            middle = start + unshared
            position = middle + length
            if shared > len(key) or position > limit:
                raise self._corrupt("an entry runs past the end of its block")
            key = key[:shared] + block[start:middle]
            if previous is not None and key <= previous:
                raise self._corrupt(f"key {key!r} follows {previous!r}")
            previous = key
            yield key, block[middle:position]
        if limit and restart is not None:
            raise self._corrupt(f"a restart point at {restart}, where no whole key is")

    def check_last(self, key: bytes | None) -> bytes:
        """Check the last key, None of an empty block, against the separator; return that, which the next are above."""
        if key is not None and key > self.separator:
            raise self._corrupt(f"key {key!r} is in the block of keys up to {self.separator!r}")
        return self.separator

    def _lengths(self, position: int) -> tuple[int, int, int, int]:
        try:
            shared, position = decode_varint(self.data, position)
            unshared, position = decode_varint(self.data, position)
            length, position = decode_varint(self.data, position)
        except CorruptionError as error:
            raise self._corrupt(f"in a block entry: {error.reason}") from None
        return shared, unshared, length, position

    def _corrupt(self, reason: str) -> CorruptionError:
        return CorruptionError(reason, path=self.path, offset=self.offset)


def entries_end(nbytes: int, num_restarts: int, path: str | None, offset: int) -> int:
    """Return where the entries of a block end and its restarts begin; CorruptionError when these do not fit."""
    limit = nbytes - 4 * (num_restarts + 1)
    if nbytes < 4 or limit < 0:
        reason = f"{num_restarts} restarts do not fit in a block of {nbytes} bytes"
        raise CorruptionError(reason, path=path, offset=offset)
    # The entry loop looks three bytes ahead, which the restarts and their number cover.
    return limit


class BlockBuilder:
    """One block in the making; `nbytes` is what it would take now."""

    def __init__(self, restart_interval: int) -> None:
        self._interval = restart_interval
        self._parts: list[bytes] = []
        self._restarts = [0]
        self._count = 0
        self._last_key = b""
        self._entries_nbytes = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added."""
        return not self._parts

    @property
    def nbytes(self) -> int:
        """Size without the trailer."""
        return self._entries_nbytes + 4 * len(self._restarts) + 4

    def add(self, key: bytes, value: bytes) -> None:
        """Append an entry, whose key is above the one before."""
        shared = 0
        if self._count < self._interval:
            shared = num_shared(self._last_key, key)
        else:
            self._restarts.append(self._entries_nbytes)
            self._count = 0
        lengths = encode_varint(shared) + encode_varint(len(key) - shared) + encode_varint(len(value))
        entry = lengths + key[shared:] + value
        self._parts.append(entry)
        self._entries_nbytes += len(entry)
        self._last_key = key
        self._count += 1

    def finish(self) -> bytes:
        """Return the block, without the trailer."""
        restarts = struct.pack(f"<{len(self._restarts) + 1}I", *self._restarts, len(self._restarts))
        return b"".join(self._parts) + restarts


def num_shared(a: bytes, b: bytes) -> int:
    """Return how many leading bytes two strings share."""
    n = min(len(a), len(b))
    difference = int.from_bytes(a[:n], "big") ^ int.from_bytes(b[:n], "big")
    return n - (difference.bit_length() + 7) // 8
