"""`report`: a page, never in place of another file unless that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_it_writes_one_file(verb, checkpoint, tmp_path: Path):
    page = tmp_path / "page.html"
    done = verb("report", checkpoint, "-o", page)
    assert (done.code, done.out) == (0, f"wrote {page} (4 nodes, 0 functions, 3 weights)\n")
    assert verb("report", checkpoint, "-o", page).code == 6
    assert verb("report", checkpoint, "-o", page, "--force").code == 0


def test_json(verb, checkpoint, tmp_path: Path):
    answer = verb("report", checkpoint, "-o", tmp_path / "page.html", "--no-values", "--json").answer
    assert (answer["verb"], answer["nodes"], answer["weights"], answer["plan"]) == ("report", 4, 3, None)
    assert answer["notes"] == ["values of weights were not read: there are no histograms"]


def test_a_dry_run_writes_nothing(verb, checkpoint, tmp_path: Path):
    done = verb("report", checkpoint, "-o", tmp_path / "page.html", "--dry-run")
    assert "wrote" not in done.out
    assert done.out.splitlines()[-1].startswith(f"would write {tmp_path / 'page.html'}")
    assert not (tmp_path / "page.html").exists()


def test_against_says_what_differs(verb, checkpoint, tmp_path: Path):
    done = verb("report", checkpoint, "-o", tmp_path / "page.html", "--against", checkpoint)
    assert done.out.splitlines()[0] == "graph: 4 equal"


def test_a_plan_that_there_is_not(verb, checkpoint, tmp_path: Path):
    assert verb("report", checkpoint, "-o", tmp_path / "page.html", "--plan", "freeze").code == 2


def test_nothing_to_write_is_a_usage_error(verb, checkpoint):
    done = verb("report", checkpoint)
    assert done.code == 2
    assert "--svg" in done.err


def test_a_browser_that_is_missing_is_named(verb, checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRAPHSURGEON_CHROMIUM", "none-such")
    done = verb("report", checkpoint, "--svg", tmp_path / "x.svg")
    assert done.code == 5
    assert "GRAPHSURGEON_CHROMIUM" in done.err
    assert not (tmp_path / "x.svg").exists()
