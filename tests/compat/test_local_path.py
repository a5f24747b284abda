"""file:// paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.compat.local_path import local_path


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/a/b", "/a/b"),
        ("a/b", "a/b"),
        ("", ""),
        (Path("/a"), "/a"),
        (b"/a", "/a"),
        ("file:///a/b c", "/a/b c"),
        (b"file:///a", "/a"),
        ("file://host/a", "/a"),
        ("file://", "/"),
        ("file:/a", "file:/a"),
        ("gs://bucket/a", "gs://bucket/a"),
    ],
)
def test_scheme_and_host_go(given, path):
    assert local_path(given) == path
