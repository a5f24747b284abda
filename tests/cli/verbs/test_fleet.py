"""`fleet`: what it prints, and its exit code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from graphsurgeon.beam.engine import Engine
from graphsurgeon.tools.fleet.models import FleetModel
from graphsurgeon.tools.fleet.records import FleetRecords


@pytest.fixture
def fleet(verb, tmp_path: Path, fixtures: Path, monkeypatch):
    """Run the verb on two models, with a loop in the place of Beam."""
    for name in "ab":
        (tmp_path / name).mkdir()
        shutil.copy(fixtures / "cond.pb", tmp_path / name / "m.pb")
    (tmp_path / "r.yaml").write_text("- sort\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Engine, "check", Engine.settings)
    monkeypatch.setattr(Engine, "run", lambda _, function, elements: [*map(function, elements)])
    return lambda *words: verb("fleet", "?/m.pb", "--recipe", "r.yaml", "-o", "out/{parent}.pb", *words)


def test_it_counts_models(fleet):
    done = fleet()
    assert (done.code, done.out) == (0, "2 models: 2 done\nwrote out/manifest.jsonl\n")
    assert fleet().out.startswith("2 models: 0 done, 2 unchanged\n")


def test_a_failure_is_a_finding(fleet, tmp_path):
    (tmp_path / "b" / "m.pb").write_text("no model")
    done = fleet()
    assert done.code == 1
    assert done.out.startswith("failed b/m.pb: ")
    assert "2 models: 1 done, 1 failed\n" in done.out


def test_more_failures_than_are_shown(fleet, tmp_path):
    for number in range(23):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "m.pb").write_text("no model")
    done = fleet("??/m.pb")
    assert done.out.count("failed ") == 20
    assert "failed: 3 models more\n" in done.out


def test_json(fleet, tmp_path):
    (tmp_path / "b" / "m.pb").write_text("no model")
    answer = fleet("--json").answer
    assert (answer["num_models"], answer["num_done"], answer["num_skipped"]) == (2, 1, 0)
    assert [each["error"] for each in answer["failed"]] == ["UnsupportedError"]
    assert (answer["manifest"], answer["sources"]) == ("out/manifest.jsonl", ["?/m.pb"])


def test_a_dry_run_lists_outputs(fleet, tmp_path):
    done = fleet("--dry-run")
    assert (done.code, done.out) == (0, "would write out/a.pb\nwould write out/b.pb\n")
    assert not (tmp_path / "out").exists()


def test_wrong_usage(fleet):
    assert fleet("--workers", "0").code == 2
    assert fleet("--beam-option", "x").code == 2
    assert fleet("none/*.pb").code == 5


def test_existing_outputs(fleet, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.pb").write_text("mine")
    done = fleet()
    assert done.code == 1
    assert "a.pb: exists already" in done.out
    assert fleet("--force").code == 0


def test_beam_is_named_when_it_is_missing(fleet, monkeypatch):
    def missing(_):
        raise ModuleNotFoundError("no", name="apache_beam")

    monkeypatch.setattr(Engine, "check", missing)
    done = fleet()
    assert done.code == 4
    assert "python -m pip install apache-beam" in done.err


def test_a_stopped_run_is_gone_on_with(fleet, tmp_path):
    (tmp_path / "out").mkdir()
    records = FleetRecords.of(str(tmp_path / "out" / "manifest.jsonl"))
    records.make()
    records.begin(FleetModel("a/m.pb", "out/a.pb"))
    assert fleet().code == 0
    assert not Path(records.directory).exists()
