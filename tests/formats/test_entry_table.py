"""The entries of an index as columns."""

from __future__ import annotations

import pytest

from graphsurgeon.formats.entry_table import BundleEntry, EntryTable
from graphsurgeon.tensors import dtypes

PLAIN = BundleEntry(dtypes.FLOAT, (2, 3), 1, 1 << 40, 24, 0xDEADBEEF)
SLICED = BundleEntry(dtypes.FLOAT, (4, 3), 0, 0, 0, 0, (((0, 4), (0, -1)),))
UNKNOWN = BundleEntry(dtypes.INT64, (), 0, 8, 8, 5, (), b"\x58\x05")
#: In the order of their bytes, which is not that of their letters.
ENTRIES = {"a": PLAIN, "b": SLICED, "c": UNKNOWN, "\ue000": PLAIN, "\udcff": PLAIN._replace(offset=7, shard_id=0)}


@pytest.fixture
def table() -> EntryTable:
    return EntryTable.of(ENTRIES.items())


def test_it_is_the_mapping_that_it_was_made_of(table):
    assert list(table.items()) == list(ENTRIES.items())
    assert (list(table), list(table.values()), len(table)) == ([*ENTRIES], [*ENTRIES.values()], 5)
    assert {name: table[name] for name in ENTRIES} == ENTRIES


@pytest.mark.parametrize("name", ["", "aa", "z", "\ud800", 3, None])
def test_what_is_not_there(table, name):
    assert name not in table
    assert table.get(name) is None
    with pytest.raises(KeyError):
        table[name]


def test_hidden_rows_are_found_by_those_who_know(table):
    table.hide({0, 3})
    assert list(table) == ["b", "c", "\udcff"]
    assert list(table.items()) == [(name, ENTRIES[name]) for name in ("b", "c", "\udcff")]
    assert ("a" in table, len(table), table.find("a"), table.row_of("a")) == (False, 3, 0, None)


def test_hiding_nothing_is_nothing(table):
    table.hide(set())
    assert len(table) == 5


def test_where_shards_end_does_not_count_what_lists_slices(table):
    assert table.ends() == {1: (1 << 40) + 24, 0: 31}
    assert EntryTable.of([]).ends() == {}


def test_equal_kinds_are_one():
    assert EntryTable.of([("a", PLAIN), ("b", PLAIN)]).kinds == [(dtypes.FLOAT, (2, 3))]
