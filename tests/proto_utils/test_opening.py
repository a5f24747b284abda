"""Opening of any place."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from proto_utils.files import FileSource
from proto_utils.opening import open_source


def test_a_file(tmp_path: Path):
    (tmp_path / "x").write_bytes(b"abc")
    source = open_source(tmp_path / "x")
    assert type(source) is FileSource
    assert source.read(0, 3) == b"abc"


def test_a_member(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("x", b"abc")
    assert open_source(f"{tmp_path}/m.zip!x").read(0, 3) == b"abc"
    with pytest.raises(FileNotFoundError):
        open_source(f"{tmp_path}/m.zip!y")
    with pytest.raises(FileNotFoundError):
        open_source(f"{tmp_path}/n.zip!y")
