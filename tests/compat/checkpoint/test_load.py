"""Checkpoints by prefix or directory, and waiting for them."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

import pytest

from graphsurgeon.compat import checkpoint as train
from graphsurgeon.compat.errors import NotFoundError
from graphsurgeon.formats.save import save_checkpoint
from tests.models import floats


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for number in (1, 2):
        save_checkpoint({"w": floats(number), "a/w": floats(0, 0)}, tmp_path / f"m-{number}")
    return tmp_path


def test_prefix_or_directory(directory):
    for path in (directory, str(directory), directory / "m-2", f"{directory}/m-2"):
        assert train.load_checkpoint(path).get_tensor("w").tolist() == [2]
        assert train.load_variable(path, "w").tolist() == [2]
        assert train.load_variable(path, "w:0").tolist() == [2]
        assert train.list_variables(path) == [("a/w", [2]), ("w", [1])]
    assert train.load_variable(directory / "m-1", "w").tolist() == [1]


def test_directory_without_checkpoint(tmp_path, directory):
    (tmp_path / "empty").mkdir()
    message = "Couldn't find 'checkpoint' file or checkpoints in given directory"
    with pytest.raises(ValueError, match=message):
        train.load_checkpoint(tmp_path / "empty")
    os.unlink(directory / "m-2.index")
    with pytest.raises(ValueError, match=message):
        train.list_variables(directory)


def test_nothing_there(directory):
    with pytest.raises(NotFoundError):
        train.load_checkpoint(directory / "m-3")
    with pytest.raises(NotFoundError):
        train.load_variable(directory, "v")


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """Sleeping takes no time here, but the clock moves on by it."""
    slept: list[float] = []
    monkeypatch.setattr(time, "time", lambda: 100.0 + sum(slept))
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def test_waiting(directory, clock):
    assert train.wait_for_new_checkpoint(directory) == f"{directory}/m-2"
    assert clock == []
    assert train.wait_for_new_checkpoint(directory, f"{directory}/m-2", seconds_to_sleep=2, timeout=5) is None
    assert clock == [2, 2]
    assert train.wait_for_new_checkpoint(directory / "nowhere", timeout=0) is None


def test_a_checkpoint_that_comes(directory, clock, monkeypatch):
    def save(seconds: float) -> None:
        clock.append(seconds)
        if len(clock) == 3:
            save_checkpoint({"w": floats(3)}, directory / "m-3")

    monkeypatch.setattr(time, "sleep", save)
    assert train.wait_for_new_checkpoint(directory, f"{directory}/m-2") == f"{directory}/m-3"
    assert clock == [1, 1, 1]


def test_iterating(directory, clock):
    found = train.checkpoints_iterator(directory, min_interval_secs=30, timeout=5)
    assert next(found) == f"{directory}/m-2"
    save_checkpoint({"w": floats(3)}, directory / "m-3")
    assert next(found) == f"{directory}/m-3"
    assert clock == [30]
    assert list(found) == []


def test_iterating_until_it_is_said_to_be_done(directory, clock):
    asked = itertools.count(1)
    found = train.checkpoints_iterator(directory, timeout=0, timeout_fn=lambda: next(asked) == 4)
    assert list(found) == [f"{directory}/m-2"]
    assert next(asked) == 5
