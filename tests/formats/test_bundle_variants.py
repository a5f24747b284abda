"""Variants in checkpoints: carried as they are, and their checksums known."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.compare.tensors import diff_tensors
from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.faults import find_fault
from graphsurgeon.tensors.values import OpaqueTensor
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.varint import encode_varint
from tests.formats.bundle_files import entry, save, write_files

ELEMENTS = [b"state of an iterator", b"", b"x" * 300]


def encoded(*elements: bytes) -> tuple[bytes, int]:
    """Elements as TensorFlow writes them, and the checksum of the entry."""
    out, crc = b"", 0
    for element in elements:
        crc = crc32c(len(element).to_bytes(8, "little") + element, crc)
        checksum = mask(crc).to_bytes(4, "little")
        crc = crc32c(checksum, crc)
        out += encode_varint(len(element)) + element + checksum
    return out, mask(crc)


def bundle(tmp_path: Path, data: bytes, checksum: int, count: int = 3) -> Bundle:
    described = entry(dtypes.VARIANT, [count], nbytes=len(data), crc32c=checksum)
    return Bundle(write_files(tmp_path / "x", {b"it_STATE": described}, data))


@pytest.mark.parametrize("elements", [ELEMENTS, [], [b""]])
def test_they_are_read_as_they_are(tmp_path: Path, elements: list[bytes]):
    data, checksum = encoded(*elements)
    tensor = bundle(tmp_path, data, checksum, len(elements))["it_STATE"]
    assert b"".join(map(bytes, tensor.encoded())) == data
    assert find_fault(tensor) is None
    for read in (tensor.numpy, tensor.chunks):
        with pytest.raises(
            UnsupportedError, match=r"data-.* 'it_STATE' is a variant, whose values only TensorFlow can read"
        ):
            read()


def test_every_flipped_bit_is_found(tmp_path: Path):
    data, checksum = encoded(*ELEMENTS[:2], b"abc")
    for position in range(len(data)):
        for bit in (0, 7):
            damaged = bytearray(data)
            damaged[position] ^= 1 << bit
            (tmp_path / f"{position}-{bit}").mkdir()
            tensor = bundle(tmp_path / f"{position}-{bit}", bytes(damaged), checksum)["it_STATE"]
            assert isinstance(find_fault(tensor), CorruptionError), (position, bit)


@pytest.mark.parametrize(
    ("count", "end", "reason"),
    [(2, None, "its elements take 30 bytes"), (4, None, "goes past its end|length of an element")]
    + [(3, -1, "goes past its end"), (3, -310, "goes past its end")],
)
def test_lengths_that_do_not_add_up(tmp_path: Path, count: int, end: int | None, reason: str):
    data, checksum = encoded(*ELEMENTS)
    tensor = bundle(tmp_path, data[:end], checksum, count)["it_STATE"]
    with pytest.raises(CorruptionError, match=reason):
        list(tensor.encoded())


def test_the_checksum_of_the_entry_counts_too(tmp_path: Path):
    data, checksum = encoded(*ELEMENTS)
    with pytest.raises(CorruptionError, match="checksum is"):
        list(bundle(tmp_path, data, checksum ^ 1)["it_STATE"].encoded())


def test_a_copy_is_the_same(tmp_path: Path):
    data, checksum = encoded(*ELEMENTS)
    stored = bundle(tmp_path, data, checksum)
    (tmp_path / "new").mkdir()
    copied = Bundle(save(tmp_path / "new" / "x", dict(stored)))
    assert copied.entries["it_STATE"].checksum == checksum
    assert find_fault(copied["it_STATE"]) is None
    assert diff_tensors(stored, copied).num_equal == 1


def test_damaged_ones_are_not_copied(tmp_path: Path):
    data, checksum = encoded(*ELEMENTS)
    damaged = bundle(tmp_path, data.replace(b"state", b"stale"), checksum)
    with pytest.raises(CorruptionError, match="the checksum of an element"):
        save(tmp_path / "new", dict(damaged))


def test_other_states_differ(tmp_path: Path):
    (tmp_path / "b").mkdir()
    a, b = bundle(tmp_path, *encoded(*ELEMENTS)), bundle(tmp_path / "b", *encoded(b"", *ELEMENTS[:2]))
    assert [(row.name, row.values) for row in diff_tensors(a, b).changed] == [("it_STATE", None)]
    nowhere = {"it_STATE": OpaqueTensor(dtypes.VARIANT, [3])}
    assert diff_tensors(a, nowhere).not_compared == ["it_STATE"]


def test_resources_are_in_no_checkpoint(tmp_path: Path):
    described = entry(dtypes.RESOURCE, [], nbytes=5)
    tensor = Bundle(write_files(tmp_path / "x", {b"r": described}, bytes(5)))["r"]
    assert isinstance(find_fault(tensor), UnsupportedError)
    with pytest.raises(UnsupportedError, match="a tensor of dtype variant is in no checkpoint"):
        OpaqueTensor(dtypes.VARIANT, []).encoded()
