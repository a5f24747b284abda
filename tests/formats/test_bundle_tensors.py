"""The tensors of a checkpoint: read in pieces, checked before the last."""

from __future__ import annotations

import os
import struct
import tracemalloc
from pathlib import Path

import pytest

from graphsurgeon.formats import bundle_tensors
from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.neighbours import read_small
from graphsurgeon.tensors.values import StringTensor
from proto_utils.errors import ChangedError, CorruptionError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES, FileSource
from tests.formats.bundle_files import entry, header, raw, save, strings, write_files


def damaged(prefix, offset):
    """Flip a bit of the data."""
    path = Path(f"{prefix}.data-00000-of-00001")
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)
    return prefix


def read_until_error(pieces):
    """What a consumer was given before the checksum was found wrong."""
    given: list[int] = []
    with pytest.raises(CorruptionError, match="checksum"):
        given.extend(len(piece) for piece in pieces)
    return given


def test_chunks_are_small_and_complete(tmp_path):
    content = bytes(range(256)) * 10_000
    tensor = Bundle(save(tmp_path / "x", {"x": raw(dtypes.UINT8, [len(content)], content)}))["x"]
    assert [len(chunk) for chunk in tensor.chunks()] == [CHUNK_NBYTES, CHUNK_NBYTES, len(content) - 2 * CHUNK_NBYTES]
    assert b"".join(map(bytes, tensor.chunks())) == content


@pytest.mark.parametrize("position", [0, CHUNK_NBYTES, 2 * CHUNK_NBYTES + 9])
def test_a_wrong_checksum_shows_before_the_last_chunk(tmp_path, position):
    prefix = save(tmp_path / "x", {"x": raw(dtypes.UINT8, [2 * CHUNK_NBYTES + 10], bytes(2 * CHUNK_NBYTES + 10))})
    assert read_until_error(Bundle(damaged(prefix, position))["x"].chunks()) == [CHUNK_NBYTES, CHUNK_NBYTES]


def test_a_wrong_checksum_shows_before_the_last_string(tmp_path):
    prefix = save(tmp_path / "x", {"s": strings(*[b"x" * 1000] * 3000)})
    given = read_until_error(Bundle(damaged(prefix, -1))["s"].strings())
    assert 1000 < len(given) < 3000


@pytest.mark.parametrize(("dtype", "nbytes"), [(dtypes.FLOAT, 0), (dtypes.STRING, 4), (dtypes.STRING, 0)])
def test_the_checksum_of_nothing_is_checked(tmp_path, dtype, nbytes):
    content = mask(0).to_bytes(4, "little")[:nbytes]
    right = write_files(tmp_path / "x", {b"x": entry(dtype, [0], nbytes=nbytes, crc32c=mask(crc32c(content)))}, content)
    assert Bundle(right)["x"].numpy().shape == (0,)
    wrong = write_files(tmp_path / "y", {b"x": entry(dtype, [0], nbytes=nbytes, crc32c=5)}, content)
    with pytest.raises(CorruptionError, match="checksum"):
        Bundle(wrong)["x"].numpy()


def test_nbytes_of_strings_is_of_their_contents(tmp_path):
    assert Bundle(save(tmp_path / "x", {"s": strings(b"ab", b"", b"c")}))["s"].nbytes == 3


def test_large_and_small_strings_alternate(tmp_path):
    elements = [b"a" * (CHUNK_NBYTES + 1), b"", b"b" * CHUNK_NBYTES, b"c", b"d" * 300] * 2
    assert list(Bundle(save(tmp_path / "x", {"s": strings(*elements)}))["s"].strings()) == elements


@pytest.mark.parametrize(
    ("content", "size", "reason"),
    [
        (b"\x05\xd9\xc6\x9c\x44hello", 1, "string lengths differs"),
        (b"\x05\xd9\xc6\x9c\x43hello!", 1, "its strings take 10 bytes"),
        (b"\x05\xd9\xc6\x9c\x43hell", 1, "its strings take 10 bytes"),
        (b"\xff" * 12, 1, "longer than 10 bytes"),
        (b"\xff" * 8, 4, "ends inside a varint"),
        (b"\x01\x01\x01\x81\x80\x00\x00\x00", 4, "string lengths differs"),
    ],
)
def test_bad_string_lengths_are_refused(tmp_path, content, size, reason):
    prefix = write_files(tmp_path / "x", {b"s": entry(dtypes.STRING, [size], nbytes=len(content))}, content)
    with pytest.raises(CorruptionError, match=reason):
        list(Bundle(prefix)["s"].strings())


LENGTHS = {
    "short": [3, 0, 127] * 40,
    "long": [128, 300, 20_000] * 10,
    "both": [0] * 15 + [130] + [1] * 40 + [16_384, 2],
}


@pytest.mark.parametrize("window", [16, 17, 31, 64, 1 << 16])
@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS.keys())
@pytest.mark.parametrize("byteorder", ["little", "big"])
def test_lengths_are_read_in_pieces(tmp_path, monkeypatch, window, lengths, byteorder):
    """Wherever a piece ends, within a length too; every flipped bit of them is found."""
    monkeypatch.setattr(bundle_tensors, "_WINDOW_NBYTES", window)
    elements = [bytes([number & 0xFF]) * length for number, length in enumerate(lengths)]
    tensor = Bundle(save(tmp_path / "x", {"x": strings(*elements)}, byteorder=byteorder))["x"]
    assert list(tensor.strings()) == elements
    assert tensor.nbytes == sum(lengths)
    for offset in range(len(lengths)):
        damaged(tmp_path / "x", offset)
        with pytest.raises(CorruptionError, match="its string"):
            list(Bundle(tmp_path / "x")["x"].strings())
        damaged(tmp_path / "x", offset)


def test_lengths_are_not_all_in_memory(tmp_path):
    count = 1_000_000
    tensor = Bundle(save(tmp_path / "x", {"x": StringTensor([count], [])}))["x"]
    tracemalloc.start()
    try:
        assert sum(1 for _ in tensor.strings()) == count
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_strings_have_no_chunks_and_numbers_no_strings(tmp_path):
    bundle = Bundle(save(tmp_path / "x", {"n": raw(dtypes.UINT8, [1], b"1"), "s": strings(b"a")}))
    with pytest.raises(UnsupportedError, match="'s'"):
        bundle["s"].chunks()
    with pytest.raises(UnsupportedError, match="uint8"):
        bundle["n"].strings()


def test_a_file_cut_while_it_is_open_is_an_error(tmp_path):
    prefix = save(tmp_path / "x", {"x": raw(dtypes.UINT8, [100], bytes(100))})
    bundle = Bundle(prefix)
    Path(f"{prefix}.data-00000-of-00001").write_bytes(bytes(50))
    with pytest.raises(ChangedError, match="truncated"):
        bundle["x"].numpy()


def counted_reads(monkeypatch):
    """Keep what is read of files from here on, as ranges."""
    ranges = []
    read = FileSource.read

    def counted(source, start, end):
        ranges.append((start, end))
        return read(source, start, end)

    monkeypatch.setattr(FileSource, "read", counted)
    return ranges


def small(count, scale=1):
    return {f"{number:03d}": raw(dtypes.UINT16, [2], struct.pack("<2H", number * scale, 7)) for number in range(count)}


def test_neighbours_are_read_together_in_any_order(tmp_path, monkeypatch):
    given = {**small(300), "none": raw(dtypes.FLOAT, [0], b""), "large": raw(dtypes.UINT8, [5000], bytes(5000))}
    bundle = Bundle(save(tmp_path / "x", given))
    names = ["none", "large", *reversed(small(300))]
    tensors = [bundle[name] for name in names]
    assert tensors[0].fault is None
    reads = counted_reads(monkeypatch)
    assert read_small(tensors) == [
        None if name == "large" else b"".join(map(bytes, given[name].chunks())) for name in names
    ]
    assert len(reads) == 2
    assert sum(end - start for start, end in reads) == 1200


def test_neighbours_in_several_shards_and_checkpoints(tmp_path):
    both = [Bundle(save(tmp_path / f"{scale}", small(90, scale), shard_nbytes=100)) for scale in (1, 2)]
    assert both[0].num_shards == 4
    tensors = [bundle[name] for name in small(90) for bundle in both]
    assert read_small(tensors) == [b"".join(map(bytes, tensor.chunks())) for tensor in tensors]


def test_neighbours_of_the_other_byte_order(tmp_path):
    entries = {b"w": entry(dtypes.UINT16, [2], crc32c=mask(crc32c(b"\0\1\0\2")))}
    bundle = Bundle(write_files(tmp_path / "x", entries, b"\0\1\0\2", header(big_endian=True)))
    assert read_small([bundle["w"]]) == [b"\1\0\2\0"]


def test_what_is_wrong_with_neighbours_is_left_to_reading_them(tmp_path):
    prefix = damaged(save(tmp_path / "x", small(3)), 5)
    bundle = Bundle(prefix)
    tensors = [bundle[name] for name in small(3)]
    assert read_small(tensors) == [bytes([0, 0, 7, 0]), None, bytes([2, 0, 7, 0])]
    with pytest.raises(CorruptionError, match=r"'001'.*checksum"):
        list(tensors[1].chunks())
    os.truncate(f"{prefix}.data-00000-of-00001", 11)
    truncated = Bundle(prefix)
    assert read_small([truncated[name] for name in small(3)]) == [None] * 3
    os.remove(f"{prefix}.data-00000-of-00001")
    lost = Bundle(prefix)
    assert read_small([lost[name] for name in small(3)]) == [None] * 3
