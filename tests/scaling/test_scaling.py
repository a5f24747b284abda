"""Four times the input: at most five times the work, of every verb, whatever it is that is large.

`inputs` are large in one way each. A command runs on a small and on a larger one, and its work is counted, see `work`.
To be quick, each input has some of its family's commands, others than the input before it, so that every verb is looked
at with several. With ``GRAPHSURGEON_SCALING=all`` all are run, which takes half an hour.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import sys
from pathlib import Path

import pytest

from graphsurgeon.cli import run as program
from tests.fuzz.commands import COMMANDS, fill_in
from tests.fuzz.seeds import Seed
from tests.scaling.inputs import INPUTS
from tests.scaling.work import count

MAX_GROWTH = 5
_IS_WHOLE = os.environ.get("GRAPHSURGEON_SCALING") == "all"
_NUM_COMMANDS = 8
#: Nodes and messages of more than about a kilobyte are read in another way, which is more work for each byte of them:
#: the small one has to be larger than that too.
_SIZES = {
    "attrs": 400,
    "outputs": 400,
    "strings": 400,
    "inputs": 4000,
    "control inputs": 300,
    "fan": 300,
    "variables": 400,
}
_SIZE = 50


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scaling")


def _commands(name: str, family: str) -> list[list[str]]:
    always, sometimes = COMMANDS[family]
    lines = [*always, *sometimes]
    return lines if _IS_WHOLE else random.Random(name).sample(lines, min(_NUM_COMMANDS, len(lines)))


def _written(name: str, size: int, directory: Path) -> Seed:
    shutil.rmtree(directory, ignore_errors=True)
    (directory / "in").mkdir(parents=True)
    seed = INPUTS[name](size, directory / "in")
    shutil.copytree(directory / "in", directory / "sound")
    return seed


def _run(line: list[str], seed: Seed, directory: Path) -> int:
    shutil.rmtree(directory / "out", ignore_errors=True)
    (directory / "out").mkdir()
    node = "w0" if seed.family == "checkpoint" else "x"
    out = io.TextIOWrapper(io.BytesIO(), errors="backslashreplace")
    codes, num_modules = [], len(sys.modules)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        arguments = fill_in(line, seed, str(directory), node)
        counted = count(lambda: codes.append(program.run(arguments)))
    assert 0 <= codes[0] <= program.IO, line
    # The first time something may be imported, which is no work that grows.
    return counted if len(sys.modules) == num_modules else _run(line, seed, directory)


@pytest.mark.parametrize("name", INPUTS)
def test_work_is_in_proportion(name: str, directory: Path):
    size = _SIZES.get(name.removesuffix(" as text"), _SIZE)
    small, large = directory / "small", directory / "large"
    seed = _written(name, size, small)
    _written(name, 4 * size, large)
    grown = []
    for line in _commands(name, seed.family):
        # What is done once only makes the first of them more, which is the large one, and it may be run again.
        more, less = _run(line, seed, large), _run(line, seed, small)
        if more > MAX_GROWTH * less:
            more = _run(line, seed, large)
        if more > MAX_GROWTH * less:
            grown.append((f"{more / less:.1f}", less, more, " ".join(line)))
    assert grown == []


def test_what_is_counted():
    """Lines of ours, and calls: as many for each."""

    def work(size: int) -> int:
        return count(lambda: [abs(number) for number in range(size)])

    assert work(4000) - work(0) == 4 * (work(1000) - work(0)) > 0
