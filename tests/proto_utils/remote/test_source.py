"""Files of stores as sources."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from proto_utils.errors import ChangedError, CorruptionError, NotFoundError, UnsupportedError
from proto_utils.remote import retries
from proto_utils.remote.http import HttpStore
from proto_utils.remote.source import RemoteSource
from tests.counting import peak_nbytes
from tests.web_server import WebServer, serving

pytest.importorskip("aiohttp", reason="sources at URLs need the extra `remote`")
DATA = bytes(range(256)) * 80_000


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)
    (tmp_path / "x").write_bytes(DATA)
    (tmp_path / "d").mkdir()
    with serving(tmp_path) as found:
        yield found


@pytest.mark.parametrize("has_ranges", [True, False])
def test_reads(web: WebServer, has_ranges: bool):
    web.has_ranges = has_ranges
    source = RemoteSource(f"{web.url}/x")
    assert source.size == len(DATA)
    for start, end in ((0, 10), (500_000, 700_000), (len(DATA) - 8, len(DATA)), (3, 3), (1, 12_000_000)):
        assert source.read(start, end) == DATA[start:end]
        assert b"".join(map(bytes, source.chunks(start, end))) == DATA[start:end]
    with pytest.raises(CorruptionError):
        source.read(0, len(DATA) + 1)
    assert source.is_current()


def test_only_what_is_asked_for(web: WebServer):
    source = RemoteSource(f"{web.url}/x")
    assert source.read(10_000_000, 10_000_100) == DATA[10_000_000:10_000_100]
    assert web.sent < 200_000
    assert b"".join(map(bytes, source.chunks(1_000_000, 19_000_000))) == DATA[1_000_000:19_000_000]
    assert len(web.requests) == 3


def test_a_long_range_needs_little_memory(web: WebServer):
    source = RemoteSource(f"{web.url}/x")
    list(source.chunks(0, 100))

    def read() -> None:
        for _ in source.chunks(0, len(DATA)):
            pass

    assert peak_nbytes(read) < 12 << 20


def test_a_range_that_nobody_reads_to_its_end(web: WebServer):
    source = RemoteSource(f"{web.url}/x")
    chunks = source.chunks(0, len(DATA))
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert source.read(0, 5) == DATA[:5]


def test_it_changes(web: WebServer, tmp_path: Path):
    source = RemoteSource(f"{web.url}/x")
    copy = pickle.dumps(source)
    assert pickle.loads(copy).read(5, 10) == DATA[5:10]
    (tmp_path / "x").write_bytes(DATA[1:])
    assert not source.is_current()
    with pytest.raises(ChangedError):
        source.read(10_000_000, 10_000_100)
    with pytest.raises(ChangedError):
        source.require_unchanged()
    with pytest.raises(ChangedError):
        pickle.loads(copy)
    (tmp_path / "x").unlink()
    with pytest.raises(NotFoundError):
        pickle.loads(copy)


def test_what_is_no_file(web: WebServer):
    with pytest.raises(FileNotFoundError):
        RemoteSource(f"{web.url}/none")
    with pytest.raises(IsADirectoryError):
        RemoteSource(f"{web.url}/d")


def test_what_is_put_back_is_not_sent_twice(web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "small").write_bytes(DATA[:200_000])
    monkeypatch.setattr(HttpStore, "memory_seconds", 2.0)
    for _ in range(3):
        source = RemoteSource(f"{web.url}/small")
        assert source.read(150_000, 150_100) == DATA[150_000:150_100]
        source.put_back()
    assert len(web.requests) == 2
    source = RemoteSource(f"{web.url}/small")
    source.close()
    RemoteSource(f"{web.url}/small")
    assert len(web.requests) == 3


def test_closed(web: WebServer):
    source = RemoteSource(f"{web.url}/x")
    source.close()
    with pytest.raises(UnsupportedError, match="closed"):
        source.read(0, 5)
    with pytest.raises(UnsupportedError, match="closed"):
        list(source.chunks(0, len(DATA)))


def test_a_server_without_ranges_that_fails(web: WebServer):
    web.has_ranges = False
    web.faults = ["", "cut", "500"]
    assert RemoteSource(f"{web.url}/x").read(5, 10) == DATA[5:10]
