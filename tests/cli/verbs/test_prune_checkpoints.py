"""`prune-checkpoints`: options, text, JSON and exit codes."""

from __future__ import annotations

import datetime as dt
import os

import pytest

from graphsurgeon.formats.save import save_checkpoint
from tests.models import floats


@pytest.fixture
def run(tmp_path):
    """Four checkpoints, one each hour of a day in local time."""
    for hour in range(1, 5):
        save_checkpoint({"w": floats(hour)}, tmp_path / f"m-{hour}")
        time = dt.datetime(2026, 1, 31, hour).timestamp()
        os.utime(tmp_path / f"m-{hour}.index", (time, time))
    return tmp_path


def there(directory):
    return sorted(path.stem for path in directory.glob("*.index"))


def test_text(verb, run):
    done = verb("prune-checkpoints", run, "--keep", 2)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["checkpoint", "saved", "size", "fate", "why"]
    assert [line.split()[0] for line in lines[1:]] == [f"{run}/m-{hour}" for hour in range(1, 5)]
    assert "2026-01-31 01:00:00" in lines[1]
    assert lines[1].endswith("removed")
    assert lines[4].split()[-6:] == ["kept", "one", "of", "the", "last", "2"]
    assert done.err.startswith("removed 2 checkpoints, ")
    assert there(run) == ["m-3", "m-4"]


def test_dry_run(verb, run):
    done = verb("prune-checkpoints", run, "--keep=1", "--dry-run")
    assert done.out.count("to remove") == 3
    listed = [line.removeprefix("would delete ") for line in done.out.splitlines() if line.startswith("would delete ")]
    assert {os.path.basename(path).partition(".")[0] for path in listed} == {"m-1", "m-2", "m-3"}
    assert all(os.path.isfile(path) for path in listed)
    assert done.err.startswith("would remove 3 checkpoints, ")
    assert len(there(run)) == 4
    answer = verb("prune-checkpoints", run, "--keep=1", "--dry-run", "--json").answer
    assert (answer["dry_run"], answer["outputs"], len(answer["removed"])) == (True, [], 3)


def test_json(verb, run):
    answer = verb("prune-checkpoints", run, "--keep", 1, "--keep-every-hours", 2, "--json").answer
    assert list(answer) == [
        "schema", "verb", "source", "dry_run", "latest", "kept", "removed", "missing", "freed_nbytes", "outputs",
    ]  # fmt: skip
    assert answer["latest"] == f"{run}/m-4"
    assert [(each["checkpoint"], each["reason"]) for each in answer["kept"]] == [
        (f"{run}/m-1", "one every 2 hours"),
        (f"{run}/m-4", "one of the last 1"),
    ]
    assert [os.path.basename(path) for path in answer["removed"][0]["files"]] == [
        "m-2.index",
        "m-2.data-00000-of-00001",
    ]
    assert answer["removed"][0]["listed"] is True
    assert answer["outputs"] == [f"{run}/checkpoint"]


def test_since(verb, run):
    verb("prune-checkpoints", run, "--keep=1", "--keep-every-hours=1", "--since", "2026-01-31T00:30:00")
    assert there(run) == ["m-2", "m-3", "m-4"]


def test_unlisted(verb, run):
    os.unlink(run / "checkpoint")
    done = verb("prune-checkpoints", run)
    assert done.code == 5
    assert "--unlisted" in done.err
    assert verb("prune-checkpoints", run, "--unlisted", "--keep", 3).code == 0
    assert there(run) == ["m-2", "m-3", "m-4"]


def test_missing_ones_are_said(verb, run):
    os.unlink(run / "m-2.index")
    done = verb("prune-checkpoints", run, "--keep", 1)
    assert f"{run}/m-2 is in the state file, but not there\n" in done.err


def test_quiet(verb, run):
    done = verb("prune-checkpoints", run, "--quiet", "--keep=1")
    assert done.err == ""


@pytest.mark.parametrize("option", ["--keep=0", "--keep=x", "--keep-every-hours=0", "--since=never"])
def test_usage(verb, run, option):
    assert verb("prune-checkpoints", run, option).code == 2
    assert len(there(run)) == 4


def test_no_directory(verb, tmp_path):
    assert verb("prune-checkpoints", tmp_path / "nowhere").code == 5
    assert verb("prune-checkpoints", tmp_path / "nowhere", "--unlisted").code == 5
