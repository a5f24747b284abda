"""Fleets: what is done, skipped and failed, written down, and gone on with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.beam.fleets import fleet
from graphsurgeon.errors import OutputBusyError
from proto_utils.leftovers import leftovers
from proto_utils.output import Transaction
from tests.beam.conftest import needs_beam
from tests.beam.workers import workers_of
from tests.models import shared_files


@pytest.fixture
def models(tmp_path: Path, fixtures: Path, monkeypatch) -> Path:
    """Four models, in directories a to d."""
    for name in "abcd":
        (tmp_path / "models" / name).mkdir(parents=True)
        shutil.copy(fixtures / "cond.pb", tmp_path / "models" / name / "frozen.pb")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(**how: Any):
    return fleet("models/*/frozen.pb", how.pop("recipe", ["sort"]), "out/{parent}.pb", **how)


def rows(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "out" / "manifest.jsonl").read_text().splitlines()]


def test_every_model_is_done_as_alone(models, loop):
    report = run()
    assert (report.num_models, report.num_done, report.num_skipped, report.failed) == (4, 4, 0, [])
    model = gs.load("models/a/frozen.pb")
    gs.run(model, ["sort"])
    gs.save(model, "alone.pb")
    assert {Path(f"out/{name}.pb").read_bytes() for name in "abcd"} == {Path("alone.pb").read_bytes()}
    assert [(row["source"], row["outcome"]) for row in rows(models)] == [
        (f"models/{name}/frozen.pb", "done") for name in "abcd"
    ]
    assert sorted(os.listdir("out")) == [*(f"{name}.pb" for name in "abcd"), "manifest.jsonl"]


def test_again_nothing_is_done(models, loop):
    run()
    before = rows(models)
    report = run()
    assert (report.num_done, report.num_skipped) == (0, 4)
    assert rows(models) == before


def test_what_has_changed_is_done_again(models, loop):
    run()
    gs.save(gs.load("models/b/frozen.pb"), "models/b/frozen.pb", to="graph_def_text", force=True)
    Path("out/c.pb").unlink()
    report = run()
    assert (report.num_done, report.num_skipped) == (2, 2)
    assert run(recipe=["sort", "remove_default_attributes"]).num_done == 4


def test_a_failure_is_one_model_s(models, loop):
    Path("models/b/frozen.pb").write_text("no model")
    report = run()
    assert (report.num_done, [each.source for each in report.failed]) == (3, ["models/b/frozen.pb"])
    assert report.failed[0].error == "UnsupportedError"
    (row,) = (row for row in rows(models) if row["outcome"] == "failed")
    assert (row["output"], row["error"]["type"], row["report"]) == ("out/b.pb", "UnsupportedError", None)
    shutil.copy("models/a/frozen.pb", "models/b/frozen.pb")
    report = run()
    assert (report.num_done, report.num_skipped, report.failed) == (1, 3, [])


def test_models_of_other_runs_stay_in_the_manifest(models, loop):
    run()
    fleet("models/a/frozen.pb", ["unfreeze"], "out/{parent}/x.ckpt")
    assert [row["output"] for row in rows(models)] == ["out/a.pb", "out/a/x.ckpt", "out/b.pb", "out/c.pb", "out/d.pb"]


def test_what_a_worker_was_at_when_it_ended_is_tried_again(models, loop):
    loop.deadly = {"models/b/frozen.pb": 1}
    assert run().num_done == 4
    assert sorted(loop.done) == [f"models/{name}/frozen.pb" for name in "abcd"]


def test_a_model_that_ends_workers_is_a_failure(models, loop):
    """The others are done."""
    loop.deadly = {"models/b/frozen.pb": 9}
    report = run()
    assert (report.num_done, [each.error for each in report.failed]) == (3, ["LostWorkerError"])
    assert loop.num_runs == 3


def test_a_run_that_was_stopped_is_gone_on_with(models, loop, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("graphsurgeon.beam.fleets.write_manifest", stop)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert not Path("out/manifest.jsonl").exists()
    report = run()
    assert (report.num_done, report.num_skipped) == (0, 4)
    assert len(rows(models)) == 4
    assert sorted(os.listdir("out")) == [*(f"{name}.pb" for name in "abcd"), "manifest.jsonl"]


def test_of_a_run_that_was_stopped_another_recipe_takes_nothing(models, loop, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("graphsurgeon.beam.fleets.write_manifest", None)
        with pytest.raises(TypeError):
            run()
    assert run(recipe=["sort", "remove_default_attributes"]).num_done == 4


def test_models_of_one_directory_have_lines_of_their_own(models, loop, fixtures):
    for name in ("names", "in_frame"):
        shutil.copy(fixtures / f"{name}.pb", f"models/{name}.pb")
    assert fleet("models/*.pb", ["sort"], "out/").num_done == 2
    assert [row["source"] for row in rows(models)] == ["models/in_frame.pb", "models/names.pb"]
    report = fleet("models/*.pb", ["sort"], "out/")
    assert (report.num_done, report.num_skipped, report.failed) == (0, 2, [])
    with pytest.raises(gs.PassError, match="would both become"):
        fleet("models/*.pb", ["unfreeze"], "saved/", to="saved_model")


def test_an_output_of_an_earlier_run_is_no_other_model_s(models, loop):
    fleet("models/a/frozen.pb", ["sort"], "out/{stem}.pb")
    before = rows(models)
    with pytest.raises(gs.PassError, match=r"where an earlier run put models/a/frozen\.pb"):
        fleet("models/b/frozen.pb", ["sort"], "out/{stem}.pb")
    assert rows(models) == before
    assert fleet(Path("models/a/frozen.pb").absolute().as_posix(), ["sort"], "out/{stem}.pb").num_skipped == 1
    assert fleet("models/b/frozen.pb", ["sort"], "out/{stem}.pb", force=True).num_done == 1


def test_models_of_a_store(models, loop, fixtures):
    fsspec = pytest.importorskip("fsspec", reason="sources at URLs need the extra `remote`")
    memory = fsspec.filesystem("memory")
    try:
        for name in "ab":
            memory.put_file(str(fixtures / "cond.pb"), f"/fleet/{name}/frozen.pb")
        how: dict[str, Any] = {"recipe": ["unfreeze"], "output": "memory://fleet/out/{parent}/", "manifest": "m.jsonl"}
        assert fleet("memory://fleet/?/frozen.pb", **how).num_done == 2
        assert list(gs.load_checkpoint("memory://fleet/out/a/frozen.ckpt"))
        assert fleet("memory://fleet/?/frozen.pb", **how).num_skipped == 2
    finally:
        memory.rm("/fleet", recursive=True)


def test_outputs_elsewhere_want_a_manifest_here(models, loop):
    with pytest.raises(gs.PassError, match="manifest"):
        fleet("models/*/frozen.pb", ["sort"], "memory://fleet/{parent}/")
    assert os.listdir() == ["models"]


def test_a_dry_run_does_nothing(models, loop):
    report = run(dry_run=True)
    assert report.outputs == [f"out/{name}.pb" for name in "abcd"]
    assert sorted(os.listdir()) == ["models"]


@pytest.mark.parametrize("how", [{"recipe": ["sorted"]}, {"beam_options": "1"}, {"manifest": "models/a/frozen.pb"}])
def test_a_call_that_cannot_be_does_nothing(models, loop, how):
    with pytest.raises(gs.GraphSurgeonError):
        run(**how)
    assert not Path("out").exists()
    assert loop.num_runs == 0


def test_an_engine_that_fails_leaves_nothing(models, monkeypatch, loop):
    def fail(*_):
        raise ChildProcessError("Beam failed")

    monkeypatch.setattr("graphsurgeon.beam.engine.Engine.run", fail)
    with pytest.raises(ChildProcessError):
        run()
    assert not Path("out").exists()


def test_two_runs_at_once(models, loop):
    with Transaction("out/manifest.jsonl"), pytest.raises(OutputBusyError):
        run()


def test_a_damaged_manifest_is_told(models, loop):
    run()
    Path("out/manifest.jsonl").write_text("{}\n")
    with pytest.raises(gs.CorruptionError, match="line 1"):
        run()


def test_checkpoints_and_saved_models(models, loop):
    report = fleet("models/*/frozen.pb", ["unfreeze"], "out/{parent}/", to="saved_model", manifest="m.jsonl")
    assert report.failed == []
    assert gs.load("out/a").saved_model is not None
    report = fleet("out/*", [{"rename": {"add_scope": "x"}}], "ckpt/{name}/", to="checkpoint", manifest="m.jsonl")
    assert report.failed == []
    assert all(name.startswith("x/") for name in gs.load_checkpoint("ckpt/a/a"))


def test_saved_models_in_one_directory(models, loop):
    """None replaces another, and the manifest is in none."""
    assert fleet("models/a/frozen.pb", ["unfreeze"], "s/a/", to="saved_model").manifest == "s/manifest.jsonl"
    assert fleet("models/b/frozen.pb", ["unfreeze"], "s/b/", to="saved_model").num_done == 1
    report = fleet(["s/a", "s/b"], ["sort"], "out/", force=True)
    assert (report.manifest, report.num_done) == ("out/manifest.jsonl", 2)
    assert all(gs.load(f"out/{name}").saved_model is not None for name in "ab")
    assert fleet(["s/a", "s/b"], ["sort"], "out/").num_skipped == 2


def alone(path: str, recipe: list[str]) -> str | None:
    """What a model fails of that nothing but `run` works on."""
    try:
        model = gs.load(path)
        gs.run(model, recipe)
        gs.save(model, "alone", force=True)
    except gs.GraphSurgeonError as error:
        return type(error).__name__
    return None


def test_real_models(tmp_path, loop, monkeypatch):
    """Of others: what `run` does of each alone, the fleet does; what fails, fails of the same."""
    paths = [str(path) for path in shared_files(".pb") if path.stat().st_size < 1 << 18][::2]
    if not paths:
        pytest.skip("no models of others beside the project")
    monkeypatch.chdir(tmp_path)
    recipe = ["remove_default_attributes", "sort"]
    report = fleet(paths, recipe, "out/{directory}/{stem}", manifest="m.jsonl")
    failed = {each.source: each.error for each in report.failed}
    assert report.num_done > len(paths) // 2
    assert failed == {path: error for path in paths if (error := alone(path, recipe)) is not None}


@needs_beam
@pytest.mark.parametrize("workers", [1, 2])
def test_beam_does_what_the_loop_does(models, in_workers, workers):
    report = run(workers=workers)
    assert (report.num_done, report.failed) == (4, [])
    model = gs.load("models/a/frozen.pb")
    gs.run(model, ["sort"])
    gs.save(model, "alone.pb")
    assert {Path(f"out/{name}.pb").read_bytes() for name in "abcd"} == {Path("alone.pb").read_bytes()}
    assert run(workers=workers).num_skipped == 4


#: A recipe that takes long enough to be stopped in.
SLOW = (
    "from graphsurgeon.beam.fleets import fleet\nfleet('models/*/frozen.pb', ['unfreeze'], 'out/{parent}/', workers=2)"
)


@needs_beam
def test_a_worker_that_is_killed_loses_nothing(tmp_path, fixtures, monkeypatch, root):
    """Killed wherever it happens to be; each checkpoint is whole, and as of one that nobody killed."""
    monkeypatch.chdir(tmp_path)
    for number in range(60):
        Path(f"models/{number:02}").mkdir(parents=True)
        shutil.copy(fixtures / "mobile_cnn.pb", f"models/{number:02}/frozen.pb")
    process = subprocess.Popen([sys.executable, "-c", SLOW], env={**os.environ, "PYTHONPATH": str(root)})
    deadline = time.monotonic() + 60
    while not [*Path("out").glob("*/*.index")] and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.01)
    workers = workers_of(process.pid)
    assert workers
    os.kill(workers[0], 9)
    assert process.wait(120) == 0
    assert [row["outcome"] for row in rows(tmp_path)] == ["done"] * 60
    model = gs.load("models/00/frozen.pb")
    gs.unfreeze(model)
    gs.save(model, "alone/frozen.ckpt")
    for path in Path("alone").glob("frozen.ckpt*"):
        assert {other.read_bytes() for other in Path("out").glob(f"*/{path.name}")} == {path.read_bytes()}
    assert [left for each in Path("out").iterdir() if each.is_dir() for left in leftovers(str(each))] == []
