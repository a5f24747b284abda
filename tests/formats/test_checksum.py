"""Checksums against published vectors."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats import checksum
from graphsurgeon.formats.checksum import combine, crc32c, mask, range_crc, range_crcs, unmask
from proto_utils.errors import CorruptionError
from proto_utils.files import BytesSource, FileSource


# RFC 3720, appendix B.4
@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_crc32c_of_published_vectors(data, crc):
    assert crc32c(data) == crc


@given(st.binary(), st.binary())
def test_crc32c_goes_on_where_it_was(a, b):
    assert crc32c(b, crc32c(a)) == crc32c(a + b)


@given(st.binary(), st.binary())
def test_the_crc_of_two_ranges_is_made_of_theirs(a, b):
    assert combine(crc32c(a), crc32c(b), len(b)) == crc32c(a + b)


def test_ranges_of_any_length():
    zeros = crc32c(bytes((1 << 20) + 1), crc32c(b"a"))
    assert combine(crc32c(b"a"), crc32c(bytes((1 << 20) + 1)), (1 << 20) + 1) == zeros


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("nbytes", [0, 1, 99, 100, 101, 1000])
def test_threads_sum_up_a_range(tmp_path, monkeypatch, count, nbytes):
    monkeypatch.setattr(checksum, "_PART_NBYTES", 100)
    monkeypatch.setattr(checksum, "_BLOCK_NBYTES", 7)
    monkeypatch.setattr("proto_utils.threads._chosen", [count])
    data = random.Random(nbytes).randbytes(nbytes + 5)
    path = tmp_path / "x"
    path.write_bytes(data)
    assert range_crc(FileSource(path), 3, 3 + nbytes) == crc32c(data[3 : 3 + nbytes])


def test_of_what_is_on_no_disk_there_is_one_reading(monkeypatch):
    monkeypatch.setattr(checksum, "_PART_NBYTES", 4)
    read: list[tuple[int, int]] = []

    class Counted(BytesSource):
        def chunks(self, start: int, end: int, nbytes: int = 1) -> Iterator[memoryview]:
            read.append((start, end))
            return super().chunks(start, end, nbytes)

    assert range_crc(Counted(b"0123456789"), 1, 10) == crc32c(b"123456789")
    assert read == [(1, 10)]


@pytest.mark.parametrize("count", [1, 2])
def test_ranges_are_summed_up_in_order(tmp_path, monkeypatch, count):
    monkeypatch.setattr(checksum, "_PART_NBYTES", 10)
    monkeypatch.setattr(checksum, "_MAX_PARTS", 3)
    monkeypatch.setattr("proto_utils.threads._chosen", [count])
    data = random.Random(1).randbytes(100)
    path = tmp_path / "x"
    path.write_bytes(data)
    near, far = FileSource(path), BytesSource(data)
    ranges = [(0, 35), (3, 3), (1, 2), (2, 3), (3, 4), (95, 105), (4, 5), (50, 70), (60, 60)]
    sources = [near] * 4 + [far] * 3 + [near] * 2
    found = list(range_crcs((source, *each) for source, each in zip(sources, ranges, strict=True)))
    assert isinstance(found.pop(5), CorruptionError)
    assert found == [crc32c(data[start:end]) for start, end in ranges if end <= 100]
    assert isinstance(next(range_crcs([(near, 85, 125)])), CorruptionError)


def test_a_range_past_the_end(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(bytes(10))
    with pytest.raises(CorruptionError, match="ends at byte 10"):
        range_crc(FileSource(path), 3, 11)


def test_crc32c_takes_views_as_they_are():
    assert crc32c(memoryview(bytearray(b"..123456789"))[2:]) == 0xE3069283


def test_mask_of_nothing_is_the_delta():
    assert mask(0) == 0xA282EAD8


@given(st.integers(0, 2**32 - 1))
def test_unmask_inverts_mask(crc):
    assert unmask(mask(crc)) == crc
    assert 0 <= mask(crc) < 2**32


def test_loading_it_does_not_load_what_the_package_loads():
    code = "import sys, graphsurgeon.formats.checksum; print('importlib.metadata' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


@pytest.mark.parametrize("spec", [None, importlib.util.find_spec("json")], ids=["absent", "elsewhere"])
def test_a_package_laid_out_otherwise_is_imported_as_usual(monkeypatch, spec):
    monkeypatch.delitem(sys.modules, "crc32c", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    assert checksum._extension().crc32c(b"123456789") == 0xE3069283


def test_a_package_already_imported_is_used():
    import crc32c as package

    assert checksum._extension() is package
