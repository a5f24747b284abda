"""Rows below the scopes of their names."""

from __future__ import annotations

from graphsurgeon.cli.tree import tree_rows


def test_scopes_and_what_is_in_them():
    rows = [["a/b/w", "f32", 8], ["a/b/v", "f32", 4], ["a/c", "f32", 2], ["d", "f32", 1]]
    assert list(tree_rows(rows, 3, 2)) == [
        ["a/ (3)", "", 14], ["  b/ (2)", "", 12], ["    w", "f32", 8], ["    v", "f32", 4], ["  c", "f32", 2],
        ["d", "f32", 1],
    ]  # fmt: skip


def test_scopes_with_one_part_stand_with_it():
    assert list(tree_rows([["a/b/c", 1], ["x/y/w", 2], ["x/y/v", 3]], 2, None)) == [
        ["a/b/c", 1], ["x/y/ (2)", ""], ["  w", 2], ["  v", 3],
    ]  # fmt: skip


def test_a_row_may_be_a_scope_and_bytes_unknown():
    assert list(tree_rows([["w", 3], ["w/read", ""]], 2, 1)) == [["w", 3], ["  read", ""]]
    assert list(tree_rows([], 2, 1)) == []
    # Names that are odd stay what they are.
    assert list(tree_rows([["/a", 1], ["a//b", 2]], 2, None)) == [["/a", 1], ["a//b", 2]]


def test_deep_names():
    name = "/".join(["s"] * 5000)
    assert [row[0] for row in tree_rows([[name, 1], [f"{name}/t", 2]], 2, None)] == [name, "  t"]
