"""The code blocks of the README and of the documentation do what they say.

Python and console blocks run, in order, in a directory of their page in which there is what the first block of the
README makes: `fixtures/` as the clone has it, and a frozen graph.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from graphsurgeon.cli.group import cli
from tests.conftest import ROOT

FROZEN = "mobile_cnn.pb"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MATCH = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass
class Block:
    """One fenced block: its language, its text, the line it starts on."""

    language: str
    text: str
    line: int

    @property
    def needs_tensorflow(self) -> bool:
        return "import tensorflow" in self.text


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a Markdown text."""
    return [Block(hit[1], hit[2], text.count("\n", 0, hit.start()) + 1) for hit in BLOCK.finditer(text)]


def steps(block: Block) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output shown for it ("" when none is shown)."""
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not parts[0], f"line {block.line}: a console block starts with a command"
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts[1:]]


def run(command: list[str] | str, directory: Path) -> str:
    """Run one command in the directory, with this Python as `python`, and return its output."""
    shims = {"python": f'exec "{sys.executable}" "$@"', "graphsurgeon": f'exec "{sys.executable}" -m graphsurgeon "$@"'}
    for name, line in shims.items():
        path = directory / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)
    search = f"{directory / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        shell=isinstance(command, str),
        cwd=directory,
        env={**os.environ, "PATH": search, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def run_block(block: Block, directory: Path, tensorflow: str | None) -> None:
    """Run one block and compare what it prints with what the README shows."""
    if block.language == "python" and (not block.needs_tensorflow or tensorflow):
        python = tensorflow if block.needs_tensorflow and tensorflow else sys.executable
        run([python, "-c", block.text], directory)
    if block.language == "console":
        for command, shown in steps(block):
            printed = run(command, directory)
            assert not shown or doctest.OutputChecker().check_output(shown, printed, MATCH), printed


@pytest.fixture
def directory(tmp_path: Path, fixtures: Path) -> Path:
    """A directory that holds what the pages call `frozen.pb`."""
    shutil.copy(fixtures / FROZEN, tmp_path / "frozen.pb")
    (tmp_path / "fixtures").symlink_to(fixtures)
    return tmp_path


def blocks_of(page: str) -> list[Block]:
    return blocks((ROOT / page).read_text(encoding="utf-8"))


#: The README and the pages of the documentation that have something to run; tests/test_docs.py runs these two folders.
OTHERS = ("docs/how-to/", "docs/tutorials/")
PAGES = [
    page
    for page in ("README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")))
    if not page.startswith(OTHERS) and any(block.language in ("python", "console") for block in blocks_of(page))
]
WITH_TENSORFLOW = [page for page in PAGES if any(block.needs_tensorflow for block in blocks_of(page))]


@pytest.mark.parametrize("page", PAGES)
def test_page_runs(directory: Path, page: str):
    for block in blocks_of(page):
        run_block(block, directory, None)


@pytest.mark.tf
@pytest.mark.parametrize("page", WITH_TENSORFLOW)
def test_page_runs_with_tensorflow(directory: Path, page: str):
    python = os.environ.get("GRAPHSURGEON_TF_PYTHON") or sys.executable
    if subprocess.run([python, "-c", "import tensorflow"], capture_output=True, check=False).returncode:
        pytest.skip("TensorFlow 2.21 not found: pip install tensorflow-cpu==2.21.0, or set GRAPHSURGEON_TF_PYTHON")
    for block in blocks_of(page):
        run_block(block, directory, python)


def test_readme_has_something_to_run():
    languages = [block.language for block in blocks_of("README.md")]
    assert languages.count("python") >= 2
    assert languages.count("console") >= 2


def test_the_readme_begins_with_what_newcomers_do():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert sections == ["Install", "The main job", "Train it", "The library", "Measured", "Command line", "More"]
    assert len(text.splitlines()) <= 200, "what is longer is a page in docs/"


@pytest.mark.parametrize(
    "text",
    [
        "```python\nraise SystemExit(3)\n```\n",
        "```console\n$ python -c 'raise SystemExit(3)'\n```\n",
        "```console\n$ echo one\ntwo\n```\n",
        "```console\n$ echo one\none\n$ python -c 'print(1)'\n2\n```\n",
    ],
)
def test_runner_fails_when_a_block_does(tmp_path: Path, text: str):
    (block,) = blocks(text)
    with pytest.raises(AssertionError):
        run_block(block, tmp_path, None)


def test_runner_accepts_elided_output(tmp_path: Path):
    (block,) = blocks("```console\n$ echo one two three\none ... three\n```\n")
    run_block(block, tmp_path, None)


@pytest.mark.parametrize(("page", "head"), [("README.md", "\n## Command line\n"), ("docs/verbs.md", "# Verbs\n")])
def test_every_verb_is_in_the_table(page: str, head: str):
    """The README names them all, `docs/verbs.md` says what each does."""
    section = (ROOT / page).read_text(encoding="utf-8").partition(head)[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith(("| ", "Drop-ins"))]
    listed = {verb for line in rows for verb in re.findall(r"`([a-z][\w-]*)", line)}
    assert set(cli.list_commands(click.Context(cli))) <= listed


def test_links_lead_somewhere():
    """Also for who reads the pages in the repository, where those that the site makes are not there."""
    folders = ("docs", "examples", "benchmarks", "findings", "fixtures")
    pages = [*ROOT.glob("*.md"), *(path for folder in folders for path in (ROOT / folder).rglob("*.md"))]
    assert len(pages) > 100
    for page in pages:
        targets = re.findall(r'(?:\]\(|src="|srcset=")([^)"#\s]+)', page.read_text(encoding="utf-8"))
        relative = [target for target in targets if not target.startswith("http")]
        assert [target for target in relative if not (page.parent / target).is_file()] == [], page
