"""Riegeli files are read whole, and what is wrong with one is said."""

from __future__ import annotations

import contextlib

import cramjam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsurgeon.formats.riegeli import read_records
from graphsurgeon.formats.sniff import RIEGELI_SIGNATURE
from proto_utils.errors import CorruptionError, FileFormatError, LimitError, UnsupportedError
from proto_utils.files import BytesSource
from proto_utils.varint import encode_varint
from tests.formats.chunked_files import BLOCK, COMPRESSIONS, RiegeliFile


def read(data):
    return [bytes(record) for record in read_records(BytesSource(bytes(data), "x.cpb")).values()]


def test_the_first_64_bytes():
    assert bytes(RiegeliFile().data) == RIEGELI_SIGNATURE
    assert read(RIEGELI_SIGNATURE) == []


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("sizes", [[0], [1, 0, 2], [70_000, 3], [BLOCK - 64 - 40 - 5], [1] * 300])
def test_records_come_back(compression, sizes):
    file = RiegeliFile()
    records = [bytes([number % 251]) * size for number, size in enumerate(sizes)]
    for _ in range(3):
        file.add_records(records, compression)
    assert read(file.data) == records * 3


@given(st.lists(st.integers(0, 3 * BLOCK), max_size=4), st.sampled_from(["", "b"]))
@settings(max_examples=25, deadline=None)
def test_chunks_end_anywhere_in_a_block(sizes, compression):
    file = RiegeliFile()
    records = [bytes(size) for size in sizes]
    positions = [file.add_records([record], compression) for record in records]
    assert list(read_records(BytesSource(bytes(file.data), "x"))) == positions
    assert read(file.data) == records


def test_chunks_without_records_are_passed_by():
    file = RiegeliFile()
    file.add_chunk(b"m", b"metadata", 0, 5)
    file.add_chunk(b"p", bytes(100))
    file.add_records([b"a"])
    assert read(file.data) == [b"a"]


def stated(nbytes: int) -> bytes:
    """A chunk of one record, compressed, that says how long it is."""
    sizes = encode_varint(1) + bytes(cramjam.brotli.compress(b"\1"))
    values = encode_varint(nbytes) + bytes(cramjam.brotli.compress(b"a"))
    return b"b" + encode_varint(len(sizes)) + sizes + values


@pytest.mark.parametrize(
    ("chunk", "kind", "reason"),
    [
        ((b"t", b"x", 1, 1), UnsupportedError, "transposed"),
        ((b"?", b"x", 1, 1), UnsupportedError, "chunk of type 63"),
        ((b"r", b"", 1, 1), CorruptionError, "without data"),
        ((b"r", b"\7\0", 1, 1), UnsupportedError, "compressed in a way"),
        ((b"r", b"\0\x09\1", 1, 1), CorruptionError, "run past their chunk"),
        ((b"r", b"\0\1\5abc", 1, 5), CorruptionError, "runs past its chunk"),
        ((b"r", b"\0\1\1abc", 1, 1), CorruptionError, "records of 1 bytes in a chunk of 3"),
        ((b"r", b"\0\1\3abc", 9, 3), CorruptionError, "ends inside a varint"),
        ((b"r", b"b\1\1\1\1", 1, 1), CorruptionError, "brotli compressed cannot be"),
        ((b"r", stated(2), 1, 2), CorruptionError, "has 1 bytes, and 2 by its own account"),
        ((b"r", stated(1 << 40), 1, 1), CorruptionError, "1099511627776 bytes by its own account, and 1 at most"),
        ((b"r", stated(1 << 40), 1, 1 << 40), LimitError, "decompressed"),
    ],
)
def test_what_is_wrong_is_said(chunk, kind, reason):
    file = RiegeliFile()
    file.add_chunk(*chunk)
    with pytest.raises(kind, match=reason):
        read(file.data)


def test_hashes_are_checked():
    file = RiegeliFile()
    file.add_records([b"abc"])
    for offset, part in ((70, "header"), (len(file.data) - 1, "data")):
        data = bytearray(file.data)
        data[offset] ^= 1
        with pytest.raises(CorruptionError, match=f"hash of a chunk.*{part}"):
            read(data)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_damage_is_an_error_of_the_tree(data):
    file = RiegeliFile()
    file.add_records([b"abc", bytes(70_000)], data.draw(st.sampled_from(list(COMPRESSIONS))))
    content = bytearray(file.data)
    for offset in data.draw(st.lists(st.integers(64, len(content) - 1), min_size=1, max_size=3)):
        content[offset] ^= data.draw(st.integers(1, 255))
    end = data.draw(st.integers(64, len(content)))
    with contextlib.suppress(FileFormatError, LimitError):
        read(content[:end])
