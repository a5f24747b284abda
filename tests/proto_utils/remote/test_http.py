"""Web servers: ranges, versions, faults, and what is said of answers that make no sense."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from proto_utils.errors import ChangedError, UnsupportedError
from proto_utils.remote import http, retries
from proto_utils.remote.http import HttpStore
from proto_utils.remote.retries import MAX_ATTEMPTS, StoreError
from proto_utils.remote.store import Facts
from tests.web_server import WebServer, serving

pytest.importorskip("aiohttp", reason="sources at URLs need the extra `remote`")
DATA = bytes(range(256)) * 20_000
STORE = HttpStore()


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)
    (tmp_path / "x").write_bytes(DATA)
    (tmp_path / "empty").touch()
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.index").write_bytes(b"abc")
    (tmp_path / "d" / "e").mkdir()
    with serving(tmp_path) as found:
        yield found


def facts_of(web: WebServer, name: str = "x", head: int = 100) -> Facts:
    found = STORE.look(f"{web.url}/{name}", head)
    assert found is not None
    return found


def test_one_request_tells_it_all(web: WebServer):
    found = facts_of(web)
    assert (found.is_directory, found.nbytes, found.head, found.has_ranges) == (False, len(DATA), DATA[:100], True)
    assert web.requests == [("/x", "bytes=0-99")]
    assert facts_of(web, "empty").nbytes == 0
    assert STORE.look(f"{web.url}/none", 100) is None


def test_directories_are_what_ends_in_a_slash(web: WebServer):
    assert facts_of(web, "d").is_directory
    assert facts_of(web, "d/").is_directory
    assert STORE.entries(f"{web.url}/d") == [("a.index", False), ("e", True)]
    with pytest.raises(OSError, match="none"):
        STORE.entries(f"{web.url}/none")


def test_ranges(web: WebServer):
    found = facts_of(web)
    assert STORE.fetch(f"{web.url}/x", found, [(5, 10), (1000, 400_000)]) == [DATA[5:10], DATA[1000:400_000]]
    assert sorted(web.requests[1:]) == [("/x", "bytes=1000-399999"), ("/x", "bytes=5-9")]


def test_a_long_range_is_one_request(web: WebServer):
    found = facts_of(web)
    assert b"".join(STORE.stream(f"{web.url}/x", found, 7, len(DATA))) == DATA[7:]
    assert len(web.requests) == 2


@pytest.mark.parametrize("fault", ["500", "cut", "drop"])
def test_faults_pass(web: WebServer, fault: str):
    web.faults = [fault, fault]
    found = facts_of(web)
    web.faults = [fault, fault]
    assert STORE.fetch(f"{web.url}/x", found, [(5, 4_000_000)]) == [DATA[5:4_000_000]]
    web.faults = [fault, fault]
    assert b"".join(STORE.stream(f"{web.url}/x", found, 7, len(DATA))) == DATA[7:]


def test_what_broke_off_is_gone_on_with(web: WebServer):
    found = facts_of(web)
    web.faults, web.sent = ["cut"] * 4, 0
    assert b"".join(STORE.stream(f"{web.url}/x", found, 0, len(DATA))) == DATA
    # From the beginning each time it would be three times as much; how much of a broken answer is lost differs.
    assert web.sent < len(DATA) * 2


def test_faults_that_do_not_pass(web: WebServer):
    found = facts_of(web)
    web.requests.clear()
    web.faults = ["500"] * 50
    with pytest.raises(StoreError, match="500") as caught:
        STORE.fetch(f"{web.url}/x", found, [(5, 10)])
    assert caught.value.filename == f"{web.url}/x"
    assert len(web.requests) == MAX_ATTEMPTS
    with pytest.raises(StoreError, match="500"):
        list(STORE.stream(f"{web.url}/x", found, 0, 10))


def test_slow_answers_are_given_up(web: WebServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http, "TIMEOUT", 0.2)
    found = facts_of(web)
    web.faults, web.pause = ["slow"], 0.6
    assert STORE.fetch(f"{web.url}/x", found, [(5, 10)]) == [DATA[5:10]]
    assert len(web.requests) == 3


def test_a_server_that_is_gone(web: WebServer):
    with pytest.raises(OSError, match="onnect"):
        STORE.look("http://127.0.0.1:9/x", 10)


@pytest.mark.parametrize("heeds", [True, False])
@pytest.mark.parametrize("has_etags", [True, False])
def test_a_file_that_changes(web: WebServer, tmp_path: Path, heeds: bool, has_etags: bool):
    web.heeds_conditions, web.has_etags = heeds, has_etags
    found = facts_of(web)
    (tmp_path / "x").write_bytes(DATA[1:] + (b"" if has_etags else b"more"))
    for read in (
        lambda: STORE.fetch(f"{web.url}/x", found, [(5, 10)]),
        lambda: list(STORE.stream(f"{web.url}/x", found, 5, 10)),
    ):
        with pytest.raises(ChangedError):
            read()
    os.unlink(tmp_path / "x")
    with pytest.raises(ChangedError):
        STORE.fetch(f"{web.url}/x", found, [(5, 10)])


def test_a_file_that_changes_in_the_middle_of_a_long_range(web: WebServer, tmp_path: Path):
    found = facts_of(web)
    web.faults = ["cut"]
    stream = STORE.stream(f"{web.url}/x", found, 0, len(DATA))
    next(stream)
    (tmp_path / "new").write_bytes(DATA[::-1])
    os.replace(tmp_path / "new", tmp_path / "x")
    with pytest.raises(ChangedError):
        list(stream)


@pytest.mark.parametrize("has_lengths", [True, False])
def test_without_ranges(web: WebServer, has_lengths: bool):
    web.has_ranges, web.has_lengths = False, has_lengths
    found = facts_of(web)
    assert (found.has_ranges, found.nbytes) == (False, len(DATA) if has_lengths else -1)
    assert b"".join(STORE.whole(f"{web.url}/x", found)) == DATA
    web.faults = ["cut"]
    if has_lengths:
        with pytest.raises(OSError, match=r"early|ayload|ends"):
            list(STORE.whole(f"{web.url}/x", found))


def test_ranges_that_are_lost_on_the_way(web: WebServer):
    found = facts_of(web)
    web.has_ranges = False
    with pytest.raises(StoreError, match="all of the file"):
        STORE.fetch(f"{web.url}/x", found, [(5, 10)])


def test_who_may_not_look(web: WebServer):
    web.refuses = True
    with pytest.raises(PermissionError):
        STORE.look(f"{web.url}/x", 10)
    with pytest.raises(PermissionError):
        STORE.entries(web.url)
    assert len(web.requests) == 2


def test_settings_of_fsspec(web: WebServer, monkeypatch: pytest.MonkeyPatch):
    import fsspec

    web.token = "Bearer secret"
    with pytest.raises(PermissionError):
        facts_of(web)
    monkeypatch.setitem(fsspec.config.conf, "http", {"headers": {"Authorization": web.token}})
    found = facts_of(web)
    assert STORE.fetch(f"{web.url}/x", found, [(5, 10)]) == [DATA[5:10]]


class _Answer:
    def __init__(self, status: int, **headers: str) -> None:
        self.status, self.reason, self.content_length = status, "so", None
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


FACTS = Facts(is_directory=False, nbytes=100, version=('"a"', None, 100))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (_Answer(206, ETag='"a"'), StoreError),
        (_Answer(206, ETag='"a"', Content_Range="bytes 5-9/*"), StoreError),
        (_Answer(206, ETag='"a"', Content_Range="bytes 5-8/100"), StoreError),
        (_Answer(206, ETag='"a"', Content_Range="bytes 5-9/101"), ChangedError),
        (_Answer(206, ETag='"b"', Content_Range="bytes 5-9/100"), ChangedError),
        (_Answer(206, ETag='"a"', Content_Range="bytes 5-9/100", Content_Encoding="gzip"), UnsupportedError),
        (_Answer(416), ChangedError),
        (_Answer(302), UnsupportedError),
        (_Answer(503), StoreError),
        (_Answer(401), PermissionError),
    ],
)
def test_answers_that_make_no_sense(answer: _Answer, error: type[Exception]):
    with pytest.raises(error):
        http._check_answer(answer, "http://h/x", FACTS, (5, 10))


def test_an_answer_that_does():
    http._check_answer(_Answer(206, ETag='"a"', Content_Range="bytes 5-9/100"), "http://h/x", FACTS, (5, 10))
