"""What is remembered of what stores say."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from proto_utils.remote import urls
from proto_utils.remote.http import HttpStore
from proto_utils.remote.s3 import S3Store
from proto_utils.remote.store import Facts, FileSystemStore
from proto_utils.remote.urls import facts_to_open, forget, look_at_url, store_of_url


class Store(FileSystemStore):
    """Counts the questions."""

    memory_seconds = 10.0
    head = b"abc"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def look(self, path: str, head_nbytes: int) -> Facts | None:
        self.asked.append(path)
        return None if path.endswith("none") else Facts(is_directory=False, nbytes=len(self.asked), head=self.head)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    store = Store()
    monkeypatch.setattr(urls, "store_of_url", lambda _path: store)
    urls._remembered.clear()
    yield store
    urls._remembered.clear()


def test_schemes():
    found = [type(store_of_url(path)) for path in ("https://h/x", "http://h/x", "s3://b/x", "gs://b/x")]
    assert found == [HttpStore, HttpStore, S3Store, FileSystemStore]


def test_one_question_for_looking_and_opening(store: Store):
    assert look_at_url("s3://b/x") == look_at_url("s3://b/x") == facts_to_open("s3://b/x")[0]
    assert store.asked == ["s3://b/x"]
    facts_to_open("s3://b/x")
    assert len(store.asked) == 2


def test_without_bytes_who_opens_asks_anew(store: Store):
    store.head = b""
    look_at_url("s3://b/x")
    facts_to_open("s3://b/x")
    assert len(store.asked) == 2


def test_what_is_old_is_asked_for_again(store: Store, monkeypatch: pytest.MonkeyPatch):
    assert look_at_url("s3://b/none") is None
    look_at_url("s3://b/none")
    assert len(store.asked) == 1
    later = time.monotonic() + urls.MEMORY_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    look_at_url("s3://b/none")
    assert len(store.asked) == 2


def test_what_comes_at_once_is_not_remembered_for_long(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Store, "memory_seconds", 0.0)
    look_at_url("s3://b/x")
    assert urls._remembered["s3://b/x"][0] < time.monotonic() + 0.5


def test_what_is_written_is_forgotten(store: Store):
    for path in ("s3://b/d/none", "s3://b/d/none.index", "s3://b/d", "s3://b/d/", "s3://b/dd"):
        look_at_url(path)
    forget("s3://b/d/none")
    assert list(urls._remembered) == ["s3://b/dd"]


def test_memory_is_bounded(store: Store):
    for number in range(1000):
        look_at_url(f"s3://b/{number}")
    assert len(urls._remembered) <= urls._MAX_REMEMBERED
