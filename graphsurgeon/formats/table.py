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
from typing import Any

from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.table_blocks import RESTART_INTERVAL, Block, BlockBuilder, num_shared
from proto_utils.errors import CorruptionError, LimitError
from proto_utils.files import Source
from proto_utils.named_tuple import NamedTuple
from proto_utils.sink import Sink
from proto_utils.varint import decode_varint, encode_varint

MAGIC = 0xDB4775248B80FB57
FOOTER_NBYTES = 48
TRAILER_NBYTES = 5
BLOCK_NBYTES = 256 << 10

PLAIN, _SNAPPY = 0, 1
#: A block is an entry more than `BLOCK_NBYTES`, and the longest entries of an index list slices by the thousand.
MAX_BLOCK_NBYTES = 1 << 28
#: Three bytes of Snappy's stream make at most 64; nothing it can say expands further.
SNAPPY_MAX_RATIO = 22
#: Of fewer entries, importing numpy takes longer than bytes.
_MANY = 1 << 14


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
        for key, value in self._block(index).entries():
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
        for block in self.blocks():
            for entry in block.entries(previous):
                previous = entry[0]
                yield entry
            previous = block.check_last(previous)

    def blocks(self) -> Iterator[Block]:
        """Yield the data blocks, read and verified one by one; their entries are for the caller to check."""
        for separator, handle in zip(self._keys, self._handles, strict=True):
            yield self._block(handle, separator)

    def get(self, key: bytes) -> bytes | None:
        """Return the value of `key`, None when it is absent; reads one block."""
        block = bisect_left(self._keys, key)
        if block == len(self._keys):
            return None
        for found, value in self._block(self._handles[block]).entries():
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

    def _block(self, handle: BlockHandle, separator: bytes = b"") -> Block:
        """Read, verify and decompress a block."""
        return Block(self._block_data(handle), self._source.path, handle.offset, separator)

    def _block_data(self, handle: BlockHandle) -> bytes:
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
        self._data = BlockBuilder(RESTART_INTERVAL)
        self._index = BlockBuilder(1)
        self._last_key: bytes | None = None
        self._pending: BlockHandle | None = None
        #: What `add_all` was given beyond the last whole block.
        self._waiting: tuple[list[bytes], list[bytes]] = ([], [])

    def add(self, key: bytes, value: bytes) -> None:
        """Append an entry.

        Raises
        ------
        CorruptionError
            `key` is not above the one before it.
        """
        if self._waiting[0]:
            self._settle()
        if self._last_key is not None:
            if key <= self._last_key:
                raise CorruptionError(f"keys of a table must increase, {key!r} follows {self._last_key!r}")
            # An entry this large gets a block of its own.
            if len(key) + len(value) >= 2 * BLOCK_NBYTES:
                self._flush()
        self._begin(key)
        self._last_key = key
        self._data.add(key, value)
        if self._data.nbytes >= BLOCK_NBYTES:
            self._flush()

    def add_all(self, keys: list[bytes], values: list[bytes]) -> None:
        """Append entries as `add` does, of which there are many: whole blocks at once. Errors as there."""
        keys, values = [*self._waiting[0], *keys], [*self._waiting[1], *values]
        self._waiting, first = ([], []), 0
        # Where blocks end follows from where the one before does.
        while first < len(keys) and (len(keys) < _MANY or not self._data.is_empty):
            self.add(keys[first], values[first])
            first += 1
        if first == len(keys):
            return
        from graphsurgeon.formats.table_arrays import BlockRun

        run = BlockRun(keys[first:], values[first:], self._last_key, 2 * BLOCK_NBYTES)
        if not run.is_sound:
            for key, value in zip(run.keys, run.values, strict=True):
                self.add(key, value)
            return
        first = 0
        while (end := run.block_end(first, BLOCK_NBYTES)) is not None:
            self._begin(run.keys[first])
            self._last_key = run.keys[end - 1]
            self._pending = self._write_block(run.block(first, end))
            first = end
        self._waiting = (run.keys[first:], run.values[first:])

    def finish(self) -> None:
        """Write what is pending, the metaindex and index blocks and the footer."""
        self._settle()
        self._flush()
        metaindex = self._write_block(BlockBuilder(RESTART_INTERVAL).finish())
        if self._pending is not None and self._last_key is not None:
            self._index.add(short_successor(self._last_key), self._pending.encode())
        self._sink.write(Footer(metaindex, self._write_block(self._index.finish())).encode())

    def _settle(self) -> None:
        (keys, values), self._waiting = self._waiting, ([], [])
        for key, value in zip(keys, values, strict=True):
            self.add(key, value)

    def _begin(self, key: bytes) -> None:
        """Note the block before one that begins with a key."""
        if self._pending is not None and self._last_key is not None:
            self._index.add(shortest_separator(self._last_key, key), self._pending.encode())
            self._pending = None

    def _flush(self) -> None:
        if not self._data.is_empty:
            self._pending = self._write_block(self._data.finish())
            self._data = BlockBuilder(RESTART_INTERVAL)

    def _write_block(self, block: bytes) -> BlockHandle:
        handle = BlockHandle(self._sink.offset, len(block))
        block += bytes([PLAIN])
        self._sink.write(block + struct.pack("<I", mask(crc32c(block))))
        return handle


def shortest_separator(start: bytes, limit: bytes) -> bytes:
    """Return a short key in ``[start, limit)``, as leveldb's bytewise comparator chooses it.

    The first byte in which they differ is incremented and the rest dropped, when that stays below `limit`: between
    ``the quick`` and ``the who`` it is ``the r``.
    """
    position = num_shared(start, limit)
    if position < min(len(start), len(limit)) and start[position] + 1 < limit[position]:
        return start[:position] + bytes([start[position] + 1])
    return start


def short_successor(key: bytes) -> bytes:
    """Return a short key not below `key`: its first byte that can be incremented is, and the rest dropped."""
    for position, byte in enumerate(key):
        if byte != 0xFF:
            return key[:position] + bytes([byte + 1])
    return key
