"""The fixture `snapshot`: what is seen must be what is stored, until somebody stores it anew."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli import conftest


class _Asked:
    def __init__(self, is_writing):
        self.config = self
        self.getoption = lambda _: is_writing


def test_what_is_seen_is_compared_and_stored(tmp_path, monkeypatch):
    monkeypatch.setattr(conftest, "SNAPSHOTS", tmp_path)
    fixture: Any = conftest.snapshot
    check, write = (fixture.__wrapped__(_Asked(is_writing)) for is_writing in (False, True))
    with pytest.raises(AssertionError, match="make snapshots"):
        check("table/wide", "a\n")
    write("table/wide", "a\n")
    check("table/wide", "a\n")
    with pytest.raises(AssertionError, match="make snapshots"):
        check("table/wide", "b\n")
