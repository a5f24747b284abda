"""Bringing back what a process that was killed had put aside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import ChangedError
from proto_utils import disk
from proto_utils.places import hidden_beside
from tests.models import floats


def killed_at(step: int, prefix: Path) -> bool:
    """Replace a checkpoint, and end the process before a rename or removal; whether there was such a step."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    steps = iter(range(100))

    def stopping(original):
        def run(*args, **options):
            if next(steps) == step:
                os._exit(9)
            return original(*args, **options)

        return run

    for name in ("rename", "unlink"):
        setattr(disk, name, stopping(getattr(disk, name)))
    gs.save_checkpoint({"new": floats(1, 2, 3)}, prefix, force=True)
    os._exit(0)


def test_wherever_a_run_was_killed_the_old_one_comes_back_or_the_new_one_is_there(tmp_path):
    for step in range(100):
        directory = tmp_path / str(step)
        prefix = directory / "m"
        gs.save_checkpoint({"old": floats(1)}, prefix)
        was_killed = killed_at(step, prefix)
        before = sorted(os.listdir(directory))
        planned = gs.recover(directory, dry_run=True)
        assert sorted(os.listdir(directory)) == before
        if "m.index" not in before:
            with pytest.raises(ChangedError, match="stopped on the way") as caught:
                gs.load_checkpoint(prefix)
            assert f"recover {directory}" in str(caught.value.hint)
            assert str(prefix) + ".index" in planned.restored
        assert gs.recover(directory) == planned
        assert not [name for name in os.listdir(directory) if name.startswith(".")]
        (name,) = gs.load_checkpoint(prefix)
        values = gs.load_checkpoint(prefix)[name].numpy().tolist()
        assert values == {"old": [1], "new": [1, 2, 3]}[name]
        if not was_killed:
            assert (name, step > 5) == ("new", True)
            return
    raise AssertionError("it never ended")


def test_a_directory_and_a_file(tmp_path: Path):
    for name in ("model", "other"):
        old = Path(hidden_beside(str(tmp_path / name), "old"))
        old.mkdir()
        (old / "saved_model.pb").touch()
    (tmp_path / "other").mkdir()
    Path(hidden_beside(str(tmp_path / "x.pb"), "tmp")).touch()
    done = gs.recover(tmp_path)
    assert [os.path.basename(each) for each in done.restored] == ["model"]
    assert len(done.removed) == 2
    assert sorted(os.listdir(tmp_path)) == ["model", "other"]
    assert os.listdir(tmp_path / "other") == []
    assert gs.recover(tmp_path) == ([], [])
