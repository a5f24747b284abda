"""Directories appear whole or not at all, and whatever fails leaves the old one as it was."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from proto_utils import disk
from proto_utils.errors import OutputExistsError
from proto_utils.files import FileSource, Span
from proto_utils.output_directory import DirectoryTransaction
from tests.proto_utils.directories import contents


def write(target: Path, text: str, *, overwrite: bool = False, then: BaseException | None = None) -> None:
    """Write a directory of two files, one of them further down; end by an exception if one is given."""
    with DirectoryTransaction(target, overwrite=overwrite) as transaction:
        for name in ("a", "deep/b"):
            transaction.files.create(os.path.join(transaction.directory, name)).write(text.encode())
        if then is not None:
            raise then


@pytest.fixture(params=["exchange", "step aside"])
def swap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without a system call that exchanges two names."""
    if request.param == "step aside":
        monkeypatch.setattr(disk, "exchange", lambda *_: False)


def test_directory_appears_when_the_block_is_left(tmp_path: Path):
    with DirectoryTransaction(tmp_path / "new" / "out") as transaction:
        transaction.files.create(os.path.join(transaction.directory, "a")).write(b"one")
        assert not (tmp_path / "new" / "out").exists()
    assert contents(tmp_path) == {"new/out/a": "one"}


def test_an_exception_leaves_nothing_not_even_parents(tmp_path: Path):
    with pytest.raises(KeyError):
        write(tmp_path / "new" / "out", "x", then=KeyError())
    assert list(tmp_path.iterdir()) == []


def test_an_empty_directory_is_as_good_as_none(tmp_path: Path):
    (tmp_path / "out").mkdir()
    write(tmp_path / "out", "x")
    assert contents(tmp_path) == {"out/a": "x", "out/deep/b": "x"}


def test_what_exists_is_not_replaced_unasked(tmp_path: Path):
    write(tmp_path / "out", "old")
    (tmp_path / "file").write_text("old")
    with pytest.raises(OutputExistsError):
        write(tmp_path / "out", "new")
    with pytest.raises(OutputExistsError) as caught:
        write(tmp_path / "file", "new", overwrite=True)
    assert "is a file" in str(caught.value.hint)
    assert contents(tmp_path) == {"file": "old", "out/a": "old", "out/deep/b": "old"}


@pytest.mark.usefixtures("swap")
def test_old_directory_goes_as_a_whole(tmp_path: Path):
    write(tmp_path / "out", "old")
    (tmp_path / "out" / "more").write_text("old")
    os.chmod(tmp_path / "out", 0o750)
    write(tmp_path / "out", "new", overwrite=True)
    assert contents(tmp_path) == {"out/a": "new", "out/deep/b": "new"}
    assert stat.S_IMODE(os.stat(tmp_path / "out").st_mode) == 0o750


@pytest.mark.usefixtures("swap")
def test_output_may_be_the_input(tmp_path: Path):
    write(tmp_path / "out", "old")
    source = FileSource(tmp_path / "out" / "a")
    with DirectoryTransaction(tmp_path / "out", overwrite=True) as transaction:
        sink = transaction.files.create(os.path.join(transaction.directory, "copy"))
        for chunk in Span(source, 0, source.size).chunks():
            sink.write(chunk)
    assert contents(tmp_path) == {"out/copy": "old"}
    assert source.read(0, 3) == b"old"


@pytest.mark.usefixtures("swap")
def test_an_exception_leaves_the_old_directory(tmp_path: Path):
    write(tmp_path / "out", "old")
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "out", "new", overwrite=True, then=KeyboardInterrupt())
    assert contents(tmp_path) == {"out/a": "old", "out/deep/b": "old"}


def test_a_failing_rename_puts_the_old_directory_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path / "out", "old")
    rename = disk.rename

    def refuse_new(source: str, target: str) -> None:
        if source.endswith(".tmp"):
            raise OSError(28, "No space left on device")
        rename(source, target)

    monkeypatch.setattr(disk, "exchange", lambda *_: False)
    monkeypatch.setattr(disk, "rename", refuse_new)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "out", "new", overwrite=True)
    assert contents(tmp_path) == {"out/a": "old", "out/deep/b": "old"}


def test_links_to_directories_are_followed(tmp_path: Path):
    write(tmp_path / "real", "old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link", "new", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "a").read_text() == "new"


@pytest.mark.parametrize(
    ("step", "swaps"),
    [
        ("output_directory._sync_tree", True),
        ("disk.exchange", True),
        ("disk.remove", True),
        ("disk.rename", False),
        ("disk.remove", False),
    ],
)
def test_a_killed_process_leaves_a_whole_directory(tmp_path: Path, step: str, swaps: bool):
    """Killed before any step of putting it in place, what is found is all old or all new."""
    write(tmp_path / "out", "old")
    code = f"""
import os, shutil, sys
from pathlib import Path
from proto_utils import disk, output_directory
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.proto_utils.test_output_directory import write
if not {swaps}:
    disk.exchange = lambda *_: False
{step} = lambda *_, **__: os._exit(9)
write(Path(sys.argv[1]), "new", overwrite=True)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], check=False)
    assert done.returncode == 9
    assert contents(tmp_path / "out") in ({"a": text, "deep/b": text} for text in ("old", "new"))


@pytest.mark.skipif(sys.platform != "linux", reason="names are exchanged in one step on Linux only")
def test_a_watcher_never_misses_the_directory(tmp_path: Path):
    """Exchanging is one step: a process that looks all the time always finds a whole directory."""
    write(tmp_path / "out", "0")
    watch = (
        "import pathlib, sys\nout = pathlib.Path(sys.argv[1])\nprint('ready', flush=True)\n"
        "while True:\n    text = (out / 'a').read_text()\n    if text == 'end':\n        break\n"
    )
    watcher = subprocess.Popen(
        [sys.executable, "-c", watch, str(tmp_path / "out")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert watcher.stdout is not None
    watcher.stdout.readline()
    for number in range(200):
        write(tmp_path / "out", str(number), overwrite=True)
    write(tmp_path / "out", "end", overwrite=True)
    _, errors = watcher.communicate(timeout=30)
    assert (watcher.returncode, errors) == (0, "")
