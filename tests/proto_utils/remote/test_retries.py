"""Retries: what is tried again, how often, and what is said in the end."""

from __future__ import annotations

import errno
import itertools
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest

from proto_utils.remote import retries
from proto_utils.remote.retries import MAX_ATTEMPTS, StoreError, as_fault, naming, retried


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def failing(error: Exception, times: int):
    calls: list[None] = []

    def operation() -> int:
        calls.append(None)
        if len(calls) <= times:
            raise error
        return len(calls)

    return operation


def test_a_fault_passes(pauses: list[float]):
    assert retried(failing(ConnectionResetError(errno.ECONNRESET, "reset"), 3), "s3://b/x") == 4
    assert len(pauses) == 3
    assert all(before < after * 2.01 for before, after in itertools.pairwise(pauses))


def test_it_ends(pauses: list[float]):
    with pytest.raises(StoreError) as caught:
        retried(failing(EOFError("nothing"), 99), "s3://b/x")
    assert (caught.value.filename, caught.value.errno, caught.value.strerror) == ("s3://b/x", errno.EIO, "nothing")
    assert len(pauses) == MAX_ATTEMPTS - 1
    assert max(pauses) <= retries.MAX_PAUSE


@pytest.mark.parametrize("error", [FileNotFoundError(2, "no"), PermissionError(13, "no")])
def test_what_is_final_is_not_tried_again(error: Exception, pauses: list[float]):
    with pytest.raises(type(error)):
        retried(failing(error, 1), "s3://b/x")
    assert pauses == []


def test_an_error_of_the_system_gets_the_path():
    error = OSError(errno.ENOSPC, "full")
    assert as_fault(error, "s3://b/x") is error
    assert error.filename == "s3://b/x"


@pytest.mark.parametrize(("module", "name"), [("gcsfs.retry", "HttpError"), ("httpx", "HTTPError")])
def test_an_error_that_only_its_library_knows_is_a_fault_too(monkeypatch: pytest.MonkeyPatch, module: str, name: str):
    error = type(name, (Exception,), {})
    monkeypatch.setitem(sys.modules, module, SimpleNamespace(**{name: error, "ChecksumError": error}))
    assert retried(failing(error("busy"), 1), "gs://b/x") == 2
    with pytest.raises(StoreError, match="busy"):
        retried(failing(error("busy"), 99), "gs://b/x")


def test_what_a_library_raises_of_a_refused_request_is_final_and_no_defect_of_ours(pauses: list[float]):
    code = "def refuse():\n    raise ValueError('Bad Request: no such class')\n"
    library: dict[str, Any] = {"__name__": "gcsfs.retry"}
    exec(code, library)
    with pytest.raises(StoreError, match=r"Bad Request: no such class: 'gs://b/x'") as caught:
        retried(library["refuse"], "gs://b/x")
    assert caught.value.filename == "gs://b/x"
    with pytest.raises(StoreError, match="no such class"), naming("gs://b/x"):
        library["refuse"]()
    assert pauses == []


def test_a_defect_of_ours_stays_one():
    code = "def fail():\n    int('x')\n"
    ours: dict[str, Any] = {"__name__": "proto_utils.remote.store"}
    exec(code, ours)
    with pytest.raises(ValueError, match="invalid literal"):
        retried(ours["fail"], "gs://b/x")
    with pytest.raises(ValueError, match="invalid literal"), naming("gs://b/x"):
        ours["fail"]()
