"""Checksums against published vectors."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats import checksum
from graphsurgeon.formats.checksum import crc32c, mask, unmask


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
