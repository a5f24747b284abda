"""Running verbs: in this process for most tests, as a program where the process matters."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from graphsurgeon.cli.run import run
from graphsurgeon.formats.save import save_checkpoint
from tests.models import floats, frozen, meta_graph


class Done(NamedTuple):
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """The one object on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error object on stderr."""
        return json.loads(self.err)["error"]


Verb = Callable[..., Done]
Snapshot = Callable[[str, str], None]

#: What the command line shows, as it is in review: texts of what people see, stored by `make snapshots`.
SNAPSHOTS = Path(__file__).with_name("snapshots")


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Snapshot:
    """Compare a text with the stored one, ``snapshots/NAME.txt``; with ``--write-snapshots`` store it."""
    is_writing = request.config.getoption("--write-snapshots")

    def check(name: str, text: str) -> None:
        file = SNAPSHOTS / f"{name}.txt"
        if is_writing:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        stored = file.read_text(encoding="utf-8") if file.exists() else ""
        assert text == stored, f"{file.name} is not what is seen now; if that is right: make snapshots"

    return check


@pytest.fixture
def verb(capsys) -> Verb:
    """Run a command line in this process."""

    def call(*arguments: object) -> Done:
        capsys.readouterr()
        code = run([str(each) for each in arguments])
        seen = capsys.readouterr()
        return Done(code, seen.out, seen.err)

    return call


@pytest.fixture
def program(root: Path) -> Verb:
    """Run a command line as a program."""

    def call(*arguments: object, **options: Any) -> Done:
        command = [sys.executable, "-m", "graphsurgeon", *map(str, arguments)]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, **options)
        return Done(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A frozen graph."""
    (tmp_path / "frozen.pb").write_bytes(frozen().SerializeToString())
    return tmp_path / "frozen.pb"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint with its .meta."""
    prefix = tmp_path / "ckpt" / "m.ckpt"
    save_checkpoint({"w": floats(5, 6), "dense/kernel": floats(7)}, prefix)
    prefix.with_name("m.ckpt.meta").write_bytes(meta_graph().SerializeToString())
    return prefix
