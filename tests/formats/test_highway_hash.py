"""HighwayHash-64 gives the numbers of its authors."""

from __future__ import annotations

import struct

import pytest

from graphsurgeon.formats.highway_hash import highway_hash

KEY = struct.unpack("<4Q", bytes(range(32)))


@pytest.mark.parametrize(
    ("nbytes", "wanted"),
    [
        (0, 0x907A56DE22C26E53),
        (1, 0x7EAB43AAC7CDDD78),
        (3, 0x5C6BEFAB8A463D80),
        (4, 0xF205A46893007EDA),
        (31, 0x9FC7007CCF035A68),
        (33, 0x2C90F73CA03181FC),
        (63, 0xAB8EEBE9BF2139A0),
    ],
)
def test_vectors_of_the_authors(nbytes, wanted):
    assert highway_hash(bytes(range(nbytes)), KEY) == wanted
