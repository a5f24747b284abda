"""Runs of bytes at equal distances."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proto_utils import files, meter
from proto_utils.errors import ChangedError, CorruptionError, UnsupportedError
from proto_utils.files import FileSource
from proto_utils.strided import fill_strided
from tests.metering import Counted


@pytest.mark.parametrize("is_plain", [True, False])
def test_runs_at_equal_distances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_plain: bool):
    if not is_plain:
        monkeypatch.setattr(files, "_preadv", None)
    (tmp_path / "x").write_bytes(bytes(range(100)))
    source = FileSource(tmp_path / "x")
    buffer = bytearray(9)
    fill_strided(source, memoryview(buffer), 10, 3, 40)
    assert list(buffer) == [10, 11, 12, 50, 51, 52, 90, 91, 92]
    fill_strided(source, memoryview(buffer), 17, 3, 40)
    with pytest.raises(CorruptionError, match="ends at byte 100, 101 is wanted"):
        fill_strided(source, memoryview(buffer), 18, 3, 40)
    os.truncate(tmp_path / "x", 98)
    with pytest.raises(ChangedError):
        fill_strided(source, memoryview(buffer), 17, 3, 40)
    source.close()
    with pytest.raises(UnsupportedError, match="was closed"):
        fill_strided(source, memoryview(buffer), 17, 3, 40)


def test_they_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "x").write_bytes(bytes(100))
    monkeypatch.setattr(meter, "observer", counted := Counted())
    fill_strided(FileSource(tmp_path / "x"), memoryview(bytearray(6)), 0, 2, 30)
    assert counted.num_read == 6
