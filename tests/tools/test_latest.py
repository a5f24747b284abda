"""`latest` in the library: the prefix that a state file names, as a path."""

from __future__ import annotations

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
    with pytest.raises(gs.NotFoundError, match="state file"):
        gs.latest(tmp_path)
