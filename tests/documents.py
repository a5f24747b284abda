"""Markdown pages whose blocks run: what a page shows as output is compared with what comes out, or written anew.

A ``console`` block has commands behind ``$ `` and below each what it prints; a ``python`` block prints what the
``text`` block right behind it shows; any other block with a ``title`` is the file of that name. ``...`` stands for
whatever varies, and on a line of its own for lines that are left out. The Python blocks of a page are one session.
Commands run in this process where they are ours alone, so that many pages take little time.

With ``--write-snapshots`` what came out is written into the page where that shows something else: `make snapshots`.
"""

from __future__ import annotations

import contextlib
import doctest
import itertools
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from graphsurgeon.cli.run import run
from tests.conftest import ROOT

BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^\$ ((?:.*\\\n)*.*\n)((?:(?!\$ ).*\n)*)", re.MULTILINE)
#: How long something took, on a line of its own; and what else varies within a line.
SECONDS = re.compile(r"^\d+(\.\d+)? m?s\n", re.MULTILINE)
VARIES = re.compile(r"(?<=, )\d+(\.\d+)?(?= m?s$)|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.MULTILINE)
FINDING = 1
#: A session that runs Python: takes the text, returns what it printed.
Python = Callable[[str], str]


@dataclass
class Block:
    """One fenced block: its language, the file that it is, its text, and where that begins in the page."""

    language: str
    title: str | None
    text: str
    start: int


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page."""
    return [Block(hit[1], hit[2], hit[3], hit.start(3)) for hit in BLOCK.finditer(text)]


def fresh_text(text: str, python: Python | None) -> str:
    """Run a page in the working directory; return it with what came out in the place of what it shows wrongly.

    Without a session, it is run up to the first block of Python.
    """
    fresh, end = [], 0
    for start, shown, printed in _runs(text, python):
        fresh += [text[end:start], refreshed(shown, printed)]
        end = start + len(shown)
    return "".join(fresh) + text[end:]


def _runs(text: str, python: Python | None) -> Iterator[tuple[int, str, str]]:
    """Yield where an output is shown, what is shown, and what came out."""
    found = blocks(text)
    for block in found:
        if block.title:
            Path(block.title).write_text(block.text, encoding="utf-8")
    for block, after in itertools.pairwise([*found, Block("", None, "", 0)]):
        if block.language == "console":
            for step in STEP.finditer(block.text):
                yield block.start + step.start(2), step[2], run_command(step[1], step[2])
        elif block.language == "python" and not block.title:
            if python is None:
                return
            printed = python(block.text)
            is_shown = (
                after.language == "text" and text[block.start + len(block.text) : after.start] == "```\n\n```text\n"
            )
            assert is_shown or not printed, f"the page does not show what this prints:\n{block.text}\n{printed}"
            if is_shown:
                yield after.start, after.text, _even(printed)


def refreshed(shown: str, printed: str) -> str:
    """What a page shows when it is true; else what came out; where lines were left out, as many at both ends."""
    if doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS):
        return shown
    printed = VARIES.sub("...", printed)
    lines, fresh = shown.splitlines(), printed.splitlines()
    if "..." not in lines:
        return printed
    front, back = lines.index("..."), lines[::-1].index("...")
    return "\n".join([*fresh[:front], "...", *fresh[len(fresh) - back :], ""])


def run_command(command: str, shown: str) -> str:
    """Run a command and return both its streams. It may fail when the page shows an error, or find something."""
    words = shlex.split(command.replace("\\\n", " "))
    is_ours = words[0] == "graphsurgeon" and not {"|", ">", ">>", "&&", "||", "<"} & {*words}
    code, printed = _run_here(words[1:]) if is_ours else _run_shell(command)
    # An error at the front is meant: pages say what is refused. A finding of `diff` or `verify` is an answer.
    allowed = code == 0 or (code == FINDING and is_ours) or "error: " in shown
    assert allowed, f"{command}ended with {code}:\n{printed}"
    return _even(printed)


def _run_here(arguments: list[str]) -> tuple[int, str]:
    """Run our own command line in this process."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as stream:
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            code = run(arguments)
        stream.seek(0)
        return code, stream.read()


def _run_shell(command: str) -> tuple[int, str]:
    """Run a command line that needs a shell, with this Python as `python` and this clone as `graphsurgeon`."""
    with tempfile.TemporaryDirectory() as directory:
        shims = {
            "python": f'exec "{sys.executable}" "$@"',
            "graphsurgeon": f'exec "{sys.executable}" -m graphsurgeon "$@"',
        }
        for name, line in shims.items():
            path = Path(directory) / name
            path.write_text(f"#!/bin/sh\n{line}\n")
            path.chmod(0o755)
        search = f"{directory}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command, shell=True, env={**os.environ, "PATH": search, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
    return done.returncode, done.stdout


def _even(printed: str) -> str:
    """Leave out what says how long it took, and spaces at ends of lines."""
    return "".join(f"{line.rstrip()}\n" for line in SECONDS.sub("", printed).splitlines())


def python_here() -> Python:
    """A session in this process."""
    names: dict[str, object] = {"__name__": "__main__"}

    def execute(text: str) -> str:
        with tempfile.TemporaryFile("w+", encoding="utf-8") as stream:
            with contextlib.redirect_stdout(stream):
                exec(compile(text, "<page>", "exec"), names)
            stream.seek(0)
            return stream.read()

    return execute


def prepare(place: Path) -> Path:
    """Make what the first page of the how-to tells to make, and return it: a directory to work in."""
    (block,) = blocks((ROOT / "docs" / "how-to" / "index.md").read_text(encoding="utf-8"))
    (place / "fixtures").symlink_to(ROOT / "fixtures")
    subprocess.run(["bash", "-ec", block.text], cwd=place, check=True)
    return place / "try"


def enter(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a directory, 80 columns wide."""
    monkeypatch.chdir(directory)
    monkeypatch.setenv("COLUMNS", "80")


def check(path: Path, python: Python | None, config: pytest.Config) -> None:
    """Run a page as `fresh_text` does and compare what it shows; with `--write-snapshots`, write what came out."""
    text = path.read_text(encoding="utf-8")
    fresh = fresh_text(text, python)
    if fresh != text and config.getoption("--write-snapshots"):
        path.write_text(fresh, encoding="utf-8")
        text = fresh
    assert fresh.splitlines() == text.splitlines(), f"{path.name} shows something else than comes out: make snapshots"
