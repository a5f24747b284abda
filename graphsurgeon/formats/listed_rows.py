"""Very many tensors that data files hold as they are, written into an index by columns, not one by one.

What such a tensor is, its row in the index that lists it tells: these are gathered as columns, and of the columns the
entries of the new index are made, some thousands at a time. Entries that have more than columns, tensors that are not
as in a file, and files that lack values are for `bundle_writer`, which looks at each and tells what is wrong.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np

from graphsurgeon.formats.bundle_index import encode_entry
from graphsurgeon.formats.bundle_tensors import ListedEntries, StoredTensor
from graphsurgeon.formats.entry_table import Columns
from graphsurgeon.formats.linked_shards import Claim, Row
from graphsurgeon.names import bytes_of
from graphsurgeon.tensors.tensor import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

#: Entries are made so many at a time.
_BATCH = 1 << 14
_LISTED, _NUMBER = operator.attrgetter("listed"), operator.attrgetter("number")
_SHARD_ID, _OFFSET, _NBYTES, _CHECKSUM = 0x18, 0x20, 0x28, 0x35


def split_rows(tensors: Mapping[str, Tensor], names: Sequence[str]) -> tuple[ListedRows | None, dict[str, Tensor]]:
    """Divide tensors into those that can be written by columns, None when that is not to be done, and the others.

    `names` are all of them, in the order of their bytes.
    """
    # Most are in order, and need not be looked up.
    is_sorted = all(map(operator.is_, names, tensors))
    values: list[Any] = [*(tensors.values() if is_sorted else map(tensors.__getitem__, names))]
    # Of a million tensors there are a few types, and a few tables.
    if all(issubclass(kind, StoredTensor) for kind in set(map(type, values))):
        many = ListedRows(names, values)
        if not any(table.others for table in many.tables):
            return (many, {}) if many.is_whole else (None, dict(tensors))
    is_plain = [isinstance(each, StoredTensor) and each.row not in each.listed.table.others for each in values]
    if not any(is_plain):
        return None, dict(tensors)
    many = ListedRows([*compress(names, is_plain)], [*compress(values, is_plain)])
    rest = compress(names, map(operator.not_, is_plain)) if many.is_whole else names
    # Where a data file lacks values, each tensor is looked at, and told which it is.
    return (many if many.is_whole else None), {name: tensors[name] for name in rest}


class ListedRows:
    """The rows of tensors in other indexes, under their new names.

    Parameters
    ----------
    names : sequence of str
        In the order of their bytes.
    tensors : sequence of StoredTensor

    Attributes
    ----------
    tables : list of EntryTable
        Those that list them.
    is_whole : bool
        Whether the data files have the values, as far as their sizes tell.
    claims : list of Claim
        What is used of which data file.
    """

    def __init__(self, names: Sequence[str], tensors: Sequence[StoredTensor]) -> None:
        self._names = names
        self._tensors = tensors
        lists = {id(listed): listed for listed in map(_LISTED, tensors)}
        self.tables = [*{id(listed.table): listed.table for listed in lists.values()}.values()]
        self._kinds = [kind for table in self.tables for kind in table.kinds]
        #: The columns of the rows, and the number of each row's data file.
        self._columns, self._file = self._gather(lists)
        self._num_files = int(self._file.max()) + 1
        last = self._last_of_files()
        self.is_whole = all(tensor.fault is None for tensor in last)
        self.claims = self._claims(last) if self.is_whole else []

    def _gather(self, lists: Mapping[int, ListedEntries]) -> tuple[Columns, Numbers]:
        tensors, tables = self._tensors, self.tables
        firsts = {key: listed.first for key, listed in lists.items()}
        rows = np.fromiter(map(firsts.__getitem__, map(id, map(_LISTED, tensors))), np.int64, len(tensors))
        rows += np.fromiter(map(_NUMBER, tensors), np.int64, len(tensors))
        if len(tables) == 1:
            columns = Columns(*(np.asarray(column)[rows] for column in tables[0].columns))
            return columns, np.unique(columns.shard_id, return_inverse=True)[1]
        places = {id(table): number for number, table in enumerate(tables)}
        numbers = {key: places[id(listed.table)] for key, listed in lists.items()}
        which = np.fromiter(map(numbers.__getitem__, map(id, map(_LISTED, tensors))), np.int64, len(tensors))
        columns, file = Columns(*(np.zeros(len(tensors), np.int64) for _ in Columns._fields)), np.zeros_like(rows)
        num_kinds = num_files = 0
        for number, table in enumerate(tables):
            chosen = np.flatnonzero(which == number)
            for column, known in zip(columns, table.columns, strict=True):
                column[chosen] = np.asarray(known)[rows[chosen]]
            columns.kind[chosen] += num_kinds
            shard_ids, of_shard = np.unique(columns.shard_id[chosen], return_inverse=True)
            file[chosen] = of_shard + num_files
            num_kinds += len(table.kinds)
            num_files += len(shard_ids)
        return columns, file

    def _last_of_files(self) -> list[StoredTensor]:
        """Return of each data file the tensor that ends last."""
        ends = self._columns.offset.astype(np.uint64) + self._columns.nbytes.astype(np.uint64)
        order = np.argsort(ends, kind="stable")
        last = np.zeros(self._num_files, np.int64)
        last[self._file[order]] = order
        return [self._tensors[row] for row in last.tolist()]

    def _claims(self, last: Sequence[StoredTensor]) -> list[Claim]:
        _, firsts = np.unique(self._file, return_index=True)
        used = np.zeros(self._num_files, np.int64)
        np.add.at(used, self._file, self._columns.nbytes.astype(np.int64))
        claims = []
        for tensor, first, nbytes in zip(last, firsts.tolist(), used.tolist(), strict=True):
            place = tensor.stored
            claims.append(Claim(bytes_of(self._names[first]), place.source, nbytes, place.is_big_endian))
        return claims

    def rest(self, shard_ids: Mapping[tuple[object, object], int], *, is_big_endian: bool) -> list[Row]:
        """Return what is not in the data files that are linked, by their identities."""
        left = self._shard_ids(shard_ids, is_big_endian)[self._file] < 0
        return [(bytes_of(self._names[row]), self._tensors[row]) for row in np.flatnonzero(left).tolist()]

    def entries(
        self, shard_ids: Mapping[tuple[object, object], int], *, is_big_endian: bool
    ) -> Iterator[tuple[list[bytes], list[bytes]]]:
        """Yield the keys and entries of what is in the data files that are linked, by their identities."""
        numbers = self._shard_ids(shard_ids, is_big_endian)[self._file]
        heads = [*map(encode_entry, self._kinds)]
        rows = np.flatnonzero(numbers >= 0)
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            kind, _, *place = (column[batch].astype(np.int64) for column in self._columns)
            tails = _tails(numbers[batch], *place)
            keys = [bytes_of(self._names[row]) for row in batch.tolist()]
            yield keys, [heads[number] + tail for number, tail in zip(kind.tolist(), tails, strict=True)]

    def _shard_ids(self, known: Mapping[tuple[object, object], int], is_big_endian: bool) -> Numbers:
        """Return the number that each data file has among those that are linked, -1 of others."""
        ids = [
            known.get(each.source.identity, -1) if each.is_big_endian == is_big_endian else -1 for each in self.claims
        ]
        return np.array(ids, np.int64)


def _tails(shard_id: Numbers, offset: Numbers, nbytes: Numbers, checksum: Numbers) -> list[bytes]:
    """Encode what is behind the dtypes and shapes of entries; zeros are left out, as protobuf does."""
    letters: list[Any] = []
    present: list[Any] = []
    for tag, numbers in ((_SHARD_ID, shard_id), (_OFFSET, offset), (_NBYTES, nbytes)):
        letters.append(np.full(len(numbers), tag))
        present.append(numbers != 0)
        for shift in range(0, max(1, int(numbers.max()).bit_length()), 7):
            rest = numbers >> shift
            letters.append(rest & 0x7F | (rest >> 7 != 0) << 7)
            present.append(rest != 0)
    letters += [np.full(len(checksum), _CHECKSUM), *(checksum >> shift & 0xFF for shift in range(0, 32, 8))]
    present += [checksum != 0] * 5
    is_there = np.stack(present, axis=1)
    flat = np.stack(letters, axis=1).astype(np.uint8)[is_there].tobytes()
    ends = np.cumsum(is_there.sum(axis=1)).tolist()
    return [flat[start:end] for start, end in zip([0, *ends], ends, strict=False)]
