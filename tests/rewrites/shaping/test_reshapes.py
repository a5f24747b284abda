"""Reshapes that hold the old size are found, others are not."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.shaping.reshapes import outdated, unclear
from graphsurgeon.rewrites.shaping.shape_inference import ReshapeCall


def found(old, new, target, now=None) -> list[str]:
    before, after = ReshapeCall("r", old, target, "t"), ReshapeCall("r", new, target if now is None else now, "t")
    return [each.reason for each in outdated({"r": before}, {"r": after})]


@pytest.mark.parametrize(
    ("old", "new", "target", "reason"),
    [
        ((1, 7, 7, 5), (1, 14, 14, 5), (-1, 245), "980 is to be 245"),
        ((1, 7, 7, 5), (8, 7, 7, 5), (-1, 245), ""),
        ((1, 7, 7), (8, 7, 7), (1, 49), "8 is to be 1"),
        ((1, 7, 7), (None, 7, 7), (1, 49), "? is to be 1"),
        ((None, 7, 7, 5), (None, 14, 14, 5), (-1, 245), "980 is to be 245"),
        ((1, 7, 7, 5), (1, 14, 14, 5), (1, -1), ""),
        ((1, 7, 7, 5), (1, 14, 14, 5), (1, -1, 5), ""),
        ((2, 5, 64), (2, 9, 64), (-1, 64), ""),
        ((2, 6), (2, 9), (2, -1, 2), "2 does not divide 9"),
        ((2, 6), (2, 6), (3, 4), ""),
    ],
)
def test_outdated(old, new, target, reason):
    reasons = found(old, new, target)
    assert bool(reasons) == bool(reason)
    assert not reason or reasons[0].endswith(reason)


def test_computed_targets_follow():
    assert found((1, 7, 7), (8, 7, 7), (1, 49), (8, 49)) == []


def test_unclear():
    calls = {
        "a": ReshapeCall("a", None, (-1, 25), "t"), "b": ReshapeCall("b", None, (1, -1), "t"),
        "c": ReshapeCall("c", None, (-1, 25), "t"), "d": ReshapeCall("d", (5, 5), (-1, 25), "t"),
    }  # fmt: skip
    assert list(unclear(calls, {"a", "b", "d"})) == ["a"]
