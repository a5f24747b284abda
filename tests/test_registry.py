"""Functions are found by their files."""

from __future__ import annotations

import pytest

from graphsurgeon import edits, passes
from graphsurgeon.registry import Registry


@pytest.mark.parametrize(("package", "name"), [(passes, "prune"), (edits, "select")], ids=["passes", "edits"])
def test_a_file_is_a_function_of_its_name(package, name):
    assert name in package.names()
    assert package.load(name).__name__ == name


def test_files_that_begin_with_an_underscore_are_none(tmp_path):
    for name in ("b.py", "a.py", "_c.py", "__init__.py", "d.txt"):
        (tmp_path / name).touch()
    assert Registry("somewhere", str(tmp_path / "__init__.py")).names() == ("a", "b")


def test_a_keyword_has_a_file_that_python_can_import(tmp_path):
    (tmp_path / "import_.py").touch()
    registry = Registry("somewhere", str(tmp_path / "__init__.py"))
    assert registry.names() == ("import",)
    assert registry.path("import") == str(tmp_path / "import_.py")


def test_unknown_name():
    with pytest.raises(KeyError):
        edits.load("nothing")
