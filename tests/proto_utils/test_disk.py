"""The operations of the file system, and what they do where the system lacks one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from proto_utils import disk


def test_every_operation_is_there():
    assert all(callable(getattr(disk, name)) for name in disk.OPERATIONS)


def test_what_is_there_is_not_made_again(tmp_path: Path):
    path = str(tmp_path / "x")
    for through in (True, False):
        fd = disk.create(path, through=through)
        assert disk.write(fd, memoryview(b"text")) == 4
        disk.truncate(fd, 2)
        disk.sync(fd)
        os.close(fd)
        with pytest.raises(FileExistsError):
            disk.create(path)
        assert Path(path).read_bytes() == b"te"
        disk.unlink(path)


def test_a_symbolic_link_is_not_written_through(tmp_path: Path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="link"):
        disk.create(str(tmp_path / "link"))
    with pytest.raises(OSError, match="link"):
        disk.open_lock(str(tmp_path / "link"))
    assert not (tmp_path / "target").exists()


def test_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file, link, other = (str(tmp_path / name) for name in ("file", "link", "other"))
    Path(file).write_text("x")
    assert disk.symlink(file, link)
    assert disk.link(link, other)
    assert os.path.islink(other)
    assert not disk.link(file, other)
    monkeypatch.setattr(disk, "_link", None)
    monkeypatch.setattr(disk, "_symlink", None)
    assert not disk.link(file, str(tmp_path / "new"))
    assert not disk.symlink(file, str(tmp_path / "new"))


def test_what_cannot_be_synced_looks_after_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    disk.sync_directory(str(tmp_path))
    disk.sync_directory(str(tmp_path / "nowhere"))
    (tmp_path / "x").touch()
    disk.sync_file(str(tmp_path / "x"))
    with pytest.raises(FileNotFoundError):
        disk.sync_file(str(tmp_path / "y"))
    for number, raises in ((errno.EINVAL, False), (errno.EIO, True)):
        error = OSError(number, "no")
        monkeypatch.setattr(os, "fsync", lambda _, error=error: (_ for _ in ()).throw(error))
        if raises:
            with pytest.raises(OSError, match="no"):
                disk.sync_directory(str(tmp_path))
        else:
            disk.sync_directory(str(tmp_path))


def test_names_are_exchanged_or_not(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    done = disk.exchange(str(tmp_path / "a"), str(tmp_path / "b"))
    assert os.listdir(tmp_path / "a") == (["b"] if done else ["a"])
    assert not disk.exchange(str(tmp_path / "a"), str(tmp_path / "nowhere"))


def test_removing_leaves_what_links_lead_to(tmp_path: Path):
    kept = tmp_path / "kept"
    (kept / "deep").mkdir(parents=True)
    (kept / "file").touch()
    away = tmp_path / "away"
    (away / "deep").mkdir(parents=True)
    (away / "deep" / "file").touch()
    (away / "link").symlink_to(kept)
    (away / "deep" / "link").symlink_to(kept / "file")
    disk.remove(str(away))
    assert sorted(os.listdir(tmp_path)) == ["kept"]
    assert sorted(os.listdir(kept)) == ["deep", "file"]
    (tmp_path / "link").symlink_to(kept)
    disk.remove(str(tmp_path / "link"))
    assert kept.is_dir()


def test_a_scratch_file_goes():
    with disk.scratch_file() as file:
        file.write(b"x")
        assert os.path.exists(file.name)
    assert not os.path.exists(file.name)
