"""Slices as savers spell them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.variables.shape_and_slice import format_shape_and_slice, parse_shape_and_slice
from proto_utils.errors import CorruptionError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        (" ", None),
        ("10 4 3,2:-", ((10, 4), ((3, 5), (0, 4)))),
        ("10 4 3,2:0,4", ((10, 4), ((3, 5), (0, 4)))),
        ("7 -", ((7,), ((0, 7),))),
    ],
)
def test_parse(text, expected):
    assert parse_shape_and_slice(text) == expected


@pytest.mark.parametrize("text", ["10", "10 4 3,2", "10 x 0,1:-", "a 0,1", "10 1", "10 0,1:0,1"])
def test_what_is_no_slice(text):
    with pytest.raises(CorruptionError, match="not a shape and slice"):
        parse_shape_and_slice(text)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=4))
def test_there_and_back(axes):
    shape, box = tuple(dim for dim, _, _ in axes), tuple((start, start + length) for _, start, length in axes)
    assert parse_shape_and_slice(format_shape_and_slice(shape, box)) == (shape, box)
