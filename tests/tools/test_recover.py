"""Bringing back what a process that was killed had put aside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import ChangedError
from proto_utils import output
from proto_utils.places import hidden_beside
from tests.models import floats


class KilledError(BaseException):
    """Stands for the end of the process: nothing is cleaned up."""


def killed_at(step: int, prefix: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Replace a checkpoint, and stop before a rename or removal; whether there was such a step."""
    steps = iter(range(100))

    def stopping(original):
        def run(*args, **options):
            if next(steps) == step:
                raise KilledError
            return original(*args, **options)

        return run

    with monkeypatch.context() as patch:
        for name in ("replace", "unlink"):
            patch.setattr(os, name, stopping(getattr(os, name)))
        patch.setattr(output.Transaction, "_roll_back", lambda _: None)
        try:
            gs.save_checkpoint({"new": floats(1, 2, 3)}, prefix, overwrite=True)
        except KilledError:
            return True
    return False


def test_wherever_a_run_was_killed_the_old_one_comes_back_or_the_new_one_is_there(tmp_path, monkeypatch):
    for step in range(100):
        directory = tmp_path / str(step)
        prefix = directory / "m"
        gs.save_checkpoint({"old": floats(1)}, prefix)
        was_killed = killed_at(step, prefix, monkeypatch)
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
