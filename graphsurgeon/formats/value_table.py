"""Tables of long values: one is found, as a range of bytes, without reading the others.

Where `Table` hands out whole entries, this finds a value by its block's restart points and
leaves it where it is: a long plain block stays in the file, its checksum verified in a
pass of its own through a small buffer. Compressed and short blocks are read.
"""

from __future__ import annotations

from bisect import bisect_left

from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.table import PLAIN, TRAILER_NBYTES, BlockHandle, Table
from graphsurgeon.formats.table_blocks import MAX_KEYS_RATIO, entries_end
from proto_utils.errors import CorruptionError
from proto_utils.files import CHUNK_NBYTES, BytesSource, Source, Span, Window
from proto_utils.varint import decode_varint

#: A block in memory is kept, until another one is read, up to this size.
_MAX_KEPT_NBYTES = 4 << 20
#: Three varints of up to ten bytes.
_LENGTHS_NBYTES = 30
_WINDOW_NBYTES = 512
#: Compressed, a block has to be read as a whole, and it may be all of a large tensor.
_MAX_BLOCK_NBYTES = 1 << 33


class ValueTable(Table):
    """A table in a file whose values are found one at a time.

    Raises
    ------
    CorruptionError
        The file is not a table, or its index is damaged.
    """

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._max_block_nbytes = _MAX_BLOCK_NBYTES
        self._latest: tuple[BlockHandle, Span] | None = None

    @property
    def nbytes(self) -> int:
        """Size of the file."""
        return self._source.size

    def find(self, key: bytes) -> Span | None:
        """Return where the value of `key` is, None when it is absent.

        The block's checksum has been verified; a long block is read for that, but not held.

        Raises
        ------
        CorruptionError
            The block is damaged.
        """
        number = bisect_left(self._keys, key)
        if number == len(self._keys):
            return None
        handle = self._handles[number]
        return self._search(self._verified(handle), handle, key)

    def _verified(self, handle: BlockHandle) -> Span:
        """Return the content of a block that is sound."""
        latest = self._latest
        if latest is not None and latest[0] == handle:
            return latest[1]
        end = handle.offset + handle.nbytes
        if handle.nbytes > CHUNK_NBYTES and self._source.read(end, end + 1)[0] == PLAIN:
            self._check_in_place(handle)
            span = Span(self._source, handle.offset, end)
        else:
            block = self._block_data(handle)
            span = Span(BytesSource(block, self._source.path), 0, len(block))
        if span.source is self._source or span.nbytes <= _MAX_KEPT_NBYTES:
            self._latest = handle, span
        return span

    def _check_in_place(self, handle: BlockHandle) -> None:
        end = handle.offset + handle.nbytes + 1
        crc = 0
        for chunk in self._source.chunks(handle.offset, end):
            crc = crc32c(chunk, crc)
        stored = int.from_bytes(self._source.read(end, end + TRAILER_NBYTES - 1), "little")
        self._check_block(handle, stored, mask(crc))

    def _search(self, block: Span, handle: BlockHandle, key: bytes) -> Span | None:
        """Find an entry: the last restart point not behind it, then forward from there."""
        tail = block.sub(max(0, block.nbytes - 4), block.nbytes).read()
        num_restarts = int.from_bytes(tail, "little")
        limit = entries_end(block.nbytes, num_restarts, self._source.path, handle.offset)
        if limit and (not num_restarts or self._restart(block, limit, 0, handle)):
            raise self._corrupt(handle.offset, "its first restart point is not 0")
        window = Window(block.source, _WINDOW_NBYTES)
        low, high = 0, max(0, num_restarts - 1)
        while low < high:
            middle = (low + high + 1) // 2
            if self._restart_key(block, window, limit, middle, handle) <= key:
                low = middle
            else:
                high = middle - 1
        start = self._restart(block, limit, low, handle) if num_restarts else 0
        return self._walk(block, window, start, limit, key, handle)

    def _restart(self, block: Span, limit: int, number: int, handle: BlockHandle) -> int:
        place = int.from_bytes(block.sub(limit + 4 * number, limit + 4 * number + 4).read(), "little")
        if place > limit:
            raise self._corrupt(handle.offset, f"a restart point at {place} of a block whose entries end at {limit}")
        return place

    def _restart_key(self, block: Span, window: Window, limit: int, number: int, handle: BlockHandle) -> bytes:
        place = self._restart(block, limit, number, handle)
        _, start, middle, _ = self._entry(block, window, place, limit, handle)
        return window.read(block.start + start, block.start + middle)

    def _walk(
        self, block: Span, window: Window, position: int, limit: int, wanted: bytes, handle: BlockHandle
    ) -> Span | None:
        key, built = b"", 0
        while position < limit:
            shared, start, middle, position = self._entry(block, window, position, limit, handle)
            if shared > len(key):
                raise self._corrupt(handle.offset, "an entry shares more than the key before it has")
            key = key[:shared] + window.read(block.start + start, block.start + middle)
            if key >= wanted:
                return block.sub(middle, position) if key == wanted else None
            built += len(key)
            if built > MAX_KEYS_RATIO * (block.nbytes + len(wanted)):
                raise self._corrupt(handle.offset, "the keys of a block grow and grow")
        return None

    def _entry(
        self, block: Span, window: Window, position: int, limit: int, handle: BlockHandle
    ) -> tuple[int, int, int, int]:
        """Return the shared length of an entry, and where its key's rest, its value and the next entry begin."""
        index = window.ensure(block.start + position, _LENGTHS_NBYTES)
        try:
            shared, after = decode_varint(window.buffer, index)
            unshared, after = decode_varint(window.buffer, after)
            length, after = decode_varint(window.buffer, after)
        except CorruptionError as error:
            raise self._corrupt(handle.offset, f"in a block entry: {error.reason}") from None
        start = position + after - index
        if start + unshared + length > limit:
            raise self._corrupt(handle.offset, "an entry runs past the end of its block")
        return shared, start, start + unshared, start + unshared + length
