"""Tables: the bytes TensorFlow writes, and every way in which a file can fail to be one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats.table import (
    BLOCK_NBYTES,
    FOOTER_NBYTES,
    BlockHandle,
    Footer,
    Table,
    is_table,
    short_successor,
    shortest_separator,
)
from proto_utils.errors import CorruptionError
from proto_utils.files import BytesSource
from tests.formats.bundle_files import assemble, block, raw_block, refusal, snappy_table, table

# The index that tf.train.Saver of TensorFlow 2.21 writes for seven variables: a, b/bias, b/kernel, e, s, scal, z.
TENSORFLOW_INDEX = bytes.fromhex(
    "00000608011a0208010001 0f61080112 04120208 03280c35e909503f"
    "000611622f62696173 08011204 12020803 200c280c35e909503f"
    "0206116b65726e656c 0801120412020803 2018280c35e909503f 0001116508031206120012020803202435d8ea82a2"
    "00011273080712041202080320242899 0335f34b71600103 0e63616c 08091200 20bd03 280835eab2043e"
    "0001127a0801120412020803 20c503280c35e909503f 0000000001000000 00ccfdb380"
    "000000000100000000c0f2a1b0 0001037b00ad010000000001000000 00bd6c8ca0 b20108bf010f" + "00" * 34 + "57fb808b247547db"
)

ENTRIES = [(b"", b"head"), (b"a", b"1"), (b"b/bias", b""), (b"b/kernel", b"22"), (b"c\xff\0", b"3" * 300)]


def read(data):
    return list(Table(BytesSource(data, "t")).items())


def error_of(data):
    with pytest.raises(CorruptionError) as caught:
        read(data)
    return caught.value


def test_reads_what_tensorflow_wrote():
    keys = [key for key, _ in read(TENSORFLOW_INDEX)]
    assert keys == [b"", b"a", b"b/bias", b"b/kernel", b"e", b"s", b"scal", b"z"]


def test_writes_what_tensorflow_wrote():
    assert table(read(TENSORFLOW_INDEX)) == TENSORFLOW_INDEX


def test_nothing_at_all_round_trips():
    assert read(table([])) == []


@given(st.dictionaries(st.binary(max_size=300), st.binary(max_size=300), max_size=60))
def test_round_trip(entries):
    assert read(table(sorted(entries.items()))) == sorted(entries.items())


@pytest.mark.parametrize("value_nbytes", [100, 5000, 2 * BLOCK_NBYTES])
def test_round_trip_over_several_blocks(value_nbytes):
    entries = [(b"key %06d" % i, bytes([i % 256]) * value_nbytes) for i in range(2_000_000 // value_nbytes)]
    data = table(entries)
    assert read(data) == entries
    reader = Table(BytesSource(data))
    assert all(reader.get(key) == value for key, value in entries[:: len(entries) // 7 + 1])


@pytest.mark.parametrize("key", [b"", b"a", b"b/bias", b"b/kernel", b"c\xff\0"])
def test_get_finds(key):
    assert Table(BytesSource(table(ENTRIES))).get(key) == dict(ENTRIES)[key]


@pytest.mark.parametrize("key", [b"\0", b"b", b"b/biat", b"d", b"\xff" * 9])
def test_get_of_an_absent_key_is_none(key):
    assert Table(BytesSource(table(ENTRIES))).get(key) is None


def test_get_reads_one_data_block():
    class Counting(BytesSource):
        reads = 0

        def read(self, start, end):
            self.reads += 1
            return super().read(start, end)

    source = Counting(table([(b"%06d" % i, bytes(1000)) for i in range(2000)]))
    reader = Table(source)
    source.reads = 0
    assert reader.get(b"001234") == bytes(1000)
    assert source.reads == 1


def test_items_holds_one_block():
    source = BytesSource(table([(b"%06d" % i, bytes(1000)) for i in range(2000)]))
    items = Table(source).items()
    assert next(items)[0] == b"000000"


def test_keys_must_increase_when_written():
    for keys in ([b"b", b"a"], [b"a", b"a"]):
        with pytest.raises(CorruptionError, match="must increase"):
            table([(key, b"") for key in keys])


@pytest.mark.parametrize(
    ("start", "limit", "separator"),
    [
        (b"the quick", b"the who", b"the r"),
        (b"a", b"c", b"b"),
        (b"a", b"b", b"a"),
        (b"ab", b"ac", b"ab"),
        (b"a", b"ab", b"a"),
        (b"abz", b"abz1", b"abz"),
        (b"a\xffx", b"b", b"a\xffx"),
        (b"\xfe", b"\xff\xff", b"\xfe"),
        (b"\xfd1", b"\xff", b"\xfe"),
    ],
)
def test_shortest_separator(start, limit, separator):
    assert shortest_separator(start, limit) == separator


@given(st.binary(), st.binary())
def test_separators_separate(a, b):
    if a < b:
        assert a <= shortest_separator(a, b) < b
    assert short_successor(a) >= a


@pytest.mark.parametrize(
    ("key", "successor"), [(b"abc", b"b"), (b"\xff\xffa", b"\xff\xffb"), (b"\xff", b"\xff"), (b"", b"")]
)
def test_short_successor(key, successor):
    assert short_successor(key) == successor


def test_is_table_looks_at_the_end():
    assert is_table(BytesSource(table(ENTRIES)))
    assert not is_table(BytesSource(table(ENTRIES) + b"x"))
    assert not is_table(BytesSource(b""))


def test_every_truncation_is_refused():
    data = table(ENTRIES)
    for nbytes in range(len(data)):
        assert "truncated" in error_of(data[:nbytes]).reason


def test_every_flipped_bit_is_refused_or_changes_nothing():
    data = table(ENTRIES)
    harmless = 0
    for position in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            try:
                assert read(bytes(flipped)) == ENTRIES, (position, bit)
                harmless += 1
            except CorruptionError:
                continue
    # The metaindex block (8 bytes and a trailer of 5), its handle, and the zeros in the footer are not looked at.
    assert harmless <= 8 * (13 + 40)


@given(st.binary(max_size=200))
def test_a_block_of_anything_is_refused_or_read(content):
    try:
        entries = read(assemble([(b"\xff" * 200, raw_block(content))]))
    except CorruptionError:
        return
    assert [key for key, _ in entries] == sorted({key for key, _ in entries})


@given(st.binary(max_size=60))
def test_an_index_of_anything_is_refused_or_read(content):
    error = refusal(lambda: read(assemble([(b"z", raw_block(block(ENTRIES[:3])))], index=content)))
    assert error is None or error.path == "t"


def test_snappy_blocks_are_read():
    entries = [(b"k%04d" % i, b"v" * 100) for i in range(500)]
    data = snappy_table(entries)
    assert len(data) < 20_000
    assert read(data) == entries


def test_a_wrong_block_checksum_names_the_block():
    data = bytearray(table(ENTRIES))
    data[10] ^= 1
    assert (error_of(bytes(data)).offset, "block checksum" in str(error_of(bytes(data)))) == (0, True)


def test_an_unknown_compression_is_refused():
    assert "compression type 7" in error_of(assemble([(b"z", raw_block(block(ENTRIES[:2]), kind=7))])).reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "without a length"),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff\x0f" + bytes(20), "cannot hold"),
        (b"\x80\x80\x80\x80\x04" + bytes(100), "cannot hold"),
        (b"\x05\x10abcdeX", "bad Snappy data"),
        (b"\x20\x00", "bad Snappy data"),
    ],
)
def test_bad_snappy_is_refused(content, reason):
    assert reason in error_of(assemble([(b"z", raw_block(content, kind=1))])).reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "restarts do not fit"),
        (b"\1\0\0", "restarts do not fit"),
        (b"\xff\xff\xff\xff", "restarts do not fit"),
        (b"\0\1\0a" + b"\0\0\0\0\3\0\0\0", "restarts do not fit"),
        (b"\1\1\0a" + b"\0\0\0\0\1\0\0\0", "past the end of its block"),
        (b"\0\x7f\0a" + b"\0\0\0\0\1\0\0\0", "past the end of its block"),
        (b"\0\1\x7fa" + b"\0\0\0\0\1\0\0\0", "past the end of its block"),
        (b"\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\0a" + b"\0\0\0\0\1\0\0\0", "past the end of its block"),
        (b"\x80" * 11 + b"\0\0\0\0\1\0\0\0", "longer than 10 bytes"),
        (b"\0\1\0b\0\1\0a" + b"\0\0\0\0\1\0\0\0", "follows"),
        (b"\0\1\0b\1\0\0" + b"\0\0\0\0\1\0\0\0", "follows"),
    ],
)
def test_a_bad_block_is_refused(content, reason):
    assert reason in error_of(assemble([(b"z", raw_block(content))])).reason


def test_blocks_out_of_order_are_refused():
    first, second = raw_block(block([(b"a", b"")])), raw_block(block([(b"b", b"")]))
    assert "follows" in error_of(assemble([(b"c", second), (b"d", first)])).reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "block handle"),
        (b"\x05", "block handle"),
        (BlockHandle(0, 1 << 60).encode(), "past the file's end"),
        (BlockHandle(1 << 60, 0).encode(), "past the file's end"),
        (BlockHandle(2**64 - 1, 2**64 - 1).encode(), "past the file's end"),
    ],
)
def test_a_bad_handle_is_refused(value, reason):
    error = error_of(assemble([(b"z", raw_block(block(ENTRIES[:2])))], index=block([(b"z", value)])))
    assert reason in error.reason


def test_a_footer_that_names_itself_is_refused():
    data = table([])
    footer = Footer(BlockHandle(0, 0), BlockHandle(len(data) - FOOTER_NBYTES, 40)).encode()
    assert "past the file's end" in error_of(data[:-FOOTER_NBYTES] + footer).reason


HANDLES = st.builds(BlockHandle, st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))


@given(HANDLES, HANDLES, st.binary(max_size=3))
def test_handles_and_footers_there_and_back(first, second, before):
    assert BlockHandle.decode(before + first.encode() + b"x", len(before)) == (first, len(before + first.encode()))
    footer = Footer(first, second)
    assert len(footer.encode()) == FOOTER_NBYTES
    assert Footer.decode(footer.encode()) == footer


@given(HANDLES)
def test_every_truncation_of_a_handle_is_refused(handle):
    for cut in range(len(handle.encode())):
        with pytest.raises(CorruptionError, match="block handle"):
            BlockHandle.decode(handle.encode()[:cut])
