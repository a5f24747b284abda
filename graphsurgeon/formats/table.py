"""Sorted string tables (SSTables) in leveldb's format: ``.index`` files and V1 checkpoints.

Reader above, writer below. The layout is leveldb's (``doc/table_format.md``,
``table/*.cc``) in the variant TensorFlow writes (``core/lib/io/table_builder.cc``)::

    data block ... data block | metaindex block | index block | footer

    block     = entry ... | restart: uint32 ... | num_restarts: uint32
    in a file = block | type: uint8 (0 plain, 1 Snappy) | masked CRC32C of block and type
    entry     = varint shared | varint unshared | varint value length | key's last `unshared` bytes | value
    handle    = varint offset | varint size               (size without the 5 bytes behind the block)
    footer    = metaindex handle | index handle | zeros up to 40 bytes | magic: uint64

A key drops the bytes it shares with the key before it, except at restart points, every 16th entry, where it stands
whole. ``a``, ``b/bias``, ``b/kernel`` become::

    00 01 nn 61         00 06 nn 62 2f 62 69 61 73         02 06 nn 6b 65 72 6e 65 6c
    0  1  .  "a"        0  6  .  "b/bias"                  2  6  .  "kernel" (shares "b/")

The index block has one entry per data block: a key not below the block's last and below the next block's first, as
short as that allows, and the block's handle. All its keys are restart points. The metaindex block is empty.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from graphsurgeon.formats.checksum import crc32c, mask
from proto_utils.errors import CorruptionError, LimitError
from proto_utils.files import Source
from proto_utils.sink import Sink
from proto_utils.varint import decode_varint, encode_varint

MAGIC = 0xDB4775248B80FB57
FOOTER_NBYTES = 48
TRAILER_NBYTES = 5
BLOCK_NBYTES = 256 << 10
RESTART_INTERVAL = 16

PLAIN, _SNAPPY = 0, 1
#: A block is an entry more than `BLOCK_NBYTES`, and the longest entries of an index list slices by the thousand.
MAX_BLOCK_NBYTES = 1 << 28
#: As writers begin keys anew every 16th entry, those of a block are not much longer than it is, all together.
MAX_KEYS_RATIO = 64
#: Three bytes of Snappy's stream make at most 64; nothing it can say expands further.
SNAPPY_MAX_RATIO = 22


class BlockHandle(NamedTuple):
    """Where a block is: its offset in the file, and its size without the trailer."""

    offset: int
    nbytes: int

    def encode(self) -> bytes:
        """Return the two varints."""
        return encode_varint(self.offset) + encode_varint(self.nbytes)

    @classmethod
    def decode(cls, data: bytes, position: int = 0) -> tuple[BlockHandle, int]:
        """Decode a handle; return it and the position behind it, or raise CorruptionError."""
        try:
            offset, position = decode_varint(data, position)
            nbytes, position = decode_varint(data, position)
        except CorruptionError as error:
            raise CorruptionError(f"block handle {error.reason}") from None
        return cls(offset, nbytes), position


class Footer(NamedTuple):
    """The last bytes of a table: the handles of its metaindex and of its index."""

    metaindex_handle: BlockHandle
    index_handle: BlockHandle

    def encode(self) -> bytes:
        """Return the `FOOTER_NBYTES` bytes of it."""
        handles = self.metaindex_handle.encode() + self.index_handle.encode()
        return handles.ljust(FOOTER_NBYTES - 8, b"\0") + MAGIC.to_bytes(8, "little")

    @classmethod
    def decode(cls, data: bytes) -> Footer:
        """Decode a footer, or raise CorruptionError; its magic number is for `is_table`."""
        metaindex, position = BlockHandle.decode(data)
        return cls(metaindex, BlockHandle.decode(data, position)[0])


def is_table(source: Source) -> bool:
    """Return whether the file ends with a table's magic number; costs one small read."""
    if source.size < FOOTER_NBYTES:
        return False
    return source.read(source.size - 8, source.size) == MAGIC.to_bytes(8, "little")


class Table:
    """A table in a file: its blocks are read when an entry in them is asked for.

    Opening reads the footer and the index block, and checks that every block lies within the file, behind the one
    before it. Every block that is read has its checksum verified.

    Raises
    ------
    CorruptionError
        The file is not a table, or its index is damaged.
    LimitError
        A block is past `MAX_BLOCK_NBYTES`.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        #: Of a block that is read as a whole, as it is in memory.
        self._max_block_nbytes = MAX_BLOCK_NBYTES
        self._keys: list[bytes] = []
        self._handles: list[BlockHandle] = []
        index, end = self._footer().index_handle, 0
        for key, value in self._entries(index):
            handle, _ = self._decoded(BlockHandle.decode, value, index.offset)
            self._check_handle(handle, index.offset)
            if handle.offset < end:
                # Also keeps an index small that names one large block again and again.
                raise self._corrupt(index.offset, f"names a block at {handle.offset} behind one that ends at {end}")
            end = handle.offset + handle.nbytes + TRAILER_NBYTES
            self._keys.append(key)
            self._handles.append(handle)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the entries in key order, one block in memory at a time.

        Raises
        ------
        CorruptionError
            A block is damaged, or keys do not increase. Also said of what a search would not find, which is how
            TensorFlow reads: an entry that its block's key in the index, or a restart point, does not lead to.
        """
        previous: bytes | None = None
        for separator, handle in zip(self._keys, self._handles, strict=True):
            for entry in self._entries(handle, previous):
                previous = entry[0]
                yield entry
            if previous is not None and previous > separator:
                raise self._corrupt(handle.offset, f"key {previous!r} is in the block of keys up to {separator!r}")
            previous = separator

    def get(self, key: bytes) -> bytes | None:
        """Return the value of `key`, None when it is absent; reads one block."""
        block = bisect_left(self._keys, key)
        if block == len(self._keys):
            return None
        for found, value in self._entries(self._handles[block]):
            if found >= key:
                return value if found == key else None
        return None

    def _footer(self) -> Footer:
        source = self._source
        if not is_table(source):
            reason = "no table's magic number at its end: truncated, or not an index file"
            offset = max(0, source.size - 8)
            raise CorruptionError(reason, path=source.path, offset=offset, hint="get the file again")
        start = source.size - FOOTER_NBYTES
        footer: Footer = self._decoded(Footer.decode, source.read(start, source.size), start)
        for handle in footer:
            self._check_handle(handle, start)
        return footer

    def _check_handle(self, handle: BlockHandle, found_at: int) -> None:
        """Refuse a block that is not within the file."""
        start, nbytes = handle
        if start + nbytes + TRAILER_NBYTES > self._source.size - FOOTER_NBYTES:
            raise self._corrupt(found_at, f"names a block of {nbytes} bytes at {start}, past the file's end")

    def _decoded(self, decode: Callable[[bytes], Any], data: bytes, offset: int) -> Any:
        """Decode what was found at an offset, which errors then tell."""
        try:
            return decode(data)
        except CorruptionError as error:
            raise self._corrupt(offset, error.reason) from None

    def _block(self, handle: BlockHandle) -> bytes:
        """Read, verify and decompress a block."""
        offset, nbytes = handle
        self._check_size(nbytes)
        raw = self._source.read(offset, offset + nbytes + TRAILER_NBYTES)
        stored = int.from_bytes(raw[-4:], "little")
        self._check_block(handle, stored, mask(crc32c(memoryview(raw)[: nbytes + 1])))
        kind = raw[nbytes]
        if kind == PLAIN:
            return raw[:nbytes]
        if kind == _SNAPPY:
            return self._decompress(raw[:nbytes], offset)
        raise self._corrupt(offset, f"unknown compression type {kind}")

    def _check_size(self, nbytes: int) -> None:
        if nbytes > self._max_block_nbytes:
            raise LimitError(f"{self._source.path}: a block of a table, in bytes,", nbytes, self._max_block_nbytes)

    def _check_block(self, handle: BlockHandle, stored: int, actual: int) -> None:
        if stored != actual:
            reason = f"block checksum is {stored:#010x}, its bytes have {actual:#010x}"
            raise self._corrupt(handle.offset, reason)

    def _decompress(self, data: bytes, offset: int) -> bytes:
        import cramjam

        try:
            nbytes, _ = decode_varint(data, 0)
        except CorruptionError:
            raise self._corrupt(offset, "Snappy block without a length") from None
        if nbytes > len(data) * SNAPPY_MAX_RATIO:
            raise self._corrupt(offset, f"{len(data)} bytes of Snappy cannot hold the {nbytes} they claim")
        self._check_size(nbytes)
        try:
            block = bytes(cramjam.snappy.decompress_raw(data))
        except cramjam.DecompressionError:
            raise self._corrupt(offset, f"bad Snappy data: {len(data)} bytes that cannot be decompressed") from None
        if len(block) != nbytes:
            raise self._corrupt(offset, f"Snappy block of {len(block)} bytes, {nbytes} were claimed")
        return block

    def _entries(self, handle: BlockHandle, previous: bytes | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Yield a block's entries, whose keys must increase from `previous` on."""
        block = self._block(handle)
        limit = self._entries_end(len(block), int.from_bytes(block[-4:], "little"), handle)
        restarts = iter(struct.unpack_from(f"<{(len(block) - limit) // 4 - 1}I", block, limit))
        restart = next(restarts, None)
        if limit and restart != 0:
            raise self._corrupt(handle.offset, f"its first restart point is {restart}, not 0")
        position, key, num_shared = 0, b"", 0
        while position < limit:
            shared, unshared, length = block[position], block[position + 1], block[position + 2]
            if shared | unshared | length < 0x80:
                start = position + 3
            else:
                shared, unshared, length, start = self._lengths(block, position, handle)
                num_shared += shared
                if num_shared > MAX_KEYS_RATIO * len(block):
                    raise self._corrupt(handle.offset, "the keys of a block grow and grow")
            if position == restart and not shared:
                restart = next(restarts, None)
            middle = start + unshared
            position = middle + length
            if shared > len(key) or position > limit:
                raise self._corrupt(handle.offset, "an entry runs past the end of its block")
            key = key[:shared] + block[start:middle]
            if previous is not None and key <= previous:
                raise self._corrupt(handle.offset, f"key {key!r} follows {previous!r}")
            previous = key
            yield key, block[middle:position]
        if limit and restart is not None:
            raise self._corrupt(handle.offset, f"a restart point at {restart}, where no whole key is")

    def _entries_end(self, nbytes: int, num_restarts: int, handle: BlockHandle) -> int:
        """Return where the entries of a block end and its restarts begin."""
        limit = nbytes - 4 * (num_restarts + 1)
        if nbytes < 4 or limit < 0:
            raise self._corrupt(handle.offset, f"{num_restarts} restarts do not fit in a block of {nbytes} bytes")
        # The entry loop looks three bytes ahead, which the restarts and their number cover.
        return limit

    def _lengths(self, block: bytes, position: int, handle: BlockHandle) -> tuple[int, int, int, int]:
        try:
            shared, position = decode_varint(block, position)
            unshared, position = decode_varint(block, position)
            length, position = decode_varint(block, position)
        except CorruptionError as error:
            raise self._corrupt(handle.offset, f"in a block entry: {error.reason}") from None
        return shared, unshared, length, position

    def _corrupt(self, offset: int, reason: str) -> CorruptionError:
        return CorruptionError(reason, path=self._source.path, offset=offset)


class TableWriter:
    """Writes a table, byte for byte as TensorFlow does.

    Parameters
    ----------
    sink : Sink
        Where it goes; the table must begin at its offset 0.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._data = _BlockBuilder(RESTART_INTERVAL)
        self._index = _BlockBuilder(1)
        self._last_key: bytes | None = None
        self._pending: BlockHandle | None = None

    def add(self, key: bytes, value: bytes) -> None:
        """Append an entry.

        Raises
        ------
        CorruptionError
            `key` is not above the one before it.
        """
        if self._last_key is not None:
            if key <= self._last_key:
                raise CorruptionError(f"keys of a table must increase, {key!r} follows {self._last_key!r}")
            # An entry this large gets a block of its own.
            if len(key) + len(value) >= 2 * BLOCK_NBYTES:
                self._flush()
        if self._pending is not None and self._last_key is not None:
            self._index.add(shortest_separator(self._last_key, key), self._pending.encode())
            self._pending = None
        self._last_key = key
        self._data.add(key, value)
        if self._data.nbytes >= BLOCK_NBYTES:
            self._flush()

    def finish(self) -> None:
        """Write what is pending, the metaindex and index blocks and the footer."""
        self._flush()
        metaindex = self._write_block(_BlockBuilder(RESTART_INTERVAL))
        if self._pending is not None and self._last_key is not None:
            self._index.add(short_successor(self._last_key), self._pending.encode())
        self._sink.write(Footer(metaindex, self._write_block(self._index)).encode())

    def _flush(self) -> None:
        if not self._data.is_empty:
            self._pending = self._write_block(self._data)
            self._data = _BlockBuilder(RESTART_INTERVAL)

    def _write_block(self, builder: _BlockBuilder) -> BlockHandle:
        block = builder.finish()
        handle = BlockHandle(self._sink.offset, len(block))
        block += bytes([PLAIN])
        self._sink.write(block + struct.pack("<I", mask(crc32c(block))))
        return handle


class _BlockBuilder:
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
        return not self._parts

    @property
    def nbytes(self) -> int:
        return self._entries_nbytes + 4 * len(self._restarts) + 4

    def add(self, key: bytes, value: bytes) -> None:
        shared = 0
        if self._count < self._interval:
            shared = _num_shared(self._last_key, key)
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
        restarts = struct.pack(f"<{len(self._restarts) + 1}I", *self._restarts, len(self._restarts))
        return b"".join(self._parts) + restarts


def _num_shared(a: bytes, b: bytes) -> int:
    """Return how many leading bytes two strings share."""
    n = min(len(a), len(b))
    difference = int.from_bytes(a[:n], "big") ^ int.from_bytes(b[:n], "big")
    return n - (difference.bit_length() + 7) // 8


def shortest_separator(start: bytes, limit: bytes) -> bytes:
    """Return a short key in ``[start, limit)``, as leveldb's bytewise comparator chooses it.

    The first byte in which they differ is incremented and the rest dropped, when that stays below `limit`: between
    ``the quick`` and ``the who`` it is ``the r``.
    """
    position = _num_shared(start, limit)
    if position < min(len(start), len(limit)) and start[position] + 1 < limit[position]:
        return start[:position] + bytes([start[position] + 1])
    return start


def short_successor(key: bytes) -> bytes:
    """Return a short key not below `key`: its first byte that can be incremented is, and the rest dropped."""
    for position, byte in enumerate(key):
        if byte != 0xFF:
            return key[:position] + bytes([byte + 1])
    return key
