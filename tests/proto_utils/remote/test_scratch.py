"""Scratch files."""

from __future__ import annotations

import pytest

from proto_utils import disk
from proto_utils.errors import LimitError
from proto_utils.remote.scratch import ScratchSource


def test_what_was_written_is_read():
    source = ScratchSource("x", lambda: iter([b"ab", b"", b"cde"]))
    assert (source.size, source.read(1, 4), source.path) == (5, b"bcd", "x")
    assert source.is_current()
    source.close()


def test_more_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(disk, "scratch_room", lambda: (1000, 100))
    with pytest.raises(LimitError) as caught:
        ScratchSource("x.tar.gz", lambda: iter([b"a" * 40] * 2))
    assert (caught.value.size, caught.value.limit) == (80, 50)
    written: list[bytes] = []
    with pytest.raises(LimitError):
        ScratchSource("x.tar.gz", lambda: iter(written), 51)
