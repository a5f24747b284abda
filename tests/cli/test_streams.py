"""`-` in the place of a file: what one stream can serve, and what it cannot."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.terminal import run_on_terminal

Piped = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def piped(root: Path, fixtures: Path, tmp_path: Path) -> Piped:
    """Run a command line as a program, in the directory `fixtures`, with bytes or a file as its standard input."""
    (tmp_path / "scratch").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(root), "TMPDIR": str(tmp_path / "scratch")}

    def call(line: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        words = [sys.executable, "-m", "graphsurgeon", *shlex.split(line)]
        done = subprocess.run(words, cwd=fixtures, env=environment, input=data, capture_output=True, check=False)
        assert os.listdir(tmp_path / "scratch") == [], "nothing of it stays"
        return done

    return call


@pytest.fixture
def frozen(fixtures: Path) -> bytes:
    return (fixtures / "mobile_cnn.pb").read_bytes()


READING = ["inspect {}", "ls {} --constants", "cat {} Logits/biases", "verify {}", "verify {} --against mobile_cnn.pb",
           "diff {} mobile_cnn.pb", "prune {} --outputs Predictions --dry-run"]  # fmt: skip
WRITING = ["prune {} -o {} --outputs Logits/BiasAdd", "convert {} -o {} --to graph_def_text",
           "cast {} -o {} --select Logits/biases --dtype float16",
           "freeze mobile_cnn.ckpt -o {1} --outputs Predictions",
           "cat {} Logits/biases -o {}.npy", "export {} -o {} --to npz",
           "export {} -o {} --to safetensors"]  # fmt: skip


@pytest.mark.parametrize("line", READING)
def test_a_graph_may_come_from_standard_input(piped: Piped, frozen: bytes, line: str):
    named, read = piped(line.format("mobile_cnn.pb")), piped(line.format("-"), frozen)
    assert (read.returncode, read.stderr.count(b"error")) == (named.returncode, 0), read.stderr
    assert read.stdout.replace(b"-: GraphDef", b"mobile_cnn.pb: GraphDef") == named.stdout


@pytest.mark.parametrize("fixture", ["cond.pbtxt", "mobile_cnn.ckpt.meta"])
def test_so_may_texts_and_meta_graphs(piped: Piped, fixtures: Path, fixture: str):
    done = piped("inspect - --json", (fixtures / fixture).read_bytes())
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["source"] == "-"


def test_so_may_arrays_and_recipes(piped: Piped, tmp_path: Path):
    np.savez(buffer := io.BytesIO(), w=np.arange(3))
    assert piped(f"import - -o {tmp_path}/m.ckpt", buffer.getvalue()).returncode == 0
    done = piped(
        f"edit {tmp_path}/m.ckpt -o {tmp_path}/n.ckpt --recipe -", b'[{"scale": {"select": "w", "factor": 2}}]'
    )
    assert done.returncode == 0, done.stderr
    assert b"[0 2 4]" in piped(f"cat {tmp_path}/n.ckpt w").stdout


@pytest.mark.parametrize("line", WRITING)
def test_one_file_may_go_to_standard_output(piped: Piped, frozen: bytes, tmp_path: Path, line: str):
    """The bytes that the file has, and nothing else."""
    path = tmp_path / "x"
    assert piped(line.format("mobile_cnn.pb", path)).returncode == 0
    written = (tmp_path / "x.npy" if line.startswith("cat") else path).read_bytes()
    for flag in ("", " --json"):
        done = piped(line.replace("{}.npy", "{}").format("-", "-") + flag, frozen)
        assert done.returncode == 0, done.stderr
        assert done.stdout == written
        assert b"graphsurgeon-" not in done.stderr, "it is called what it was called"
        assert not flag or json.loads(done.stderr)["outputs"] == ["-"]


def test_one_program_into_the_next(piped: Piped, frozen: bytes):
    first = piped("prune - -o - --outputs Logits/BiasAdd", frozen).stdout
    second = piped("insert - -o - --at Logits/BiasAdd --op Identity", first).stdout
    assert b"outputs" in piped("inspect -", second).stdout


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("unfreeze - -o -", "a checkpoint is several files, and standard output (-o -) is one: name a prefix"),
        ("convert - -o - --to saved_model", "a SavedModel is several files"),
        ("rename mobile_cnn.ckpt -o - --add-scope a", "a checkpoint is several files"),
        ("scale mobile_cnn.ckpt -o - --select '.*' --factor 2", "a checkpoint is several files"),
        ("compact mobile_cnn.ckpt -o -", "a checkpoint is several files"),
        ("export mobile_cnn.ckpt -o - --to npy", "several files"),
        ("report mobile_cnn.pb --svg -", "--svg - : a picture goes to a file"),
        ("split - --at MatMul --front - --back /nowhere", "two models do not go to one standard output"),
        ("diff - -", "standard input (-) is given twice"),
        ("merge - - -o /nowhere", "standard input (-) is given twice"),
    ],
)
def test_what_takes_several_files_is_refused(piped: Piped, frozen: bytes, line: str, message: str):
    done = piped(line, frozen)
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr.decode()


def test_an_index_alone_has_no_values(piped: Piped, fixtures: Path):
    done = piped("ls -", (fixtures / "mobile_cnn.ckpt.index").read_bytes())
    assert done.returncode == 3
    assert done.stderr.startswith(b"error: -: this is the index of a checkpoint")


def test_a_failure_leaves_nothing_on_standard_output(piped: Piped, frozen: bytes):
    for line, data in (
        ("prune - -o - --outputs nothing", frozen),
        ("prune - -o - --outputs x", frozen[:1000]),
        ("inspect -", b""),
    ):
        done = piped(line, data)
        assert done.returncode in (3, 5)
        assert done.stdout == b""
        assert done.stderr.startswith(b"error: ")


def test_a_reader_that_goes_away_is_no_error(piped: Piped, root: Path, fixtures: Path):
    command = f"{sys.executable} -m graphsurgeon convert mobile_cnn.pb -o - -q | head -c 1; echo ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(["bash", "-c", command], cwd=fixtures, env=environment, capture_output=True, check=True)
    assert done.stderr == b""
    assert done.stdout[1:].strip() in (b"0", b"141")


def test_terminals_are_refused(monkeypatch, fixtures: Path, tmp_path: Path):
    seen = run_on_terminal(monkeypatch, "convert", fixtures / "cond.pb", "-o", "-")
    assert (seen.code, "standard output (-o -) is a terminal" in seen.text) == (2, True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    seen = run_on_terminal(monkeypatch, "inspect", "-")
    assert (seen.code, "standard input (-) is a terminal" in seen.text) == (2, True)


def test_a_file_of_that_name_is_written_with_its_directory(piped: Piped, fixtures: Path, tmp_path: Path):
    assert piped(f"convert cond.pb -o {tmp_path}/-").returncode == 0
    assert (tmp_path / "-").is_file()
