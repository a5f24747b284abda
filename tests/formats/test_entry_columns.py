"""Decoding by columns gives what decoding one by one gives, or the same error."""

from __future__ import annotations

import random
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats import entry_columns
from graphsurgeon.formats.bundle_entries import EntryDecoder
from graphsurgeon.formats.entry_columns import read_columns
from graphsurgeon.formats.entry_table import BundleEntry, EntryTable
from graphsurgeon.formats.table import Table
from graphsurgeon.names import text_of
from graphsurgeon.tensors import dtypes
from proto_utils.errors import FileFormatError
from proto_utils.files import BytesSource
from tests.counting import parses
from tests.formats.bundle_files import assemble, entry, header, raw_block, table

SLICES = [[(0, 1), (0, -1)]]
VALUES = [
    entry(dtypes.FLOAT, [2, 3], 1 << 40, shard_id=2, crc32c=0xDEADBEEF),
    entry(dtypes.INT64, [], crc32c=1),
    entry(dtypes.FLOAT, [0, 5], 9, crc32c=2),
    entry(dtypes.STRING, [2], 300, nbytes=9, crc32c=3),
    entry(dtypes.FLOAT, [2, 3], 5, crc32c=0),
    entry(dtypes.FLOAT, [1] * 40, 5, crc32c=7),
    entry(dtypes.FLOAT, [2, 3], nbytes=0, slices=SLICES),
    entry(dtypes.FLOAT, [2, 3], 5, crc32c=4) + b"\x58\x05",
    entry(dtypes.VARIANT, [], 5, nbytes=30, crc32c=4),
    entry(dtypes.INT8, [1 << 20, 3], 1 << 20, crc32c=1 << 31),
]


@pytest.fixture(autouse=True)
def every_block(monkeypatch):
    """Small blocks are decoded by columns too."""
    monkeypatch.setattr(entry_columns, "_LEAST_BLOCK_NBYTES", 1)


def one_by_one(data: bytes) -> EntryTable:
    decoder, items = EntryDecoder(3, "x"), Table(BytesSource(data, "x")).items()
    next(items)
    return EntryTable.of([(text_of(key), decoder.decode(text_of(key), value)) for key, value in items])


def by_columns(data: bytes) -> EntryTable:
    return read_columns(Table(BytesSource(data, "x")), EntryDecoder(3, "x"))


def outcome(read, data: bytes) -> list[tuple[str, BundleEntry]] | str:
    try:
        return list(read(data).items())
    except FileFormatError as error:
        return str(error)


def same(data: bytes) -> EntryTable | None:
    """What both ways give; None when both refuse, for the same reason."""
    expected = outcome(one_by_one, data)
    assert outcome(by_columns, data) == expected
    return None if isinstance(expected, str) else by_columns(data)


def index(names: list[bytes], seed: int = 0) -> bytes:
    chosen = random.Random(seed)
    return table([(b"", header(3)), *((name, chosen.choice(VALUES)) for name in sorted(set(names)))])


@pytest.mark.parametrize("count", [0, 1, 14, 15, 16, 17, 33, 1000])
def test_all_kinds_of_entries(count):
    found = same(index([f"layer_{i % 7}/w_{i}/Adam".encode() for i in range(count)], seed=count))
    assert found is not None
    assert len(found) == count
    assert sorted(found.others) == [row for row, each in enumerate(found.values()) if each.slices or each.unknown]


def test_many_blocks_learn_each_shape_once_and_need_no_protobuf(monkeypatch):
    names = [f"tower_{i % 3}/block_{i}/kernel".encode() for i in range(40_000)]
    data = table([(b"", header(3)), *((name, VALUES[0][:-4] + b"abcd") for name in sorted(names))])
    parsed = parses(monkeypatch, "BundleEntryProto")
    with patch.object(EntryDecoder, "learn", autospec=True, side_effect=EntryDecoder.learn) as learn:
        assert len(by_columns(data)) == 40_000
    assert (learn.call_count, parsed) == (1, [])
    assert same(data) is not None


@pytest.mark.parametrize(
    "names",
    [[b"x" * 127, b"x" * 128, b"x" * 300, b"x" * 20_000], [b"\0w\0\1", b"\xff\xfe", "é".encode(), b"a\0", b"a\0\0"]],
    ids=["long", "no text"],
)
def test_names_of_all_kinds(names):
    found = same(index(names))
    assert found is not None
    assert list(found) == [text_of(name) for name in sorted(names)]


def test_numbers_that_need_few_bytes_take_few():
    data = table([(b"", header(3)), *((f"{i:04}".encode(), VALUES[1]) for i in range(1000))])
    columns = by_columns(data).columns
    assert [np.asarray(column).itemsize for column in columns] == [1, 1, 1, 1, 1]


@given(data=st.data())
def test_damaged_entries_are_judged_alike(data):
    values = [bytearray(data.draw(st.sampled_from(VALUES))) for _ in range(20)]
    for _ in range(data.draw(st.integers(0, 3))):
        value = values[data.draw(st.integers(0, 19))]
        if value:
            value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
        del value[data.draw(st.integers(0, len(value))) :]
    same(table([(b"", header(3)), *((f"{i:02}".encode(), bytes(value)) for i, value in enumerate(values))]))


@given(data=st.data())
def test_damaged_blocks_are_judged_alike(data):
    entries = [(b"", header(3)), *((f"layer/{i:02}".encode(), VALUES[i % 3]) for i in range(40))]
    block = bytearray(next(Table(BytesSource(table(entries), "x")).blocks()).data)
    for _ in range(data.draw(st.integers(1, 3))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    damaged = assemble([(b"layer/~", raw_block(bytes(block)))])
    # Of a block with several faults, another one may be told.
    refusals = [isinstance(outcome(read, damaged), str) for read in (one_by_one, by_columns)]
    assert refusals[0] == refusals[1]
    if not refusals[0]:
        same(damaged)


def test_an_index_of_other_restarts():
    # One restart point, behind which everything follows: not what TensorFlow writes, but a table.
    parts = [bytes([0, 0, len(header(3))]) + header(3)]
    parts += [bytes([0, 3, len(VALUES[1])]) + b"%03d" % i + VALUES[1] for i in range(100)]
    block = b"".join(parts) + bytes([0, 0, 0, 0, 1, 0, 0, 0])
    found = same(assemble([(b"~", raw_block(block))]))
    assert found is not None
    assert len(found) == 100
