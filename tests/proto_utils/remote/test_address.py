"""The grammar of places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proto_utils.remote.address import absolute, home_of, is_elsewhere, is_url, scheme_of, spelled, split_member


@pytest.mark.parametrize("path", ["https://h/x", "s3://b/x", "memory://x", "abfs+x://c/x", "S3://b/x", "file:///x"])
def test_urls(path: str):
    assert is_url(path)
    assert is_elsewhere(path)
    assert absolute(path) == path


@pytest.mark.parametrize(
    "path", ["x", "/a/b", "a:/b", "C://x", "a/http://x", "://x", "x!y", "x.tar", "", "x.pb!", b"s3://b/x"]
)
def test_files_of_this_machine(path: str):
    assert not is_elsewhere(path)


def test_scheme_is_in_small_letters():
    assert (scheme_of("S3://b/x"), scheme_of("x")) == ("s3", "")


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("m.tar!a/b", ("m.tar", "a/b")),
        ("m.tar!/a/b", ("m.tar", "a/b")),
        ("m.TAR.GZ!b", ("m.TAR.GZ", "b")),
        ("https://h/m.tgz!b", ("https://h/m.tgz", "b")),
        ("m!.zip!b!c", ("m!.zip", "b!c")),
        ("m.zip!", ("m.zip", "")),
        ("m.rar!b", None),
        ("m.zip", None),
    ],
)
def test_members(path: str, parts: tuple[str, str] | None):
    assert split_member(path) == parts
    assert is_elsewhere(path) == (parts is not None)


def test_a_file_of_such_a_name_is_that_file(tmp_path: Path):
    path = tmp_path / "m.zip!b"
    assert is_elsewhere(path)
    path.touch()
    assert not is_elsewhere(path)


def test_the_directory_of_what_is_spelled():
    assert os.path.split(spelled("d/m.tar!m.ckpt")) == ("d/m.tar!", "m.ckpt")
    assert os.path.split(spelled("d/m.tar!e/m.ckpt")) == ("d/m.tar!e", "m.ckpt")
    assert spelled("m.tar!") == "m.tar!"
    assert spelled("d/m!ckpt") == "d/m!ckpt"


def test_stores():
    assert home_of("S3://bucket/a/b") == home_of("s3://bucket/c") == "s3://bucket"
    assert home_of("s3://bucket/a") != home_of("s3://other/a")
    assert home_of("https://h/a.tar!b") == home_of("https://h/a.tar!c") == "https://h/a.tar"
    assert home_of("a/b") == home_of("/c") == ""


def test_absolute_member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert absolute("m.tar!b") == str(tmp_path / "m.tar!b")
