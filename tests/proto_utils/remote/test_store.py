"""Stores of fsspec: what is there, ranges of it, and that a change is seen."""

from __future__ import annotations

import time
from typing import Any

import pytest

from proto_utils.errors import ChangedError, UnsupportedError
from proto_utils.remote.store import Facts, FileSystemStore, file_system, pieces_of, require_same

fsspec = pytest.importorskip("fsspec", reason="sources at URLs need the extra `remote`")
STORE = FileSystemStore()


@pytest.fixture
def memory():
    found = fsspec.filesystem("memory")
    yield found
    found.rm("/", recursive=True) if found.store else None


def test_what_is_there(memory: Any):
    memory.pipe("/d/x", b"abcdef")
    facts = STORE.look("memory://d/x", 10)
    assert facts is not None
    assert (facts.is_directory, facts.nbytes) == (False, 6)
    assert STORE.look("memory://d/y", 10) is None
    assert STORE.look("memory://d/x/y", 10) is None
    folder = STORE.look("memory://d", 10)
    assert folder is not None
    assert folder.is_directory
    memory.pipe("/d/e/x", b"")
    assert STORE.entries("memory://d") == [("e", True), ("x", False)]


def test_ranges_are_of_one_version(memory: Any):
    memory.pipe("/x", b"abcdef")
    facts = STORE.look("memory://x", 0)
    assert facts is not None
    assert STORE.fetch("memory://x", facts, [(0, 2), (3, 6)]) == [b"ab", b"def"]
    assert b"".join(STORE.stream("memory://x", facts, 1, 5)) == b"bcde"
    memory.pipe("/x", b"ghijkl")
    with pytest.raises(ChangedError):
        STORE.fetch("memory://x", facts, [(0, 2)])
    memory.rm("/x")
    with pytest.raises(ChangedError):
        STORE.fetch("memory://x", facts, [(0, 2)])


def test_a_short_answer_is_asked_for_again(memory: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    memory.pipe("/x", b"abcdef")
    facts = STORE.look("memory://x", 0)
    assert facts is not None
    answers = [[b"a"], [b"ab"]]
    monkeypatch.setattr(FileSystemStore, "_ranges", lambda *_: answers.pop(0))
    assert STORE.fetch("memory://x", facts, [(0, 2)]) == [b"ab"]


@pytest.mark.parametrize(("path", "word"), [("nosuchscheme://x", "no such place"), ("abfs://b/x", "not installed")])
def test_places_that_nothing_reads(path: str, word: str):
    with pytest.raises(UnsupportedError, match=word) as caught:
        file_system(path)
    assert caught.value.hint


def test_versions():
    before = Facts(is_directory=False, nbytes=3, version=("a",))
    require_same("x", before, before._replace(head=b"abc"))
    for now in (None, before._replace(nbytes=4), before._replace(version=("b",)), before._replace(is_directory=True)):
        with pytest.raises(ChangedError):
            require_same("x", before, now)


def test_pieces():
    assert pieces_of(1, 8, 3) == [(1, 4), (4, 7), (7, 8)]
