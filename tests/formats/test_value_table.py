"""Values found in tables without reading the others."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats.value_table import ValueTable
from proto_utils.errors import CorruptionError
from proto_utils.files import BytesSource
from proto_utils.varint import encode_varint
from tests.counting import num_calls
from tests.formats.bundle_files import assemble, raw_block, table

KEYS = st.one_of(st.binary(max_size=6), st.text("ab", max_size=8).map(str.encode))


def opened(data: bytes) -> ValueTable:
    return ValueTable(BytesSource(data, "x"))


@given(st.dictionaries(KEYS, st.binary(max_size=40), min_size=1, max_size=80), KEYS)
def test_finds_what_is_there_and_nothing_else(entries: dict[bytes, bytes], other: bytes):
    found = opened(table(sorted(entries.items())))
    for key in [*entries, other]:
        span = found.find(key)
        assert (None if span is None else span.read()) == entries.get(key)


def test_blocks_of_all_sizes():
    sizes = [0, 1, 200_000, 100_000, 300_000, 5, 2_000_000, 7, 1_200_000, 9]
    entries = {b"key%02d" % i: bytes([i]) * size for i, size in enumerate(sizes)}
    found = opened(table(entries.items()))
    for key in [*entries, *reversed(entries)]:
        span = found.find(key)
        assert span is not None
        assert span.read() == entries[key]
    assert [found.find(key) for key in (b"", b"key03a", b"z")] == [None, None, None]


@pytest.mark.parametrize("length", [1000, 2_000_000])
def test_a_damaged_block_is_noticed(length: int):
    data = bytearray(table([(b"a", bytes(length)), (b"b", bytes(length))]))
    data[length // 2] ^= 1
    with pytest.raises(CorruptionError, match="checksum"):
        opened(bytes(data)).find(b"a")


def damaged(content: bytes, restarts: tuple[int, ...]) -> ValueTable:
    block = content + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))
    return opened(assemble([(b"~", raw_block(block))]))


@pytest.mark.parametrize(
    ("content", "restarts", "reason"),
    [
        (b"\0\1\1aA\0\1\1bB", (0, 99), "restart point at 99"),
        (b"\0\1\1aA\0\1\1bB", (0, 8), "runs past the end"),
        (b"\2\1\1aA", (0,), "shares more"),
        (b"\0\1\x09aA", (0,), "runs past the end"),
        (b"\xff" * 30, (0,), "varint"),
    ],
)
def test_impossible_blocks(content: bytes, restarts: tuple[int, ...], reason: str):
    with pytest.raises(CorruptionError, match=reason):
        damaged(content, restarts).find(b"q")


@pytest.mark.parametrize("restarts", [(), (5,)], ids=["none", "behind the first entry"])
def test_without_a_restart_point_at_the_first_entry(restarts):
    """TensorFlow would not find it."""
    found = damaged(b"\0\1\1aA" * 2, restarts)
    with pytest.raises(CorruptionError, match="its first restart point is not 0"):
        found.find(b"a")


def test_keys_that_grow_without_end_are_refused_soon():
    """Each key is the one before it and a byte more: their lengths add up to the square of the block's."""
    parts = [encode_varint(i) + b"\1\0a" for i in range(200_000)]
    table = damaged(b"".join(parts), (0,))

    def refused() -> None:
        with pytest.raises(CorruptionError, match="grow and grow"):
            table.find(b"b")

    assert num_calls(refused) < 10 * 200_000
