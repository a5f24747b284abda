"""Pipes, devices, directories and links that lead nowhere where a checkpoint has files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from graphsurgeon.errors import GraphSurgeonError
from graphsurgeon.formats.load import load_checkpoint
from tests.formats.bundle_files import save, strings
from tests.hostile_indexes import files, scoped, values, write_index


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A checkpoint that is there already, for edits to write over."""
    return save(tmp_path / "out" / "y", {"old": strings(b"value")})


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _directory(path: Path) -> None:
    path.mkdir()


def _gone(path: Path) -> None:
    path.symlink_to(path.with_name("gone"))


KINDS: dict[str, Callable[[Path], None]] = {
    "pipe": _fifo, "loop": _loop, "device": _device, "directory": _directory, "dangling link": _gone,
}  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes that have names")
class TestOtherThanFiles:
    @pytest.mark.parametrize("make", KINDS.values(), ids=KINDS.keys())
    @pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
    def test_in_the_source(self, make, suffix, tmp_path, out):
        """Nobody waits for them or reads without end."""
        write_index(tmp_path / "x")
        before = files(out.parent)
        Path(f"{tmp_path}/x{suffix}").unlink()
        make(Path(f"{tmp_path}/x{suffix}"))
        with pytest.raises((GraphSurgeonError, OSError)):
            scoped(tmp_path / "x", out)
        assert files(out.parent) == before

    @pytest.mark.parametrize("make", KINDS.values(), ids=KINDS.keys())
    def test_in_the_way(self, make, tmp_path):
        """What stands where a file of the output goes is replaced, never written to; but a directory is not."""
        write_index(tmp_path / "x")
        (tmp_path / "out").mkdir()
        for suffix in (".index", ".data-00000-of-00001"):
            make(Path(f"{tmp_path}/out/y{suffix}"))
        if make is _directory:
            with pytest.raises(FileExistsError):
                scoped(tmp_path / "x", tmp_path / "out" / "y")
            assert len(list((tmp_path / "out").iterdir())) == 2
            return
        for links in ("hard", "never"):
            scoped(tmp_path / "x", tmp_path / "out" / "y", links=links)
            assert {
                name.removeprefix("my/"): value for name, value in values(tmp_path / "out" / "y").items()
            } == values(tmp_path / "x")
            assert not any(path.is_symlink() or path.is_fifo() for path in (tmp_path / "out").iterdir())

    @pytest.mark.parametrize("make", [_fifo, _device])
    def test_for_a_state_file(self, make, tmp_path):
        """It is not one, and saving beside it makes one."""
        write_index(tmp_path / "x")
        make(tmp_path / "checkpoint")
        assert load_checkpoint(tmp_path).keys() == load_checkpoint(tmp_path / "x").keys()
        scoped(tmp_path / "x", tmp_path / "y")
        assert load_checkpoint(tmp_path).keys() == load_checkpoint(tmp_path / "y").keys()
