"""Files by pattern."""

from __future__ import annotations

import pytest

from graphsurgeon.compat.checkpoint.matching import checkpoint_files, matching_files


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("m-1.index", "m-2.index", "v1", "s-00000-of-00002", "s-00001-of-00002", "a[1].index"):
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()


def test_matching():
    assert matching_files("v1") == ["v1"]
    assert matching_files("m-?.index") == ["m-1.index", "m-2.index"]
    assert matching_files("m-[2-9].index") == ["m-2.index"]
    assert matching_files("sub") == ["sub"]
    for none in ("", "v2", "nowhere/v1", "sub/*", "v"):
        assert matching_files(none) == []


def test_a_name_that_looks_like_a_pattern_is_found():
    assert matching_files("a[1].index") == ["a[1].index"]


def test_a_directory_that_is_there_is_no_pattern(tmp_path):
    for name in ("run[1]", "run1"):
        (tmp_path / name).mkdir()
    (tmp_path / "run1" / "m-1.index").touch()
    assert matching_files("run[1]/m-?.index") == []
    (tmp_path / "run[1]" / "m-2.index").touch()
    assert matching_files("run[1]/m-?.index") == ["run[1]/m-2.index"]
    assert matching_files("run[12]/m-?.index") == ["run1/m-1.index"]


def test_checkpoint_files():
    assert checkpoint_files("m-1") == ["m-1.index"]
    assert checkpoint_files("v1") == ["v1"]
    assert checkpoint_files("s-?????-of-00002") == ["s-00000-of-00002", "s-00001-of-00002"]
    assert checkpoint_files("s") == []
