"""`tensorboard`: an event file, never in place of another unless that is asked for."""

from __future__ import annotations

from pathlib import Path


def test_it_writes_one_file(verb, checkpoint, tmp_path: Path):
    done = verb("tensorboard", checkpoint, "-o", tmp_path / "log")
    (path,) = (tmp_path / "log").iterdir()
    assert (done.code, done.out) == (0, f"wrote {path} (a graph of 4 nodes, 2 histograms of 1 step)\n")
    assert verb("tensorboard", checkpoint, "-o", tmp_path / "log").code == 6
    assert verb("tensorboard", checkpoint, "-o", tmp_path / "log", "--force").code == 0


def test_json(verb, checkpoint, tmp_path: Path):
    answer = verb("tensorboard", checkpoint, "-o", tmp_path / "log", "--exclude", "w", "--json").answer
    assert (answer["verb"], answer["nodes"], answer["skipped"]) == ("tensorboard", 4, [])
    assert answer["steps"] == [{"step": 0, "path": str(checkpoint), "tensors": 1}]


def test_a_dry_run_writes_nothing(verb, checkpoint, tmp_path: Path):
    done = verb("tensorboard", checkpoint, "-o", tmp_path / "log", "--dry-run")
    assert done.out.startswith(f"would write {tmp_path / 'log'}")
    assert not (tmp_path / "log").exists()


def test_nothing_to_log(verb, checkpoint, tmp_path: Path):
    done = verb("tensorboard", checkpoint, "-o", tmp_path / "log", "--no-histograms", "--no-graph")
    assert done.code == 4
    assert "nothing to be logged" in done.err
