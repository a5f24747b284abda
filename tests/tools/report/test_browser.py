"""A browser starts, answers, and leaves nothing behind; what goes wrong is said."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.tools.report.browser import VARIABLE, Browser, find_browser

needs_pipes = pytest.mark.skipif(sys.platform == "win32", reason="the browser is driven over pipes")


def program(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def profiles(folder: Path) -> list[Path]:
    return [*folder.glob("graphsurgeon-browser-*")]


def test_values_of_a_page(browser: Browser):
    page = browser.page(width=300, height=200)
    assert page.evaluate("[1 + 1, innerWidth, 'ä']") == [2, 300, "ä"]
    assert page.evaluate("new Promise((resolve) => setTimeout(() => resolve(7), 5))") == 7
    page.show("<p id=x>one</p>")
    assert page.evaluate("document.querySelector('#x').textContent") == "one"
    page.close()


def test_what_a_page_throws_is_an_error(browser: Browser):
    page = browser.page()
    with pytest.raises(PassError, match="no such thing"):
        page.evaluate("(() => { throw new Error('no such thing'); })()")
    with pytest.raises(PassError, match="refuses"):
        page.send("Page.noSuchCommand")
    page.close()


def test_an_address_that_leads_nowhere(browser: Browser, tmp_path: Path):
    page = browser.page()
    with pytest.raises(PassError, match="cannot open"):
        page.open((tmp_path / "missing.html").as_uri())
    page.close()


def test_it_ends_and_removes_its_profile(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Browser() as own:
        assert len(profiles(tmp_path)) == 1
        assert own.page().evaluate("1") == 1
        pid = own.pid
    assert profiles(tmp_path) == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_long_temporary_directory(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The path of a Unix socket in it would be longer than it may be."""
    deep = tmp_path / ("deep" * 25)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    with Browser() as own:
        assert own.page().evaluate("1 + 1") == 2
    assert list(deep.iterdir()) == []


@needs_pipes
def test_a_program_that_ends_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Browser(program(tmp_path / "false", "exit 1")) as ended, pytest.raises(PassError, match="ended"):
        ended.page()
    assert profiles(tmp_path) == []


@needs_pipes
def test_a_program_that_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    silent = Browser(program(tmp_path / "silent", "exec sleep 60"), timeout=0.2)
    with pytest.raises(PassError, match="did not answer"):
        silent.page()
    silent.close(seconds=0.2)
    assert profiles(tmp_path) == []


def test_where_one_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("graphsurgeon.tools.report.browser._MAC", ())
    with pytest.raises(NotFoundError, match=f"on PATH.*{VARIABLE}") as none:
        find_browser(environment={})
    assert none.value.hint is not None
    found = program(tmp_path / "chromium", "")
    assert find_browser(environment={}) == found
    other = program(tmp_path / "other", "")
    assert find_browser(environment={VARIABLE: other}) == other
    assert find_browser(environment={VARIABLE: "other"}) == other
    with pytest.raises(NotFoundError, match=VARIABLE):
        find_browser(environment={VARIABLE: str(tmp_path / "none")})
