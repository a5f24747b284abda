"""Decoding a large index column by column, a block at a time; `graphsurgeon.formats.bundle_entries` does it one by one.

Between two restart points a block's entries follow one another, so where the second begins is known when the first was
looked at. But the first entries behind all restart points can be looked at together, then the second ones ...::

    restarts     0            812          1634   ...
    step 0       00 21 1A..   00 22 1A..   00 21 1A..      shared, unshared and value length of each, at once
    step 1       1F 02 1A..   20 03 1A..   1E 03 1A..

So is what is in the values: all dtypes and shapes, then all offsets ... What in a block is not as writers make it,
sound or not, is decoded one by one, and so is an entry: there errors are told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from graphsurgeon.formats.bundle_entries import EntryDecoder
from graphsurgeon.formats.entry_table import BundleEntry, Columns, EntryTable, Kind
from graphsurgeon.formats.table import Table
from graphsurgeon.formats.table_blocks import MAX_KEYS_RATIO, RESTART_INTERVAL
from graphsurgeon.names import text_of
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import MAX_SIZE
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Bytes = NDArray[np.uint8]

_DTYPE, _SHAPE, _SHARD_ID, _OFFSET, _NBYTES, _CHECKSUM = 0x08, 0x12, 0x18, 0x20, 0x28, 0x35
#: What may be looked at behind the end of a block: a head, and varints.
_PADDING = bytes(256)
#: Of 63 bits.
_MAX_VARINT_NBYTES = 9
#: Of smaller blocks, calls take longer than bytes.
_LEAST_BLOCK_NBYTES = 1 << 15


class _Rows(NamedTuple):
    """The entries of a block: their names, and where in `data` the values are."""

    names: list[str]
    data: bytes
    starts: Numbers
    ends: Numbers


def read_columns(table: Table, decoder: EntryDecoder) -> EntryTable:
    """Decode all entries of an index but the first, which is its header. Errors as `Table.items` and `decoder`."""
    kinds = _Kinds(decoder)
    names: list[str] = []
    parts: list[Sequence[Numbers]] = []
    others: dict[int, BundleEntry] = {}
    for rows in _without_header(_blocks(table)):
        parts.append([*map(_narrow, kinds.columns(rows, len(names), others))])
        names += rows.names
    columns = Columns(*(np.concatenate(column).data for column in zip(*parts, strict=True)))
    return EntryTable(names, kinds.kinds, columns, others)


def _narrow(column: Numbers) -> Numbers:
    """Return a column in as few bytes as its numbers need; those of a million scalars take one or four."""
    return column.astype(np.min_scalar_type(column.max(initial=0)))


def _without_header(blocks: Iterator[_Rows]) -> Iterator[_Rows]:
    first = next(blocks)
    yield _Rows(first.names[1:], first.data, first.starts[1:], first.ends[1:])
    yield from blocks


def _blocks(table: Table) -> Iterator[_Rows]:
    previous: bytes | None = None
    for block in table.blocks():
        rows = _rows(block.data, previous) if len(block.data) >= _LEAST_BLOCK_NBYTES else None
        if rows is None:
            rows = _one_by_one(block.entries(previous))
        if rows.names:
            previous = rows.names[-1].encode("latin-1")
        previous = block.check_last(previous)
        yield _decoded(rows)


def _one_by_one(entries: Iterable[tuple[bytes, bytes]]) -> _Rows:
    keys, values = [], []
    for key, value in entries:
        keys.append(key.decode("latin-1"))
        values.append(value)
    lengths = np.fromiter(map(len, values), np.int64, len(values))
    ends = np.cumsum(lengths)
    return _Rows(keys, b"".join(values) + _PADDING, ends - lengths, ends)


def _decoded(rows: _Rows) -> _Rows:
    """Decode the keys, which are bytes as far."""
    if "".join(rows.names).isascii():
        return rows
    return rows._replace(names=[text_of(key.encode("latin-1")) for key in rows.names])


def _rows(block: bytes, previous: bytes | None) -> _Rows | None:
    """Decode the keys of a block, which stay bytes, one a letter; None of one that is unusual or not sound."""
    found = _positions(block)
    if found is None:
        return None
    shared, starts, middles, ends = found
    lengths = shared + middles - starts
    if (shared[1:] > lengths[:-1]).any() or shared.sum() > MAX_KEYS_RATIO * len(block):
        return None
    text = block.decode("latin-1")
    last = None if previous is None else previous.decode("latin-1")
    key, keys = "", []
    for common, start, middle in zip(shared.tolist(), starts.tolist(), middles.tolist(), strict=True):
        key = key[:common] + text[start:middle]
        if last is not None and key <= last:
            return None
        last = key
        keys.append(key)
    return _Rows(keys, block + _PADDING, middles, ends)


def _positions(block: bytes) -> tuple[Numbers, Numbers, Numbers, Numbers] | None:
    """Return of each entry how much of the key it shares, where the rest begins and ends, and where the value does."""
    num_restarts = int.from_bytes(block[-4:], "little")
    limit = len(block) - 4 * (num_restarts + 1)
    if limit <= 0 or not num_restarts:
        return None
    restarts = np.frombuffer(block, "<u4", num_restarts, limit).astype(np.int64)
    bounds = np.append(restarts[1:], limit)
    if restarts[0] != 0 or (bounds <= restarts).any():
        return None
    data = np.frombuffer(block + _PADDING, np.uint8)
    found = np.zeros((4, num_restarts, RESTART_INTERVAL), np.int64)
    counts = np.zeros(num_restarts, np.int64)
    rows = np.arange(num_restarts)
    position = restarts
    for step in range(RESTART_INTERVAL):
        shared, unshared, length, start = _lengths(data, position)
        middle = start + unshared
        position = middle + length
        if (position > bounds[rows]).any() or (step == 0 and shared.any()):
            return None
        found[:, rows, step] = shared, start, middle, position
        counts[rows] += 1
        goes_on = position < bounds[rows]
        rows, position = rows[goes_on], position[goes_on]
        if not len(rows):
            break
    else:
        return None
    shared, start, middle, end = found[:, np.arange(RESTART_INTERVAL) < counts[:, None]]
    return shared, start, middle, end


def _lengths(data: Bytes, position: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    shared, unshared, length = data[position], data[position + 1], data[position + 2]
    if (shared | unshared | length).max() < 0x80:
        return shared.astype(np.int64), unshared.astype(np.int64), length.astype(np.int64), position + 3
    numbers = []
    for _ in range(3):
        number, position = _varints(data, position)
        # What is longer than all is as good as what is a little too long, and its sums do not overflow.
        numbers.append(np.minimum(number, len(data)))
    return numbers[0], numbers[1], numbers[2], position


def _varints(data: Bytes, position: Numbers) -> tuple[Numbers, Numbers]:
    """Decode varints; return them and the positions behind, which of one that is too long or cut off is beyond all."""
    value = np.zeros(len(position), np.int64)
    position = np.minimum(position, len(data) - 1)
    rows = np.arange(len(position))
    for number in range(_MAX_VARINT_NBYTES):
        byte = data[np.minimum(position[rows], len(data) - 1)]
        value[rows] |= (byte & 0x7F).astype(np.int64) << (7 * number)
        position[rows] += 1
        rows = rows[byte >= 0x80]
        if not len(rows):
            return value, position
    value[rows] = 0
    position[rows] = len(data)
    return value, position


class _Kinds(dict[bytes, int]):
    """The numbers of dtypes and shapes by how an entry begins; of what is unusual -1, which is not remembered."""

    def __init__(self, decoder: EntryDecoder) -> None:
        super().__init__()
        self._decoder = decoder
        self._numbers: dict[Kind, int] = {}
        self.kinds: list[Kind] = []
        self._sizes: list[int] = []

    def __missing__(self, head: bytes) -> int:
        found = self._decoder.learn(head)
        if found is None:
            return -1
        number = self[head] = self._number(found.dtype, found.shape)
        return number

    def columns(self, rows: _Rows, first_row: int, others: dict[int, BundleEntry]) -> Columns:
        """Decode the values of a block; entries that have more than columns go to `others`."""
        source, starts, ends = rows.data, rows.starts, rows.ends
        data = np.frombuffer(source, np.uint8)
        heads = np.minimum(starts + 4 + data[starts + 3], ends)
        found = [self[source[start:end]] for start, end in zip(starts.tolist(), heads.tolist(), strict=True)]
        kind = np.array(found, np.int64)
        shard_id, position = _field(data, heads, _SHARD_ID)
        offset, position = _field(data, position, _OFFSET)
        nbytes, position = _field(data, position, _NBYTES)
        is_plain = (kind >= 0) & (position + 5 == ends) & (data[np.minimum(position, len(data) - 1)] == _CHECKSUM)
        is_plain &= shard_id < self._decoder.num_shards
        is_plain &= nbytes == np.array([*self._sizes, -1], np.int64)[kind]
        position = np.where(is_plain, position + 1, 0)
        checksum = np.zeros(len(position), np.uint32)
        for number in range(4):
            checksum |= data[position + number].astype(np.uint32) << np.uint32(8 * number)
        columns = Columns(kind, shard_id, offset, nbytes, checksum)
        for row in np.flatnonzero(~is_plain).tolist():
            entry = self._decoder.decode(rows.names[row], source[starts[row] : ends[row]])
            self._put(columns, row, entry)
            if entry.slices or entry.unknown:
                others[first_row + row] = entry
        return columns

    def _put(self, columns: Columns, row: int, entry: BundleEntry) -> None:
        place = (0, 0, 0, 0) if entry.slices else entry[2:6]
        for column, value in zip(columns, (self._number(entry.dtype, entry.shape), *place), strict=True):
            column[row] = value

    def _number(self, dtype: DType, shape: tuple[int, ...]) -> int:
        number = self._numbers.get((dtype, shape))
        if number is None:
            number = self._numbers[dtype, shape] = len(self.kinds)
            self.kinds.append((dtype, shape))
            nbytes = math.prod(shape) * dtype.itemsize
            # Past that, an entry cannot say how long it is.
            self._sizes.append(nbytes if nbytes <= MAX_SIZE else -1)
        return number


def _field(data: Bytes, position: Numbers, tag: int) -> tuple[Numbers, Numbers]:
    """Decode a field where it is present; return the values, 0 where it is not, and the positions behind."""
    values = np.zeros(len(position), np.int64)
    rows = np.flatnonzero(data[np.minimum(position, len(data) - 1)] == tag)
    if len(rows):
        position = position.copy()
        values[rows], position[rows] = _varints(data, position[rows] + 1)
    return values, position
