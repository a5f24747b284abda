"""Many entries at once make the table that they make one by one."""

from __future__ import annotations

import random

import pytest

from graphsurgeon.formats import table as table_module
from graphsurgeon.formats.table import BLOCK_NBYTES, TableWriter
from graphsurgeon.formats.table_arrays import BlockRun
from proto_utils.errors import CorruptionError
from tests.formats.bundle_files import MemorySink, table


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(table_module, "_MANY", 8)


def at_once(keys: list[bytes], values: list[bytes], sizes: list[int]) -> bytes:
    """A table of entries that are given so many at a time."""
    sink = MemorySink()
    writer = TableWriter(sink)
    writer.add(b"", b"head")
    chosen, start = random.Random(0), 0
    while start < len(keys):
        size = chosen.choice(sizes)
        writer.add_all(keys[start : start + size], values[start : start + size])
        start += size
    writer.finish()
    return sink.value()


def check(keys: list[bytes], values: list[bytes], sizes: list[int]) -> None:
    assert at_once(keys, values, sizes) == table([(b"", b"head"), *zip(keys, values, strict=True)])


@pytest.mark.parametrize("sizes", [[1], [7, 500], [20_000]])
@pytest.mark.parametrize("nbytes", [0, 20, 130, 20_000])
def test_sizes_of_values(sizes, nbytes):
    count = 20_000 if nbytes < 1000 else 60
    keys = sorted(b"tower_%d/layer_%d/kernel" % (i % 4, i) for i in range(count))
    check(keys, [bytes(i % (nbytes + 1)) for i in range(count)], sizes)


@pytest.mark.parametrize(
    "keys",
    [
        [b"a" + b"\0" * i for i in range(1, 40)],
        [bytes([i]) * 200 for i in range(1, 200)],
        [b"x" * 120 + b"%05d" % i for i in range(5000)],
        [b"x" * i for i in range(1, 400)],
    ],
    ids=["zeros at the end", "nothing shared", "much shared", "each in the next"],
)
def test_kinds_of_keys(keys):
    check(keys, [b"value"] * len(keys), [7, 100, 1000])


def test_entries_that_get_a_block_of_their_own():
    keys = [b"%04d" % i for i in range(1000)]
    values = [b"v" * 100] * 1000
    for row in (0, 500, 501, 999):
        values[row] = bytes(2 * BLOCK_NBYTES)
    check(keys, values, [50, 1000])


def test_one_by_one_and_at_once_in_turns():
    sink = MemorySink()
    writer = TableWriter(sink)
    writer.add_all([b"%03d" % i for i in range(100)], [b"v"] * 100)
    writer.add(b"1", b"v")
    writer.add_all([b"2%03d" % i for i in range(100)], [b"v"] * 100)
    writer.finish()
    keys = [*(b"%03d" % i for i in range(100)), b"1", *(b"2%03d" % i for i in range(100))]
    assert sink.value() == table([(key, b"v") for key in keys])


@pytest.mark.parametrize("row", [0, 20, 39])
def test_keys_must_increase(row):
    keys = [b"%03d" % i for i in range(40)]
    keys[row] = keys[row - 1] if row else b""
    with pytest.raises(CorruptionError, match="keys of a table must increase"):
        at_once(keys, [b"v"] * 40, [40])


def test_what_is_not_for_a_run():
    assert BlockRun([b"a", b"b"], [b"", b""], None, 10).is_sound
    assert not BlockRun([b"a", b"b"], [b"", b"0123456789"], None, 10).is_sound
    assert not BlockRun([b"b", b"a"], [b"", b""], None, 10).is_sound
    assert not BlockRun([b"b", b"c"], [b"", b""], b"b", 10).is_sound
