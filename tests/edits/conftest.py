"""A command line in this process, and a checkpoint for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from graphsurgeon.cli.run import run
from graphsurgeon.formats.save import save_checkpoint
from tests.models import floats


class Done(NamedTuple):
    """How a command line ended."""

    code: int
    out: str


@pytest.fixture
def verb(capsys) -> Callable[..., Any]:
    """Run a command line."""

    def call(*arguments: object) -> Done:
        capsys.readouterr()
        code = run([str(each) for each in arguments])
        return Done(code, capsys.readouterr().out)

    return call


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint of two vectors."""
    save_checkpoint({"w": floats(1, 2), "v": floats(3)}, tmp_path / "in")
    return tmp_path / "in"
