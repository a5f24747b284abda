"""The index of a checkpoint, as it is written."""

from __future__ import annotations

import pytest

from graphsurgeon.formats import bundle_index
from graphsurgeon.formats import table as formats_table
from graphsurgeon.formats.bundle_index import encode_entry, encode_partitioned, write_index
from graphsurgeon.tensors import dtypes
from tests.formats.bundle_files import MemorySink, entry, header, table

KIND = (dtypes.FLOAT, (2, 3))


def test_entries():
    assert encode_entry(KIND, 2, 1 << 40, 24, 5) == entry(*KIND, 1 << 40, shard_id=2, crc32c=5)
    assert encode_entry(KIND) == entry(*KIND, nbytes=0)


def test_a_partitioned_tensor_lists_its_slices():
    slices = [((0, 1), (0, -1)), ((1, 1), (0, -1))]
    assert encode_partitioned(KIND, slices) == entry(*KIND, nbytes=0, slices=slices)


@pytest.mark.parametrize("alone", [[], ["a"], ["b5"], ["a", "b4", "b5", "z", "zz"]])
@pytest.mark.parametrize("is_big_endian", [False, True])
def test_batches_and_what_is_between(alone, is_big_endian):
    sink = MemorySink()
    batches = [([b"b1", b"b2"], [b"1", b"2"]), ([b"b3", b"b6"], [b"3", b"6"]), ([b"c"], [b"7"])]
    entries = [(name.encode(), b"alone") for name in alone]
    write_index(sink, entries, 3, is_big_endian=is_big_endian, batches=batches)  # type: ignore[arg-type]
    rows = [(key, value) for keys, values in batches for key, value in zip(keys, values, strict=True)]
    assert sink.value() == table([(b"", header(3, big_endian=is_big_endian)), *sorted([*rows, *entries])])


def test_few_entries_and_many_are_written_alike(monkeypatch: pytest.MonkeyPatch):
    entries = [(b"%06d" % number, encode_entry(KIND, 0, 24 * number, 24)) for number in range(500)]
    few, many = MemorySink(), MemorySink()
    write_index(few, entries, 1, is_big_endian=False)  # type: ignore[arg-type]
    monkeypatch.setattr(bundle_index, "_FEW", 0)
    monkeypatch.setattr(formats_table, "_MANY", 10)
    write_index(many, entries, 1, is_big_endian=False)  # type: ignore[arg-type]
    assert few.value() == many.value()
