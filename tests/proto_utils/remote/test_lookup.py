"""Which source reads a place."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import pytest

from proto_utils.errors import UnsupportedError
from proto_utils.remote.archives import ArchiveStore, MemberSource
from proto_utils.remote.http import HttpStore
from proto_utils.remote.lookup import look, open_elsewhere, store_of


def test_members_and_urls(tmp_path: Path):
    (tmp_path / "x").write_bytes(b"abc")
    with tarfile.open(tmp_path / "m.tar", "w") as archive:
        archive.add(tmp_path / "x", "x")
    path = f"{tmp_path}/m.tar!x"
    assert isinstance(open_elsewhere(path), MemberSource)
    assert isinstance(store_of(path), ArchiveStore)
    facts = look(path)
    assert facts is not None
    assert facts.nbytes == 3
    assert isinstance(store_of("https://h/x"), HttpStore)


@pytest.mark.parametrize("path", ["https://h/x.pb", "s3://b/x.pb", "memory://x.pb", "https://h/x.tar!x.pb"])
def test_what_reads_them_is_not_installed(path: str, monkeypatch: pytest.MonkeyPatch):
    for name in ("fsspec", "fsspec.core", "fsspec.asyn"):
        monkeypatch.setitem(sys.modules, name, None)
    for use in (look, open_elsewhere):
        with pytest.raises(UnsupportedError, match="pip install fsspec aiohttp"):
            use(path)


def test_memory():
    fsspec = pytest.importorskip("fsspec", reason="sources at URLs need the extra `remote`")
    fsspec.filesystem("memory").pipe("/lookup", b"abc")
    assert open_elsewhere("memory://lookup").read(0, 3) == b"abc"
