"""`latest`: what the state file says, if it is still there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from graphsurgeon.formats.save import save_checkpoint
from tests.models import floats


def test_latest(verb, tmp_path):
    for name in ("a", "b"):
        save_checkpoint({"w": floats(1)}, tmp_path / name)
    assert verb("latest", tmp_path) == (0, f"{tmp_path}/b\n", "")
    answer = verb("latest", tmp_path, "--json").answer
    assert (answer["latest"], answer["checkpoints"]) == (f"{tmp_path}/b", [f"{tmp_path}/a", f"{tmp_path}/b"])


def test_state_file_itself(verb, tmp_path, monkeypatch):
    save_checkpoint({"w": floats(1)}, tmp_path / "a")
    (tmp_path / "checkpoint").rename(tmp_path / "other_state")
    assert verb("latest", tmp_path / "other_state").out == f"{tmp_path}/a\n"
    monkeypatch.chdir(tmp_path)
    assert verb("latest", "other_state").out == "a\n"
    assert verb("latest", ".").code == 5


def test_directory_that_was_moved(verb, tmp_path):
    for name in ("a", "b"):
        save_checkpoint({"w": floats(1)}, tmp_path / "old" / name)
    state = tmp_path / "old" / "checkpoint"
    state.write_text(f'model_checkpoint_path: "{tmp_path}/old/b"')
    (tmp_path / "old").rename(tmp_path / "new")
    assert verb("latest", tmp_path / "new").out == f"{tmp_path}/new/b\n"


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


def test_a_path_is_printed_as_it_is(verb, tmp_path):
    save_checkpoint({"w": floats(1)}, tmp_path / "a\tb")
    assert verb("latest", tmp_path).out == f"{tmp_path}/a\tb\n"


def test_a_path_goes_out_as_the_bytes_that_it_has(root, tmp_path):
    directory = os.fsencode(tmp_path) + b"/caf\xe9"
    save_checkpoint({"w": floats(1)}, Path(os.fsdecode(directory)) / "a")
    command: list[str | bytes] = [sys.executable, "-m", "graphsurgeon", "latest", directory]
    for encoding in ("utf-8", "ascii"):
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, check=True)
        assert done.stdout == directory + b"/a" + os.linesep.encode()
