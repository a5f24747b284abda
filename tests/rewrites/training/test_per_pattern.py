"""Numbers alone, and numbers by pattern."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.training.per_pattern import parse_per_pattern


def parse(given):
    return parse_per_pattern(given, "momentum", float, ValueError("twice"))


def test_the_last_pattern_that_matches_counts():
    found = parse(("0.9", "a/.*=0.5", "a/b=0.25"))
    assert [found.of([name]) for name in ("x", "a/x", "a/b")] == [0.9, 0.5, 0.25]
    assert found.of(["x", "a/x"]) == 0.5


def test_other_ways_to_say_it():
    assert parse(0.5).of(["x"]) == 0.5
    assert parse({"x": 0.5}) == (None, {"x": 0.5})
    assert parse("a=b=0.5") == (None, {"a=b": 0.5})
    assert parse(()).of(["x"]) is None


def test_two_alone():
    with pytest.raises(ValueError, match="twice"):
        parse(("0.5", "0.25"))
