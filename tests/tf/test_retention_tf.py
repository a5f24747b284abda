"""Pruning after the fact leaves what TensorFlow leaves while it trains, and TensorFlow goes on from there."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.formats.state_file import read_state
from graphsurgeon.tools.retention import prune_checkpoints
from tests.tf.judge import TensorFlow

HOUR = 3600
START = 1_600_000_000
#: Even, with gaps and in bursts.
EVEN = [START + i * HOUR for i in range(1, 13)]
UNEVEN = [START + round(HOUR * t) for t in (0.2, 0.9, 2.5, 2.6, 2.7, 6, 6.5, 9, 11, 11.1, 11.2, 14, 15)]
RANDOM = sorted(START + random.Random(5).randrange(40 * HOUR) for _ in range(25))


def there(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def state_text(directory: Path) -> str:
    return (directory / "checkpoint").read_text().replace(f"{directory}/", "")


@pytest.mark.parametrize("times", [EVEN, UNEVEN, RANDOM], ids=["even", "uneven", "random"])
@pytest.mark.parametrize(("keep", "hours"), [(3, 2.0), (1, 3.5), (5, 10000.0)])
def test_as_a_saver_does(tf: TensorFlow, tmp_path: Path, times: list[int], keep: int, hours: float):
    trained, pruned = tmp_path / "trained", tmp_path / "pruned"
    for directory, number in ((trained, keep), (pruned, 100)):
        directory.mkdir()
        tf.call(
            "retaining:save_with_saver", directory=str(directory), times=times, start=START, keep=number, hours=hours
        )
    prune_checkpoints(pruned, keep=keep, keep_every_hours=hours, since=START)
    assert there(pruned) == there(trained)
    assert state_text(pruned) == state_text(trained)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("sharded", [False, True], ids=["one file", "sharded"])
@pytest.mark.parametrize("relative", [False, True], ids=["absolute", "relative"])
def test_all_forms_of_checkpoints(tf: TensorFlow, tmp_path: Path, version: int, sharded: bool, relative: bool):
    trained, pruned = tmp_path / "trained", tmp_path / "pruned"
    more: dict[str, Any] = {"version": version, "sharded": sharded, "relative": relative}
    for directory, number in ((trained, 2), (pruned, 100)):
        directory.mkdir()
        tf.call(
            "retaining:save_with_saver",
            directory=str(directory), times=EVEN[:6], start=START, keep=number, hours=2.0, **more,
        )  # fmt: skip
    prune_checkpoints(pruned, keep=2, keep_every_hours=2, since=START)
    assert there(pruned) == there(trained)
    assert state_text(pruned) == state_text(trained)
    assert (f"{pruned}/" in (pruned / "checkpoint").read_text()) == (not relative)


@pytest.mark.parametrize("times", [EVEN, UNEVEN, RANDOM], ids=["even", "uneven", "random"])
@pytest.mark.parametrize(("keep", "hours"), [(3, 2.0), (1, 3.5), (4, None)])
def test_as_a_manager_does(tf: TensorFlow, tmp_path: Path, times: list[int], keep: int, hours: float | None):
    trained, pruned = tmp_path / "trained", tmp_path / "pruned"
    for directory, number in ((trained, keep), (pruned, 100)):
        tf.call(
            "retaining:save_with_manager", directory=str(directory), times=times, start=START, keep=number, hours=hours
        )
    prune_checkpoints(pruned, keep=keep, keep_every_hours=hours)
    assert there(pruned) == there(trained)
    assert state_text(pruned) == state_text(trained)


def test_a_saver_goes_on(tf: TensorFlow, tmp_path: Path):
    tf.call(
        "retaining:save_with_saver", directory=str(tmp_path), times=EVEN, start=START, keep=100, hours=10000.0
    )  # fmt: skip
    prune_checkpoints(tmp_path, keep=3, keep_every_hours=4)
    restored, before, after, latest = tf.call("retaining:go_on_with_saver", directory=str(tmp_path), keep=3, step=50)
    assert restored == [1.0]
    assert [os.path.basename(path) for path in before] == ["m-9", "m-10", "m-11"]
    assert [os.path.basename(path) for path in after] == ["m-10", "m-11", "m-50"]
    assert latest == f"{tmp_path}/m-50"
    assert sorted(path.stem for path in tmp_path.glob("*.index")) == ["m-0", "m-10", "m-11", "m-5", "m-50"]
    # And once more ours, of what that left.
    prune_checkpoints(tmp_path, keep=1)
    state = read_state(tmp_path)
    assert state is not None
    assert state.checkpoints == (f"{tmp_path}/m-50",)


def test_a_manager_goes_on(tf: TensorFlow, tmp_path: Path):
    run = tmp_path / "run"
    tf.call("retaining:save_with_manager", directory=str(run), times=EVEN, start=START, keep=100, hours=2.0)
    shutil.copytree(run, tmp_path / "moved")
    moved = tmp_path / "moved"
    prune_checkpoints(moved, keep=3, keep_every_hours=2)
    before, after = tf.call(
        "retaining:go_on_with_manager", directory=str(moved), now=EVEN[-1] + HOUR, keep=3, hours=2.0
    )
    assert before == [f"{moved}/ckpt-{number}" for number in (9, 10, 11)]
    assert after == [f"{moved}/ckpt-{number}" for number in (10, 11, 300)]
