"""Missing parents and hidden names."""

from __future__ import annotations

import glob
import os
import zipfile
from pathlib import Path

import pytest

from proto_utils import places
from proto_utils.places import hidden_beside, is_directory_name, make_parents, paths_after, real_place


def test_parents_are_made_and_noted(tmp_path):
    made: list[str] = []
    make_parents(str(tmp_path / "a" / "b"), made)
    assert made == [str(tmp_path / "a"), str(tmp_path / "a" / "b")]
    make_parents(str(tmp_path / "a" / "b"), made)
    make_parents("", made)
    assert len(made) == 2


def test_what_was_made_before_a_failure_is_noted(tmp_path, monkeypatch):
    made: list[str] = []
    mkdir = os.mkdir

    def failing(path, *more):
        if path.endswith("b"):
            raise PermissionError(path)
        mkdir(path, *more)

    monkeypatch.setattr(os, "mkdir", failing)
    with pytest.raises(PermissionError):
        make_parents(str(tmp_path / "a" / "b"), made)
    assert made == [str(tmp_path / "a")]


def test_a_directory_that_somebody_else_makes_meanwhile(tmp_path, monkeypatch):
    made: list[str] = []
    mkdir = os.mkdir

    def twice(path, *more):
        mkdir(path, *more)
        raise FileExistsError(path)

    monkeypatch.setattr(os, "mkdir", twice)
    make_parents(str(tmp_path / "a"), made)
    assert made == []


def test_a_file_is_no_parent(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_parents(str(tmp_path / "file"), [])


def test_hidden_names_are_new_and_short():
    names = {hidden_beside(f"d/{'x' * 250}", "tmp") for _ in range(10)}
    assert len(names) == 10
    for name in names:
        directory, base = os.path.split(name)
        assert (directory, base[0], base[-4:]) == ("d", ".", ".tmp")
        assert len(base) < 255


def test_where_a_path_is(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "other").symlink_to("file")
    assert real_place(tmp_path / "link" / "other") == str(tmp_path / "real" / "other")


def test_names_of_directories():
    assert all(map(is_directory_name, ("a/", "a//", "a/.", "a/..", ".", "..", "/")))
    assert not any(map(is_directory_name, ("", "a", "a/b", "a/.b", "a/b.", "...")))


def test_paths_that_begin_with_a_prefix(tmp_path, monkeypatch):
    for name in ("m.data-1", "m.data-2", "m.data-2x", "mm.data-1", "[m].data-1"):
        (tmp_path / name).touch()
    assert paths_after(f"{tmp_path}/m", r"\.data-\d") == [f"{tmp_path}/m.data-1", f"{tmp_path}/m.data-2"]
    assert paths_after(f"{tmp_path}/[m]", r"\.data-\d") == [f"{tmp_path}/[m].data-1"]
    assert paths_after(f"{tmp_path}/nowhere/m", ".*") == []
    monkeypatch.chdir(tmp_path)
    assert paths_after("m", r"\.data-\d") == ["m.data-1", "m.data-2"]


def test_questions_have_the_answers_of_python(tmp_path: Path):
    (tmp_path / "d").mkdir()
    (tmp_path / "f").write_bytes(b"abc")
    (tmp_path / "l").symlink_to("none")
    for name in ("d", "f", "l", "none"):
        path = str(tmp_path / name)
        for question in ("isfile", "isdir", "exists", "lexists", "islink"):
            assert getattr(places, question)(path) == getattr(os.path, question)(path), (name, question)
    assert places.getsize(tmp_path / "f") == 3
    assert sorted(places.listdir(tmp_path)) == ["d", "f", "l"]
    assert places.files_in(str(tmp_path)) == ["f"]
    assert places.getmtime(tmp_path / "f") == os.path.getmtime(tmp_path / "f")
    assert [*places.walk(str(tmp_path))] == [*os.walk(tmp_path)]
    assert places.abspath("x") == os.path.abspath("x")
    assert places.realpath(str(tmp_path / "d")) == os.path.realpath(tmp_path / "d")
    assert sorted(places.glob(f"{tmp_path}/**/?")) == sorted(glob.glob(f"{tmp_path}/**/?", recursive=True))


def test_questions_about_archives(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        for name in ("x", "d/y", "d/e/z"):
            archive.writestr(name, name)
    place = f"{tmp_path}/m.zip!"
    assert (places.isfile(f"{place}x"), places.isdir(f"{place}d"), places.exists(f"{place}d/e/z")) == (True,) * 3
    assert (places.isfile(f"{place}d"), places.exists(f"{place}none"), places.islink(f"{place}x")) == (False,) * 3
    assert (places.getsize(f"{place}d/y"), places.listdir(f"{place}d"), places.files_in(f"{place}d")) == (
        3,
        ["e", "y"],
        ["y"],
    )
    os.utime(tmp_path / "m.zip", (5, 7))
    assert places.getmtime(f"{place}d/y") == places.getmtime(f"{place}") == 7
    assert [*places.walk(f"{place}d")] == [(f"{place}d", ["e"], ["y"]), (f"{place}d/e", [], ["z"])]
    assert [*places.walk(f"{place}none")] == []
    assert places.glob(f"{place}d/*/?") == [f"{place}d/e/z"]
    assert places.matching(f"{place}d", "y*") == [f"{place}d/y"]
    assert places.paths_after(f"{place}d/", "[a-z]") == [f"{place}d/e", f"{place}d/y"]
    assert places.isabs("https://h/x")
    assert places.abspath("s3://b/x") == places.realpath("s3://b/x") == "s3://b/x"


def test_what_is_there_is_removed_here_and_in_a_store(tmp_path: Path):
    fsspec = pytest.importorskip("fsspec", reason="sources at URLs need the extra `remote`")
    fs = fsspec.filesystem("memory")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "x").touch()
    fs.pipe("/removed/d/x", b"")
    for root in (str(tmp_path), "memory://removed"):
        places.remove(f"{root}/none")
        assert places.isfile(f"{root}/d/x")
        places.remove(f"{root}/d")
        places.look_again(f"{root}/d/x")
        assert not places.exists(f"{root}/d/x")


def test_a_version_is_that_of_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """However long a store's answers are remembered."""
    fs = pytest.importorskip("fsspec", reason="sources at URLs need the extra `remote`").filesystem("memory")
    from proto_utils.remote.store import Store

    monkeypatch.setattr(Store, "memory_seconds", 2.0)
    for root, write in ((str(tmp_path), disk_write), ("memory://versions", fs.pipe)):
        write(f"{root}/x".removeprefix("memory:/"), b"theirs")
        before = places.version(f"{root}/x")
        assert before == places.version(f"{root}/x")
        write(f"{root}/x".removeprefix("memory:/"), b"mine")
        assert places.version(f"{root}/x") != before
    fs.rm("/versions", recursive=True)
    with pytest.raises(FileNotFoundError):
        places.version("memory://versions/x")


def disk_write(path: str, data: bytes) -> None:
    Path(path).write_bytes(data)
