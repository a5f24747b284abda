"""The entries of a V2 checkpoint's index as columns: a million rows are six arrays and one text, not objects.

::

    names      "a" "b/bias" "b/kernel" as a text of each block, "ab/biasb/kernel", and where each ends in it: 1 7 15
    kind       number of the row's dtype and shape in `kinds`, of which real checkpoints have a few hundred
    shard_id, offset, nbytes, checksum
    others     by row: entries that have more than columns, which are slices and unknown fields

A column is an ``array.array``, or a memoryview of an array of numpy's; both give integers one by one, and numpy looks
at either without a copy.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from typing import Any

from graphsurgeon.names import bytes_of
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Extents
from proto_utils.named_tuple import NamedTuple

_NEW = tuple.__new__
Kind = tuple[DType, tuple[int, ...]]
#: A dict of all rows takes as long as looking for so many times fewer.
_LOOKUPS_PER_DICT = 50
#: Whatever gives integers by position and has a buffer.
Column = Any


class BundleEntry(NamedTuple):
    """The index entry of one tensor (BundleEntryProto).

    Attributes
    ----------
    dtype : DType
    shape : tuple of int
    shard_id : int
        The data file that holds it.
    offset, nbytes : int
        Where in that file, and how much.
    checksum : int
        Masked CRC32C.
    slices : tuple of Extents
        Of a partitioned tensor; each slice has an entry of its own, and the four fields before mean nothing.
    unknown : bytes
        Records of the entry that this version has no field for, to be written again as they are.
    """

    dtype: DType
    shape: tuple[int, ...]
    shard_id: int
    offset: int
    nbytes: int
    checksum: int
    slices: tuple[Extents, ...] = ()
    unknown: bytes = b""


class Columns(NamedTuple):
    """The numbers of entries, each a column."""

    kind: Column
    shard_id: Column
    offset: Column
    nbytes: Column
    checksum: Column


class EntryTable(Mapping[str, BundleEntry]):
    """The entries of an index by name, in its order; each is made when it is asked for.

    Attributes
    ----------
    names : sequence of str
        Of all rows, in the order of their bytes.
    kinds : sequence of (DType, tuple of int)
    columns : Columns
    others : mapping of int to BundleEntry
        Rows that have slices or unknown fields.
    rows : sequence of int
        Those that the mapping shows, in order; slices are hidden behind their tensor.
    """

    __slots__ = ("_num_looked_up", "_row_of", "columns", "kinds", "names", "others", "rows")

    def __init__(
        self, names: Sequence[str], kinds: Sequence[Kind], columns: Columns, others: Mapping[int, BundleEntry]
    ) -> None:
        self.names: Sequence[str] = names
        self.kinds = kinds
        self.columns = columns
        self.others = others
        self.rows: Sequence[int] = range(len(names))
        #: The rows by name, which takes memory, made when very many are looked up.
        self._row_of: dict[str, int] | None = None
        self._num_looked_up = 0

    @classmethod
    def of(cls, items: Iterable[tuple[str, BundleEntry]]) -> EntryTable:
        """Make a table of entries in the order of their names' bytes."""
        names: list[str] = []
        numbers: dict[Kind, int] = {}
        others: dict[int, BundleEntry] = {}
        columns = Columns(array("I"), array("i"), array("q"), array("q"), array("I"))
        for name, entry in items:
            if entry.slices or entry.unknown:
                others[len(names)] = entry
            names.append(name)
            kind = entry[:2]
            # Entries with slices have no place, and any number may stand there.
            place = (0, 0, 0, 0) if entry.slices else entry[2:6]
            for column, value in zip(columns, (numbers.setdefault(kind, len(numbers)), *place), strict=True):
                column.append(value)
        return cls(names, [*numbers], columns, others)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names) if isinstance(self.rows, range) else map(self.names.__getitem__, self.rows)

    def __contains__(self, name: object) -> bool:
        return self.row_of(name) is not None

    def __getitem__(self, name: str) -> BundleEntry:
        row = self.row_of(name)
        if row is None:
            raise KeyError(name)
        return self.entry(row)

    def items(self) -> ItemsView[str, BundleEntry]:
        """Return the names and entries, which are made one by one."""
        return _Items(self)

    def values(self) -> ValuesView[BundleEntry]:
        """Return the entries, which are made one by one."""
        return _Values(self)

    def entry(self, row: int) -> BundleEntry:
        """Return the entry in a row."""
        if row in self.others:
            return self.others[row]
        kind, shard_id, offset, nbytes, checksum = self.columns
        dtype, shape = self.kinds[kind[row]]
        # As its constructor would, but a million times.
        return _NEW(BundleEntry, (dtype, shape, shard_id[row], offset[row], nbytes[row], checksum[row], (), b""))

    def row_of(self, name: object) -> int | None:
        """Return the row of a name, None when it is not shown; a binary search, or a look into a dict."""
        row = self.find(name)
        if row is None or isinstance(self.rows, range):
            return row
        position = bisect_left(self.rows, row)
        return row if position < len(self.rows) and self.rows[position] == row else None

    def find(self, name: object) -> int | None:
        """Return the row of a name, also of one that is hidden; None when there is none."""
        names = self.names
        self._num_looked_up += 1
        if self._row_of is None and _LOOKUPS_PER_DICT * self._num_looked_up > len(names):
            self._row_of = dict(zip(names, range(len(names)), strict=True))
        if self._row_of is not None:
            return self._row_of.get(name) if isinstance(name, str) else None
        try:
            key = bytes_of(name) if isinstance(name, str) else None
        except UnicodeEncodeError:
            key = None
        if key is None:
            return None
        row = bisect_left(range(len(names)), key, key=lambda row: bytes_of(names[row]))
        return row if row < len(names) and names[row] == name else None

    def hide(self, rows: set[int]) -> None:
        """Take rows out of the mapping."""
        if rows:
            self.rows = array("Q", [row for row in self.rows if row not in rows])

    def ends(self) -> dict[int, int]:
        """Return where the last value of each shard ends, by the number of the shard."""
        columns = self.columns
        skipped = [row for row, entry in self.others.items() if entry.slices]
        if isinstance(columns.offset, memoryview):
            return _last_of_each(columns, skipped)
        ends: dict[int, int] = {}
        left_out = set(skipped)
        for row, (shard_id, offset, nbytes) in enumerate(zip(*columns[1:4], strict=True)):
            if offset + nbytes >= ends.get(shard_id, 0) and row not in left_out:
                ends[shard_id] = offset + nbytes
        return ends


def _last_of_each(columns: Columns, skipped: list[int]) -> dict[int, int]:
    import numpy as np

    shard_id, offset, nbytes = map(np.asarray, columns[1:4])
    ends = np.add(offset, nbytes, dtype=np.uint64)
    if skipped:
        shard_id, ends = np.delete(shard_id, skipped), np.delete(ends, skipped)
    if len(ends) and shard_id.min() == shard_id.max():
        return {int(shard_id[0]): int(ends.max())}
    numbers, group = np.unique(shard_id, return_inverse=True)
    last = np.zeros(len(numbers), np.uint64)
    np.maximum.at(last, group, ends)
    return dict(zip(numbers.tolist(), last.tolist(), strict=True))


class _Items(ItemsView[str, BundleEntry]):
    _mapping: EntryTable

    def __iter__(self) -> Iterator[tuple[str, BundleEntry]]:
        return zip(self._mapping, _Values(self._mapping), strict=True)


class _Values(ValuesView[BundleEntry]):
    _mapping: EntryTable

    def __iter__(self) -> Iterator[BundleEntry]:
        table = self._mapping
        if table.others or not isinstance(table.rows, range):
            yield from map(table.entry, table.rows)
            return
        kinds = table.kinds
        for kind, shard_id, offset, nbytes, checksum in zip(*table.columns, strict=True):
            yield _NEW(BundleEntry, (*kinds[kind], shard_id, offset, nbytes, checksum, (), b""))
