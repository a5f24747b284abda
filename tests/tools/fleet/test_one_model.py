"""What a worker does with one model, and with one that another worker had begun."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.tools.fleet import one_model
from graphsurgeon.tools.fleet.models import FleetModel
from graphsurgeon.tools.fleet.one_model import FleetJob, do_model, place_of
from graphsurgeon.tools.fleet.records import FleetRecords
from proto_utils.remote.store import Store
from tests.models import floats


class Worker:
    """A worker at one model; each call of `work` is another worker."""

    def __init__(self, directory: Path, fixtures: Path) -> None:
        self.directory = directory
        shutil.copy(fixtures / "cond.pb", directory / "cond.pb")
        self.records = FleetRecords.of(str(directory / "manifest.jsonl"))
        self.records.make()
        self.model = FleetModel("cond.pb", "out/cond.pb")

    def work(self, earlier: dict[str, Any] | None = None, steps=("sort",), **how: Any) -> dict[str, Any]:
        job = FleetJob(json.dumps(steps), "", str(steps), str(self.directory), self.records.directory, **how)
        do_model(job, (*self.model, earlier))
        row = self.records.row(self.model)
        assert row is not None
        return row

    def again(self, earlier: dict[str, Any] | None, **how: Any) -> dict[str, Any]:
        """In another run."""
        self.records.remove()
        self.records.make()
        return self.work(earlier, **how)

    @property
    def output(self) -> Path:
        return self.directory / self.model.output


@pytest.fixture
def worker(tmp_path: Path, fixtures: Path) -> Worker:
    return Worker(tmp_path, fixtures)


def test_a_row_says_what_was_done(worker, fixtures):
    row = worker.work()
    model = gs.load(fixtures / "cond.pb")
    report = gs.run(model, ["sort"])
    gs.save(model, worker.directory / "alone.pb")
    assert (row["outcome"], row["error"], row["source"]) == ("done", None, "cond.pb")
    assert worker.output.read_bytes() == (worker.directory / "alone.pb").read_bytes()
    assert row["report"] == {**json.loads(json.dumps(report.to_json())), "notes": []}
    assert row["outputs"] == [
        {"path": "out/cond.pb", "nbytes": worker.output.stat().st_size, "mtime_ns": worker.output.stat().st_mtime_ns}
    ]


def test_what_is_unchanged_is_skipped(worker):
    row = worker.work()
    assert worker.again(row)["outcome"] == "skipped"


@pytest.mark.parametrize("change", ["source", "recipe", "lost", "failed"])
def test_what_has_changed_is_done_again(worker, change):
    row = worker.work()
    if change == "source":
        gs.save(gs.load(worker.directory / "cond.pb"), worker.directory / "cond.pb", force=True, to="graph_def_text")
    if change == "lost":
        worker.output.unlink()
    if change == "failed":
        row["outcome"] = "failed"
    steps = ("sort", "remove_default_attributes") if change == "recipe" else ("sort",)
    assert worker.again(row, steps=steps)["outcome"] == "done"


def test_what_somebody_else_wrote_stays(worker):
    worker.output.parent.mkdir()
    worker.output.write_text("mine")
    row = worker.work()
    assert (row["outcome"], row["error"]["type"]) == ("failed", "OutputExistsError")
    assert worker.output.read_text() == "mine"
    assert worker.again(row, force=True)["outcome"] == "done"


def test_what_somebody_changed_stays(worker):
    row = worker.work()
    worker.output.write_text("mine")
    assert worker.again(row)["error"]["type"] == "OutputExistsError"
    assert worker.output.read_text() == "mine"


def test_a_line_with_a_path_that_none_can_be(worker):
    row = worker.work()
    worker.output.unlink()
    row["outputs"][0]["path"] = "a\0b"
    assert worker.again(row)["outcome"] == "done"


def test_a_saved_model_of_an_earlier_run_is_replaced(worker):
    worker.model = FleetModel("cond.pb", "out/cond/")
    row = worker.work(kind="saved_model")
    assert (row["error"], len(row["outputs"])) == (None, 1)
    row["recipe"] = "another"
    assert worker.again(row, kind="saved_model")["outcome"] == "done"
    (worker.output / "saved_model.pb").touch()
    row["recipe"] = "another"
    assert worker.again(row, kind="saved_model")["error"]["type"] == "OutputExistsError"


def test_a_source_is_not_its_own_output(worker):
    worker.model = FleetModel("cond.pb", "./")
    before = (worker.directory / "cond.pb").read_bytes()
    row = worker.work(force=True)
    assert (row["outcome"], row["error"]["type"]) == ("failed", "PassError")
    assert "its own output" in row["error"]["message"]
    assert (worker.directory / "cond.pb").read_bytes() == before
    assert worker.work(force=True, kind="checkpoint")["outcome"] == "failed"
    assert worker.again(None, kind="checkpoint")["outcome"] == "done"


def test_an_output_in_a_store(worker, monkeypatch):
    fsspec = pytest.importorskip("fsspec", reason="outputs in stores need the extra `remote`")
    memory = fsspec.filesystem("memory")
    # As of a store whose answers take their time, and are remembered.
    monkeypatch.setattr(Store, "memory_seconds", 2.0)
    worker.model = FleetModel("cond.pb", "memory://fleet/cond/")
    try:
        row = worker.work()
        assert (row["error"], [each["path"] for each in row["outputs"]]) == (None, ["memory://fleet/cond/cond.pb"])
        assert sorted(os.listdir(worker.directory)) == [".manifest.jsonl.parts", "cond.pb"]
        assert worker.again(row)["outcome"] == "skipped"
        memory.pipe("/fleet/cond/cond.pb", b"mine")
        assert worker.again(row)["error"]["type"] == "OutputExistsError"
        assert memory.cat("/fleet/cond/cond.pb") == b"mine"
        assert worker.again(None)["error"]["type"] == "OutputExistsError"
    finally:
        memory.rm("/fleet", recursive=True)


class Killed(BaseException):
    """The end of a worker."""


@pytest.mark.parametrize("place", ["load", "save", "finish"])
def test_another_worker_goes_on_where_one_ended(worker, monkeypatch, place):
    """Before and after the output stands, which has no row then."""

    def die(*_, **__):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(*((FleetRecords, place) if place == "finish" else (one_model, place)), die)
        with pytest.raises(Killed):
            worker.work()
    assert worker.output.exists() is (place == "finish")
    row = worker.work()
    assert (row["outcome"], row["error"]) == ("done", None)


def test_a_model_that_is_done_is_left_alone(worker, monkeypatch):
    row = worker.work()
    monkeypatch.setattr(one_model, "load", None)
    assert worker.work() == row


@pytest.mark.parametrize(
    ("error", "kind"),
    [(KeyError("a defect"), "KeyError"), (MemoryError(), "MemoryError"), (OSError(5, "i/o"), "OSError")],
)
def test_whatever_fails_is_this_model(worker, monkeypatch, error, kind):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(one_model, "load", fail)
    row = worker.work()
    assert (row["outcome"], row["error"]["type"], row["outputs"]) == ("failed", kind, [])


def test_an_error_has_its_hint(worker):
    (worker.directory / "cond.pb").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n")
    row = worker.work()
    assert row["error"]["type"] == "UnsupportedError"
    assert "Git LFS" in row["error"]["message"]


def test_a_row_that_cannot_be_written_is_the_end(worker, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FleetRecords, "finish", full)
    with pytest.raises(OSError, match="No space"):
        worker.work()


@pytest.mark.parametrize(
    ("source", "fixture", "kind", "place"),
    [
        ("a/frozen.pb", "cond.pb", None, "out/frozen.pb"),
        ("a/frozen.pb", "cond.pb", "graph_def_text", "out/frozen.pbtxt"),
        ("a/frozen.pb", "cond.pb", "checkpoint", "out/frozen.ckpt"),
        ("a/m.ckpt-7", "cond.ckpt", None, "out/m.ckpt-7"),
        ("a/m.ckpt-7.index", "cond.ckpt", None, "out/m.ckpt-7"),
        ("a/frozen.pb", "cond.pb", "saved_model", "out/"),
    ],
)
def test_places_in_a_directory(fixtures, source, fixture, kind, place):
    assert place_of("out/", source, gs.load(fixtures / fixture), kind)[0] == place


def test_a_saved_model_becomes_one_in_a_directory(fixtures, tmp_path):
    gs.save(gs.load(fixtures / "resource_cnn.ckpt"), tmp_path / "saved", to="saved_model")
    model = gs.load(tmp_path / "saved")
    for source in ("saved", "a/saved/"):
        assert place_of("out/", source, model, None) == ("out/saved/", "saved_model")
    assert place_of("out/", "saved", model, "saved_model") == ("out/", "saved_model")
    assert os.listdir(tmp_path) == ["saved"]


def test_checkpoints_in_one_directory(worker):
    """The state file is theirs together, so it does not say whether one was changed."""
    gs.save_checkpoint({"w": floats(1)}, worker.directory / "m-1")
    worker.model = FleetModel("m-1", "out/")
    row = worker.work(steps=({"scale": {"select": "w", "factor": 2}},))
    assert [each["path"] for each in row["outputs"]] == ["out/m-1.data-00000-of-00001", "out/m-1.index"]
    gs.save_checkpoint({"w": floats(1)}, worker.directory / "out" / "m-2")
    assert worker.again(row, steps=({"scale": {"select": "w", "factor": 2}},))["outcome"] == "skipped"
