"""`latest`: what the state file says, if it is still there."""

from __future__ import annotations

import os

from graphsurgeon.formats.save import save_checkpoint
from tests.models import floats


def test_latest(verb, tmp_path):
    for name in ("a", "b"):
        save_checkpoint({"w": floats(1)}, tmp_path / name)
    assert verb("latest", tmp_path) == (0, f"{tmp_path}/b\n", "")
    answer = verb("latest", tmp_path, "--json").answer
    assert (answer["latest"], answer["checkpoints"]) == (f"{tmp_path}/b", [f"{tmp_path}/a", f"{tmp_path}/b"])


def test_directory_without_a_state_file(verb, tmp_path):
    assert verb("latest", tmp_path).code == 5


def test_latest_is_gone(verb, tmp_path):
    for name in ("a", "b"):
        save_checkpoint({"w": floats(1)}, tmp_path / name)
    for suffix in (".index", ".data-00000-of-00001"):
        os.unlink(f"{tmp_path}/b{suffix}")
    done = verb("latest", tmp_path)
    assert done.code == 5
    assert f"did you mean '{tmp_path}/a'?" in done.err
