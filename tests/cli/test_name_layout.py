"""Names in little room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.cli.name_layout import by_scope, cell_lines, column_widths, scope_of, shortened, wrapped

NAMES = st.lists(st.text("abc_:0", min_size=1, max_size=9), min_size=1, max_size=8).map("/".join)


@pytest.mark.parametrize(
    ("name", "width", "shown"),
    [
        ("conv1/weights", 13, "conv1/weights"),
        ("net/conv1/weights", 17, "net/conv1/weights"),
        ("net/conv1/weights", 16, ".../weights"),
        ("tower/net/conv1/weights", 17, ".../conv1/weights"),
        ("tower/net/conv1/weights:1", 19, ".../conv1/weights:1"),
        ("^tower/net/conv1/weights", 18, "^.../conv1/weights"),
        ("net/conv1/weights", 10, None),
        ("no_slash_at_all", 10, None),
        ("a_directory/", 10, None),
    ],
)
def test_outermost_scopes_go(name, width, shown):
    assert shortened(name, width) == shown


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("read by Identity", 20, ["read by Identity"]),
        ("read by Identity", 10, ["read by", "Identity"]),
        ("of net/conv1/weights, too", 11, ["of", "net/conv1/", "weights,", "too"]),
        ("  in/dented/name", 10, ["  in/", "  dented/", "  name"]),
        ("a_long_name/b", 4, ["a_long_name/", "b"]),
        ("", 4, [""]),
    ],
)
def test_texts_break_at_spaces_and_behind_slashes(text, width, lines):
    assert wrapped(text, width) == lines


@given(st.lists(NAMES, min_size=1, max_size=9), st.integers(8, 40))
def test_no_name_is_cut_and_two_never_look_alike(names, width):
    shown = cell_lines(names, width)
    for name, lines in zip(names, shown, strict=True):
        text = "".join(line.strip() for line in lines).removeprefix("...")
        assert text == name or (len(lines) == 1 and name.endswith(text) and text.startswith("/"))
        assert all(len(line) <= width or line.count("/") <= 1 for line in lines)
    assert len({tuple(lines) for lines in shown}) == len(set(names))


def test_what_would_look_alike_is_whole():
    names = ["tower_0/conv/weights", "tower_1/conv/weights", "tower_1/conv/biases"]
    assert cell_lines(names, 16) == [
        ["tower_0/conv/", "  weights"],
        ["tower_1/conv/", "  weights"],
        [".../conv/biases"],
    ]


@pytest.mark.parametrize(("name", "scope"), [("a/b/c", "a/b/"), ("a", ""), ("a/b/", "a/")])
def test_scopes(name, scope):
    assert scope_of(name) == scope


def test_rows_of_one_scope_stand_together_in_their_order():
    rows = [["a/x", 1], ["b", 2], ["a/y", 3], ["a/b/z", 4], ["c", 5]]
    assert [row[1] for row in by_scope(rows)] == [1, 3, 2, 5, 4]


@pytest.mark.parametrize(
    ("natural", "width", "given"),
    [
        ([30, 7], 40, [30, 7]),
        ([60, 7], 40, [33, 7]),
        ([60, 22, 7], 57, [28, 22, 7]),
        ([60, 50, 7], 57, [25, 25, 7]),
        ([60, 50, 7], 45, None),
        ([15, 15], 20, None),
    ],
)
def test_wide_columns_share_the_room(natural, width, given):
    assert column_widths(natural, width, least=20) == given
