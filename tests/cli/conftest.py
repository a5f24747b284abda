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
