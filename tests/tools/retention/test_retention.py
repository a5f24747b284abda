"""Deleting old checkpoints: what goes, what stays, and what the state file says then."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import CorruptionError, NotFoundError, PassError
from graphsurgeon.formats.bundle_writer import write_bundle
from graphsurgeon.formats.state_file import CheckpointState, read_state, write_state
from graphsurgeon.tensors import dtypes
from graphsurgeon.tools.retention import RetentionReport, prune_checkpoints
from proto_utils.output import Transaction
from tests.formats.v1_files import one, write_v1
from tests.models import floats

HOUR = 3600.0


def save(directory: Path, name: str, time: float) -> str:
    """A checkpoint with a meta graph, `time` hours after the epoch."""
    with Transaction(overwrite=True) as transaction:
        write_bundle(directory / name, {"w": floats(time)}, transaction)
    (directory / f"{name}.meta").touch()
    for path in directory.glob(f"{name}.*"):
        os.utime(path, (0, time * HOUR))
    return f"{directory}/{name}"


def note(directory: Path, *names: str, relative: bool = True, **more: Any) -> None:
    """Write the state file."""
    prefixes = tuple(f"{directory}/{name}" for name in names)
    with Transaction(overwrite=True) as transaction:
        write_state(directory, CheckpointState(prefixes[-1], prefixes, **more), transaction, relative=relative)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Eight checkpoints, one each hour."""
    names = [f"m-{number}" for number in range(1, 9)]
    for number, name in enumerate(names, 1):
        save(tmp_path, name, number)
    note(tmp_path, *names)
    return tmp_path


def there(directory: Path) -> list[str]:
    """The names of checkpoints with all their files, and nothing but these."""
    prefixes = sorted(path.stem for path in directory.glob("*.index"))
    expected = {f"{p}{s}" for p in prefixes for s in (".index", ".data-00000-of-00001", ".meta")}
    assert set(os.listdir(directory)) - {"checkpoint"} == expected
    return prefixes


def listed(directory: Path) -> list[str]:
    state = read_state(directory)
    assert state is not None
    return [os.path.basename(prefix) for prefix in state.checkpoints]


def names(stored: Any) -> list[str]:
    return [os.path.basename(each.prefix) for each in stored]


def reasons(report: RetentionReport) -> dict[str, str]:
    return {os.path.basename(each.prefix): each.reason for each in report.kept}


def test_what_is_no_checkpoint_stays(run):
    (run / "notes.txt").write_text("mine")
    note(run, "notes.txt", "checkpoint", "m-7", "m-8")
    report = prune_checkpoints(run, keep=1)
    assert (run / "notes.txt").read_text() == "mine"
    assert names(report.removed) == ["m-7"]
    assert [os.path.basename(each) for each in report.missing] == ["notes.txt", "checkpoint"]


def test_the_last_ones_stay(run):
    report = prune_checkpoints(run, keep=3)
    assert there(run) == listed(run) == names(report.kept) == ["m-6", "m-7", "m-8"]
    assert names(report.removed) == ["m-1", "m-2", "m-3", "m-4", "m-5"]
    assert report.latest == f"{run}/m-8"
    assert report.state == f"{run}/checkpoint"
    assert report.freed_nbytes == sum(each.nbytes for each in report.removed) > 0
    assert gs.load_checkpoint(run)["w"].numpy().tolist() == [8]


def test_five_are_kept_unless_told(run):
    prune_checkpoints(run)
    assert len(there(run)) == 5


def test_one_every_few_hours(run):
    report = prune_checkpoints(str(run), keep=1, keep_every_hours=3)
    assert there(run) == ["m-1", "m-5", "m-8"]
    assert reasons(report) == {"m-1": "one every 3 hours", "m-5": "one every 3 hours", "m-8": "one of the last 1"}
    assert listed(run) == ["m-8"]


def test_hours_since_the_training_began(run):
    prune_checkpoints(run, keep=1, keep_every_hours=3, since=0)
    assert there(run) == ["m-4", "m-7", "m-8"]


def test_times_that_are_recorded_count(run):
    """As a CheckpointManager counts, from what it says was kept last."""
    times = tuple(number * HOUR for number in (1, 10, 11, 12, 13, 14, 15, 16))
    note(run, *listed(run), timestamps=times, last_preserved=1 * HOUR)
    report = prune_checkpoints(run, keep=2, keep_every_hours=3)
    assert reasons(report) == {
        "m-1": "kept before", "m-2": "one every 3 hours", "m-5": "one every 3 hours",
        "m-7": "one of the last 2", "m-8": "one of the last 2",
    }  # fmt: skip
    state = read_state(run)
    assert state is not None
    assert (state.timestamps, state.last_preserved) == (times[-2:], 13 * HOUR)


def test_nothing_to_do(run):
    before = os.stat(run / "checkpoint")
    report = prune_checkpoints(run, keep=8)
    assert (report.removed, report.state, len(there(run))) == ((), None, 8)
    assert os.stat(run / "checkpoint") == before


def test_again_deletes_nothing_more(run):
    first = prune_checkpoints(run, keep=2, keep_every_hours=2)
    second = prune_checkpoints(run, keep=2, keep_every_hours=2)
    assert (second.removed, second.state) == ((), None)
    third = prune_checkpoints(run, keep=2, keep_every_hours=2, unlisted=True)
    assert third.removed == ()
    assert names(third.kept) == names(first.kept)


def test_dry_run(run):
    before = (run / "checkpoint").read_text()
    report = prune_checkpoints(run, keep=2, dry_run=True)
    assert (len(there(run)), (run / "checkpoint").read_text()) == (8, before)
    assert report == prune_checkpoints(run, keep=2)


def test_unlisted_stay_unless_asked_for(run):
    note(run, "m-7", "m-8")
    save(run, "other", 2.5)
    report = prune_checkpoints(run, keep=1)
    assert reasons(report)["other"] == "not listed"
    assert names(report.removed) == ["m-7"]
    report = prune_checkpoints(run, keep=3, keep_every_hours=2, unlisted=True)
    assert there(run) == ["m-1", "m-4", "m-5", "m-6", "m-8"]
    assert listed(run) == ["m-5", "m-6", "m-8"]
    assert [each.is_listed for each in report.kept] == [False, False, False, False, True]


def test_latest_stays_although_it_is_older(run):
    note(run, *(f"m-{number}" for number in range(2, 9)), "m-1")
    prune_checkpoints(run, keep=1, unlisted=True)
    assert there(run) == listed(run) == ["m-1"]


def test_without_a_state_file(run):
    os.unlink(run / "checkpoint")
    with pytest.raises(NotFoundError, match="no checkpoint state file"):
        prune_checkpoints(run)
    assert len(there(run)) == 8
    report = prune_checkpoints(run, keep=2, unlisted=True)
    assert there(run) == ["m-7", "m-8"]
    assert (report.latest, report.state) == (f"{run}/m-8", None)
    assert not (run / "checkpoint").exists()


def test_files_that_were_copied_in_the_order_of_their_names(tmp_path):
    for number, name in enumerate(["m-10", "m-8", "m-9"]):
        save(tmp_path, name, 1)
        os.utime(tmp_path / f"{name}.index", (0, HOUR + number / 100))
    assert names(prune_checkpoints(tmp_path, keep=1, unlisted=True).kept) == ["m-10"]


def test_empty_directory(tmp_path):
    report = prune_checkpoints(tmp_path, unlisted=True)
    assert (report.latest, report.kept, report.removed) == ("", (), ())


def test_missing_ones_are_no_longer_listed(run):
    for path in run.glob("m-7.*"):
        path.unlink()
    report = prune_checkpoints(run, keep=2)
    assert listed(run) == there(run) == ["m-6", "m-8"]
    assert report.missing == (f"{run}/m-7",)


def test_latest_is_missing(run):
    os.unlink(run / "m-8.index")
    with pytest.raises(NotFoundError, match="m-8") as caught:
        prune_checkpoints(run, keep=1)
    assert caught.value.near == (f"{run}/m-7",)
    assert len(list(run.glob("*.index"))) == 7


@pytest.mark.parametrize("is_listed", [True, False])
def test_latest_without_its_values_is_no_reason_to_delete_others(run, is_listed):
    os.unlink(run / "m-8.data-00000-of-00001")
    os.link(run / "m-7.data-00000-of-00001", run / "m-8.data-00000-of-00002")
    if not is_listed:
        os.unlink(run / "checkpoint")
    before = sorted(os.listdir(run))
    with pytest.raises(NotFoundError, match="m-8'"):
        prune_checkpoints(run, keep=1, unlisted=not is_listed)
    assert sorted(os.listdir(run)) == before


@pytest.mark.parametrize("time", [1e300, float("inf"), float("nan"), -1.0])
def test_times_that_no_clock_shows(tmp_path, time):
    names = [save(tmp_path, f"m-{number}", number)[-3:] for number in (1, 2)]
    note(tmp_path, *names, timestamps=(time, 2.0))
    with pytest.raises(CorruptionError, match="no clock"):
        prune_checkpoints(tmp_path, keep=1)
    assert there(tmp_path) == names


def test_damaged_state_file(run):
    (run / "checkpoint").write_text("?")
    with pytest.raises(CorruptionError):
        prune_checkpoints(run, unlisted=True)
    assert len(there(run)) == 8


@pytest.mark.parametrize("wrong", [{"keep": 0}, {"keep": -1}, {"keep_every_hours": 0}, {"keep_every_hours": -2.0}])
def test_nonsense(run, wrong):
    with pytest.raises(PassError, match="have to be positive"):
        prune_checkpoints(run, **wrong)


def test_a_name_saved_again_is_the_latest(run):
    note(run, "m-1", "m-2", "m-3", "m-1")
    prune_checkpoints(run, keep=2)
    assert listed(run) == ["m-3", "m-1"]
    assert (run / "m-1.index").exists()
    assert not (run / "m-2.index").exists()


def test_two_spellings_are_one_checkpoint(run, monkeypatch):
    monkeypatch.chdir(run)
    lines = [f'all_model_checkpoint_paths: "{path}"' for path in (f"{run}/m-8", "m-7", "./m-8")]
    (run / "checkpoint").write_text('model_checkpoint_path: "./m-8"\n' + "\n".join(lines))
    prune_checkpoints(".", keep=1)
    assert (run / "m-8.index").exists()
    assert not (run / "m-7.index").exists()


@pytest.mark.parametrize("relative", [True, False])
def test_paths_stay_as_they_were_written(run, relative, monkeypatch):
    note(run, *listed(run), relative=relative)
    monkeypatch.chdir(run.parent)
    prune_checkpoints(run.name, keep=2, unlisted=True)
    text = (run / "checkpoint").read_text()
    where = "" if relative else f"{run}/"
    assert [line.split('"')[1] for line in text.splitlines()] == [f"{where}m-8", f"{where}m-7", f"{where}m-8"]


def test_moved_directory(run, tmp_path_factory):
    note(run, *listed(run), relative=False)
    new = tmp_path_factory.mktemp("new") / "run"
    run.rename(new)
    prune_checkpoints(new, keep=2)
    assert there(new) == listed(new) == ["m-7", "m-8"]
    assert str(run) not in (new / "checkpoint").read_text()


def test_what_is_elsewhere_stays(run, tmp_path_factory):
    away = save(tmp_path_factory.mktemp("away"), "m-0", 0)
    prefixes = (away, f"{run}/m-7", f"{run}/m-8")
    with Transaction(overwrite=True) as transaction:
        write_state(run, CheckpointState(prefixes[-1], prefixes), transaction, relative=False)
    report = prune_checkpoints(run, keep=1)
    assert reasons(report)["m-0"] == "in another directory"
    assert os.path.exists(f"{away}.index")
    assert names(report.removed) == ["m-7"]


def test_both_versions(tmp_path):
    for number, name in enumerate(["a", "s-00000-of-00002", "s-00001-of-00002", "b"]):
        write_v1(tmp_path / name, {f"w{number}": one(dtypes.FLOAT, [1], bytes(4))})
    (tmp_path / "s.meta").touch()
    save(tmp_path, "c", 9)
    note(tmp_path, "a", "s-?????-of-00002", "b", "c")
    report = prune_checkpoints(tmp_path, keep=2)
    assert sorted(os.listdir(tmp_path)) == ["b", "c.data-00000-of-00001", "c.index", "c.meta", "checkpoint"]
    assert names(report.removed) == ["a", "s-?????-of-00002"]


def test_shared_meta_graph_stays(tmp_path):
    write_v1(tmp_path / "m-?????-of-00001".replace("?????", "00000"), {"w": one(dtypes.FLOAT, [1], bytes(4))})
    save(tmp_path, "m", 1)
    note(tmp_path, "m-?????-of-00001", "m")
    prune_checkpoints(tmp_path, keep=1)
    assert there(tmp_path) == ["m"]


def test_values_with_hard_links_stay(run):
    data = ".data-00000-of-00001"
    for number in (1, 8):
        os.unlink(run / f"m-{number}{data}")
        os.link(run / f"m-2{data}", run / f"m-{number}{data}")
    before = (run / f"m-2{data}").read_bytes()
    report = prune_checkpoints(run, keep=1)
    assert (run / f"m-8{data}").read_bytes() == before
    assert there(run) == ["m-8"]
    assert report.freed_nbytes == sum(each.nbytes for each in report.removed) - 2 * len(before)


def test_what_symbolic_links_lead_to_stays(run):
    data = ".data-00000-of-00001"
    for link, target in (("m-8", "m-3"), ("m-3", "m-2")):
        os.unlink(run / f"{link}{data}")
        os.symlink(f"{target}{data}", run / f"{link}{data}")
    report = prune_checkpoints(run, keep=1)
    assert there(run) == ["m-2", "m-3", "m-8"]
    assert reasons(report)["m-3"] == "m-8 has symbolic links to it"
    assert listed(run) == ["m-8"]


def test_links_of_what_goes_do_not_keep_it(run):
    data = ".data-00000-of-00001"
    os.unlink(run / f"m-1{data}")
    os.symlink(f"m-8{data}", run / f"m-1{data}")
    prune_checkpoints(run, keep=1)
    assert there(run) == ["m-8"]


def test_state_file_first_then_each_index_before_its_values(run, monkeypatch):
    seen: list[str] = []
    unlink = os.unlink

    def watch(path: str) -> None:
        if os.path.basename(path)[0] != ".":
            assert listed(run) == ["m-7", "m-8"]
            seen.append(os.path.basename(path))
        unlink(path)

    monkeypatch.setattr(os, "unlink", watch)
    prune_checkpoints(run, keep=2)
    assert seen[:4] == ["m-1.index", "m-1.data-00000-of-00001", "m-1.meta", "m-2.index"]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads from /proc what a descriptor is of")
def test_what_stays_is_on_disk_before_anything_goes(run, monkeypatch):
    done: list[str] = []
    fsync, unlink = os.fsync, os.unlink

    def synced(fd: int) -> None:
        done.append(os.readlink(f"/proc/self/fd/{fd}"))
        fsync(fd)

    def unlinked(path: str) -> None:
        done.append(f"gone {path}")
        unlink(path)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "unlink", unlinked)
    prune_checkpoints(run, keep=1)
    first = next(i for i, each in enumerate(done) if each.startswith(f"gone {run}/m-"))
    survivors = [f"{run}/m-8{suffix}" for suffix in (".index", ".data-00000-of-00001", ".meta")]
    assert {*survivors, str(run)} <= set(done[:first])
    assert max(map(done.index, survivors)) < min(i for i, each in enumerate(done) if "checkpoint" in each)


@pytest.mark.parametrize("count", range(3))
def test_interrupted(run, monkeypatch, count):
    """Wherever deleting ends, the state file is true and what has an index is whole."""
    unlink, gone = os.unlink, list[str]()

    def fail(path: str) -> None:
        if os.path.basename(path).startswith("m-"):
            if len(gone) == count:
                raise PermissionError(13, "no", path)
            gone.append(path)
        unlink(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", fail)
        with pytest.raises(PermissionError):
            prune_checkpoints(run, keep=6)
    assert len(gone) == count
    assert listed(run) == [f"m-{number}" for number in range(3, 9)]
    indices = list(run.glob("*.index"))
    assert len(indices) == (8 if count == 0 else 7)
    for path in indices:
        assert gs.load_checkpoint(path)["w"].numpy().size == 1
