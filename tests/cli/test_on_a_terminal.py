"""The command line as its user sees it: on terminals of any width, without colours, cut short by a pager."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.example_files import make_example_files
from tests.terminal import run_on_terminal

LINES = [
    "inspect frozen.pb",
    "ls model.ckpt",
    "ls frozen.pb --constants",
    "verify frozen.pb --against model.ckpt",
    "diff model.ckpt logs/model.ckpt-1",
    "unfreeze frozen.pb -o out.ckpt --explain",
    "fit --graph model.ckpt.meta --from trained.ckpt -o out.ckpt",
    "cast model.ckpt -o out.ckpt --dtype float16",
    "ema trained.ckpt -o out.ckpt",
    "concat lstm.ckpt -o out.ckpt --select 'rnn/gru/(gates|candidate)/bias' --to rnn/gru/bias --axis 0",
    "prune frozen.pb -o out.pb --outputs Logits/BiasAdd",
    "prune frozen.pb -o out.pb --outputs Logits/BaisAdd",
    "prune frozen.pb -o logs --outputs Predictions",
    "nonsense",
]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, fixtures) -> Path:
    directory: Path = tmp_path_factory.mktemp("examples")
    make_example_files(fixtures, directory)
    return directory


@pytest.fixture
def here(prepared, tmp_path, monkeypatch) -> Path:
    place: Path = tmp_path / "here"
    shutil.copytree(prepared, place)
    monkeypatch.chdir(place)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return place


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("columns", [60, 80])
def test_lines_fit_and_break_between_words(here, monkeypatch, line, columns):
    """Only one word that is longer by itself goes over the edge: a name, or a path to be copied."""
    seen = run_on_terminal(monkeypatch, *shlex.split(line), columns=columns)
    for shown in click.unstyle(seen.text).replace("\r\n", "\n").split("\n"):
        is_path = shown.startswith(("wrote ", "linked ", "kept "))
        assert len(shown) <= columns or is_path or " " not in shown.strip(), shown


@pytest.mark.parametrize("line", LINES)
def test_no_color_is_respected(here, monkeypatch, line):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run_on_terminal(monkeypatch, *shlex.split(line)).text


CUT_SHORT = [
    "ls frozen.pb",
    "ls frozen.pb --json",
    "ls model.ckpt --csv",
    "cat model.ckpt Logits/weights --full",
    "--help",
]


@pytest.mark.parametrize("line", CUT_SHORT)
def test_a_pager_that_ends_early_is_no_error(here, root, line):
    command = f"{sys.executable} -m graphsurgeon {line} | head -n 1; echo ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert "Traceback" not in done.stderr
    assert "rror" not in done.stderr
    assert done.stdout.splitlines()[-1] in ("0", "141")
