"""Blocks of a table, entry by entry."""

from __future__ import annotations

import pytest

from graphsurgeon.formats.table_blocks import Block, BlockBuilder, entries_end, num_shared
from proto_utils.errors import CorruptionError

KEYS = [b"a", b"b/bias", b"b/kernel", b"b/kernel/Adam"]


def built(interval: int = 16) -> bytes:
    builder = BlockBuilder(interval)
    for key in KEYS:
        builder.add(key, b"v")
    data = builder.finish()
    assert len(data) == builder.nbytes
    return data


@pytest.mark.parametrize("interval", [1, 2, 16])
def test_what_is_built_is_read(interval):
    block = Block(built(interval), "x", 7, b"c")
    assert list(block.entries()) == [(key, b"v") for key in KEYS]
    assert block.check_last(KEYS[-1]) == block.check_last(None) == b"c"


def test_errors_tell_where_the_block_is():
    block = Block(built(), "x", 7, b"b")
    for fail in (lambda: block.check_last(KEYS[-1]), lambda: list(block.entries(b"z"))):
        with pytest.raises(CorruptionError) as caught:
            fail()
        assert (caught.value.path, caught.value.offset) == ("x", 7)


def test_restarts_have_to_fit():
    assert entries_end(12, 1, "x", 0) == 4
    with pytest.raises(CorruptionError, match="9 restarts do not fit in a block of 12 bytes"):
        entries_end(12, 9, "x", 0)


def test_an_empty_builder():
    assert (BlockBuilder(16).is_empty, BlockBuilder(16).finish()) == (True, bytes([0, 0, 0, 0, 1, 0, 0, 0]))


@pytest.mark.parametrize(
    ("a", "b", "shared"), [(b"", b"x", 0), (b"ab", b"abc", 2), (b"ab\0", b"ab\1", 2), (b"x", b"x", 1)]
)
def test_bytes_that_are_shared(a, b, shared):
    assert num_shared(a, b) == shared
