"""`latest` in the library: the prefix that a state file names, as a path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import graphsurgeon as gs
from tests.models import floats


def test_the_latest_is_a_path(tmp_path: Path):
    for name in ("a", "b"):
        gs.save_checkpoint({"w": floats(ord(name))}, tmp_path / name)
    found = gs.latest(tmp_path)
    assert (found.latest, found.checkpoints) == (str(tmp_path / "b"), [str(tmp_path / "a"), str(tmp_path / "b")])
    assert str(found) == found.latest
    assert gs.load_checkpoint(found)["w"].numpy().tolist() == [98]
    assert gs.latest(tmp_path / "checkpoint").to_json() == found.to_json()


def test_what_is_not_there(tmp_path: Path):
    with pytest.raises(gs.NotFoundError, match=r"state file .* nor is there a checkpoint"):
        gs.latest(tmp_path)
    with pytest.raises(gs.NotFoundError, match="no file"):
        gs.latest(tmp_path / "absent")


def test_checkpoints_without_a_state_file_are_named_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for time, name in enumerate(("m-9", "m-10", "a")):
        gs.save_checkpoint({"w": floats(1)}, tmp_path / name)
        os.utime(tmp_path / f"{name}.index", (0, time // 2))
    state = (tmp_path / "checkpoint").rename(tmp_path / "aside")
    with pytest.raises(gs.NotFoundError) as caught:
        gs.latest(tmp_path)
    a, b, c = caught.value.listed
    assert (a, b, c) == tuple(f"{tmp_path}/{name}" for name in ("a", "m-10", "m-9"))
    assert caught.value.hint == f"name a checkpoint in place of its directory: {a} is the newest, before {b}, {c}"
    with pytest.raises(gs.NotFoundError, match="it is a checkpoint, of the directory"):
        gs.latest(tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(gs.NotFoundError, match="in place of its directory: a is the newest, before m-10, m-9"):
        gs.latest("")
    state.with_name("checkpoint").write_text('model_checkpoint_path: "gone"')
    with pytest.raises(gs.NotFoundError, match=r"did you mean '.*/a'"):
        gs.latest(tmp_path)
