"""Missing parents and hidden names."""

from __future__ import annotations

import os

import pytest

from proto_utils.places import hidden_beside, is_directory_name, make_parents, real_place


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
