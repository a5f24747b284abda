"""One writer at a time: locks that end with the process, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from proto_utils import disk, locks
from proto_utils.errors import OutputBusyError
from proto_utils.locks import Lock, lock_path, lock_targets


@pytest.fixture(params=["flock", "by name"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Locks of the system, and where it has none."""
    if request.param == "by name":
        monkeypatch.setattr(disk, "flock", lambda _: None)
    return str(request.param)


@pytest.mark.usefixtures("kind")
def test_one_has_it_and_nothing_is_left(tmp_path: Path):
    target = str(tmp_path / "m")
    first, second = Lock(target), Lock(target)
    first.acquire()
    assert lock_targets(str(tmp_path)) == [target]
    with pytest.raises(OutputBusyError, match=rf"m: process {os.getpid()} on .* is writing to it") as caught:
        second.acquire()
    assert caught.value.lock == lock_path(target)
    assert not second.is_free()
    assert not second.is_free(dry_run=True)
    second.release()
    assert os.path.exists(lock_path(target))
    first.release()
    first.release()
    assert os.listdir(tmp_path) == []
    assert second.is_free()
    second.acquire()
    second.release()
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("kind")
def test_who_is_patient_waits(tmp_path: Path):
    target = str(tmp_path / "m")
    first, second = Lock(target), Lock(target)
    first.acquire()
    timer = threading.Timer(0.1, first.release)
    timer.start()
    second.acquire(patience=30)
    timer.join()
    second.release()
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.usefixtures("kind")
def test_the_lock_of_a_process_that_was_killed_is_stale(tmp_path: Path):
    lock = Lock(str(tmp_path / "m"))
    child = os.fork()
    if child == 0:
        lock.acquire()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert os.path.exists(lock.path)
    assert lock.is_free(dry_run=True)
    assert os.path.exists(lock.path) or os.name == "nt"
    lock.acquire(patience=5)
    lock.release()
    assert os.listdir(tmp_path) == []


def test_only_what_stands_in_a_lock_file_already_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real, cut = disk.truncate, list[int]()

    def noted(fd: int, nbytes: int) -> None:
        cut.append(nbytes)
        real(fd, nbytes)

    monkeypatch.setattr(disk, "truncate", noted)
    lock = Lock(str(tmp_path / "m"))
    lock.acquire()
    written = Path(lock.path).read_text()
    lock.release()
    assert not cut
    Path(lock.path).write_text(f"{1 << 40} {'x' * 100}")
    lock.acquire()
    assert Path(lock.path).read_text() == written
    lock.release()
    assert cut == [0]


def test_a_process_of_another_machine_is_not_known_to_be_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(disk, "flock", lambda _: None)
    lock = Lock(str(tmp_path / "m"))
    for text in ("4711 elsewhere", "4711", "", "no number"):
        Path(lock.path).write_text(text)
        with pytest.raises(OutputBusyError, match="is writing to it") as caught:
            lock.acquire()
        assert lock.path in str(caught.value.hint)
    Path(lock.path).write_text(f"{1 << 30} {locks._machine()}")
    with pytest.raises(OutputBusyError):
        # The first try removes it.
        lock.acquire()
    lock.acquire()
    lock.release()


def test_a_lock_file_that_its_owner_removes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    lock = Lock(str(tmp_path / "m"))
    real, times = disk.flock, list[int]()

    def removed(fd: int) -> bool | None:
        result = real(fd)
        if not times:
            os.unlink(lock.path)
        times.append(fd)
        return result

    monkeypatch.setattr(disk, "flock", removed)
    lock.acquire(patience=5)
    assert len(times) == 2
    assert os.path.exists(lock.path)
    lock.release()


def test_a_directory_that_is_not_there(tmp_path: Path):
    with pytest.raises(FileNotFoundError) as caught:
        Lock(str(tmp_path / "nowhere" / "m")).acquire()
    assert caught.value.filename == str(tmp_path / "nowhere" / "m")


def test_a_full_disk_does_not_keep_from_locking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(disk, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    lock = Lock(str(tmp_path / "m"))
    lock.acquire()
    with pytest.raises(OutputBusyError, match="another process"):
        Lock(lock.target).acquire()
    lock.release()


def test_long_names(tmp_path: Path):
    lock = Lock(str(tmp_path / ("é" * 127)))
    lock.acquire()
    lock.release()
    assert os.listdir(tmp_path) == []


def test_four_processes_take_turns(tmp_path: Path, root: Path):
    (tmp_path / "counter").write_text("0")
    code = (
        "import sys\nfrom proto_utils.locks import Lock\n"
        "for _ in range(50):\n"
        "    lock = Lock(sys.argv[1])\n    lock.acquire(patience=60)\n"
        "    number = int(open(sys.argv[1]).read())\n"
        "    with open(sys.argv[1], 'w') as file:\n        file.write(str(number + 1))\n"
        "    lock.release()\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "counter")]
    processes = [subprocess.Popen(command, cwd=root) for _ in range(4)]
    assert [process.wait(timeout=120) for process in processes] == [0] * 4
    assert (tmp_path / "counter").read_text() == "200"
    assert os.listdir(tmp_path) == ["counter"]
