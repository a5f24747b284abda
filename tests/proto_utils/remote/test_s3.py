"""Objects of S3: parallel ranges of one version."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from proto_utils.errors import ChangedError
from proto_utils.remote.s3 import S3Store
from proto_utils.remote.source import RemoteSource
from tests.object_stores import BUCKET, s3_server

DATA = bytes(range(256)) * 50_000
STORE = S3Store()


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with s3_server() as fs:
        yield fs


@pytest.fixture
def path(s3: Any) -> str:
    s3.pipe(f"{BUCKET}/x", DATA)
    return f"s3://{BUCKET}/x"


def test_ranges(path: str):
    facts = STORE.look(path, 0)
    assert facts is not None
    assert facts.nbytes == len(DATA)
    assert STORE.fetch(path, facts, [(0, 5), (1000, 2000)]) == [DATA[:5], DATA[1000:2000]]
    assert b"".join(STORE.stream(path, facts, 0, len(DATA))) == DATA


def test_reads(path: str):
    source = RemoteSource(path)
    assert source.read(5, 10) == DATA[5:10]
    assert b"".join(map(bytes, source.chunks(3, len(DATA)))) == DATA[3:]


def test_a_change_is_said_at_once(s3: Any, path: str, monkeypatch: pytest.MonkeyPatch):
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    source = RemoteSource(path)
    s3.pipe(f"{BUCKET}/x", DATA[::-1])
    with pytest.raises(ChangedError):
        source.read(5, 10)
    s3.rm(f"{BUCKET}/x")
    with pytest.raises(ChangedError):
        RemoteSource.read(source, 5, 10)
    assert pauses == []


def test_directories_and_what_is_not_there(s3: Any, path: str):
    s3.pipe(f"{BUCKET}/d/y", b"abc")
    assert STORE.look(f"s3://{BUCKET}/none", 0) is None
    folder = STORE.look(f"s3://{BUCKET}/d", 0)
    assert folder is not None
    assert folder.is_directory
    assert ("y", False) in STORE.entries(f"s3://{BUCKET}/d")
