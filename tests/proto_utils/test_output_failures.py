"""Whatever fails while files are written and put in place leaves everything as it was."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from proto_utils import disk
from proto_utils.files import FileSource
from proto_utils.output import Transaction
from tests.proto_utils.directories import contents
from tests.proto_utils.outputs import ROLES, create, renames, write_all


@pytest.fixture(params=["hard links", "no hard links"])
def links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without what back-ups are made of."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "no hard links on this file system")

    if request.param == "no hard links":
        monkeypatch.setattr(disk, "_link", refuse)


def test_an_exception_leaves_nothing_not_even_directories(tmp_path: Path):
    with pytest.raises(KeyError):
        create(tmp_path / "new" / "deep" / "a", tmp_path / "b", then=KeyError())
    assert list(tmp_path.iterdir()) == []


def test_directories_that_others_filled_meanwhile_stay(tmp_path: Path):
    def write() -> None:
        with Transaction() as transaction:
            transaction.create(tmp_path / "new" / "a")
            (tmp_path / "new" / "other").write_text("theirs")
            raise KeyError

    with pytest.raises(KeyError):
        write()
    assert contents(tmp_path) == {"new/other": "theirs"}


@pytest.mark.usefixtures("links")
def test_replacing_leaves_the_new_files_and_nothing_else(tmp_path: Path):
    write_all(tmp_path, "old")
    write_all(tmp_path, "new")
    assert contents(tmp_path) == dict.fromkeys(("data", "index", "meta", "state"), "new")


def attempt(directory: Path) -> OSError | None:
    try:
        write_all(directory, "new")
    except OSError as error:
        return error
    return None


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize("existing", [True, False])
def test_every_step_of_putting_in_place_may_fail(tmp_path: Path, existing: bool):
    """Injecting a failure at the n-th step, for every n: the old files, all of them, and no others."""
    for step in range(1, 30):
        directory = tmp_path / str(step)
        directory.mkdir()
        if existing:
            write_all(directory, "old")
        before = contents(directory)
        with pytest.MonkeyPatch.context() as patch:
            calls = renames(patch, step)
            failure = attempt(directory)
        if failure is not None:
            assert failure.errno == errno.EIO
            assert contents(directory) == before, calls
            continue
        if len(calls) < step:
            break
        # Only removing a back-up failed, after the new files stood.
        assert {name: text for name, text in contents(directory).items() if name[0] != "."} == dict.fromkeys(
            ROLES, "new"
        )
    assert step > 4


def test_a_failure_while_finishing_leaves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_all(tmp_path, "old")
    monkeypatch.setattr(os, "fsync", lambda fd: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(OSError, match="full"):
        write_all(tmp_path, "new")
    assert contents(tmp_path) == dict.fromkeys(ROLES, "old")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_device_is_an_os_error():
    with pytest.raises(OSError, match="No space"):
        create(Path("/dev/full"))


def test_a_disk_that_fills_up_leaves_everything(tmp_path: Path, root: Path):
    """RLIMIT_FSIZE refuses the byte past the limit as a full disk does."""
    write_all(tmp_path, "old")
    code = (
        "import resource, sys\n"
        "from proto_utils.output import Transaction\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "with Transaction(overwrite=True) as t:\n"
        "    t.create(sys.argv[1] + '/new/deep').write(b'fine')\n"
        "    sink = t.create(sys.argv[1] + '/data')\n"
        "    {}\n"
    )
    for step in (
        "sink.preallocate(2 << 20)",
        "sink.write(bytes(2 << 20))",
        "[sink.write(bytes(999)) for _ in range(2000)]",
    ):
        command = [sys.executable, "-c", code.format(step), str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
        assert "File too large" in done.stderr
        assert contents(tmp_path) == dict.fromkeys(ROLES, "old")
        assert not (tmp_path / "new").exists()


def test_a_directory_that_refuses_files_leaves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # Tests may run as root, whom a read-only directory does not stop.
    real = os.open

    def refuse(path: str, *args: int) -> int:
        if "/locked/" in str(path):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path, *args)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError) as caught:
        create(tmp_path / "open" / "a", tmp_path / "locked" / "a")
    assert caught.value.filename == str(tmp_path / "locked" / "a")  # not that of its temp file
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["open", "mkdir", "link"])
def test_a_signal_that_comes_with_a_system_call_leaves_nothing(tmp_path: Path, monkeypatch, call: str):
    (tmp_path / "old").write_bytes(b"old")
    source, made = FileSource(tmp_path / "old"), []
    original = getattr(os, call)

    def interrupted(*args: object, **options: object) -> object:
        result = original(*args, **options)
        made.append(args)
        signal.raise_signal(signal.SIGINT)
        return result

    def work() -> None:
        with Transaction() as transaction:
            monkeypatch.setattr(*((disk, "_link") if call == "link" else (os, call)), interrupted)
            if call == "link":
                transaction.link(source, tmp_path)
            else:
                transaction.create(tmp_path / "new" / "file")

    with pytest.raises(KeyboardInterrupt):
        work()
    monkeypatch.undo()
    assert made
    assert os.listdir(tmp_path) == ["old"]


@pytest.mark.parametrize("is_placed", [False, True])
def test_it_goes_when_the_output_fails(tmp_path: Path, is_placed: bool):
    (tmp_path / "part").write_bytes(b"new")

    def write() -> None:
        with Transaction() as transaction:
            link = transaction.adopt(str(tmp_path / "part"))
            if is_placed:
                transaction.place(link, tmp_path / "data")
            raise KeyError

    with pytest.raises(KeyError):
        write()
    assert contents(tmp_path) == {}
