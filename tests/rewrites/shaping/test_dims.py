"""Shapes of which parts are not known."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.shaping.dims import (
    Dims,
    ShapeMismatchError,
    Unknown,
    aligned_groups,
    broadcast,
    common,
    distinct,
    holds,
    merged,
    product,
    reshaped,
    text_of_dims,
    told,
    total,
    widened,
    window,
)


def test_text():
    assert (text_of_dims(None), text_of_dims((1, None))) == ("?", "[1, ?]")


def test_what_two_tell_together():
    assert merged((1, None), (None, 2)) == (1, 2)
    assert merged(None, (1,)) == (1,)
    assert common([(1, 2), (1, 3)]) == (1, None)
    assert common([(1,), (1, 2)]) is None
    assert product([2, 3]) == 6
    assert product([2, None]) is None


def test_sizes_that_are_not_known_are_told_from_each_other():
    x, y = distinct((None, None))
    assert broadcast((x, 3), (x, 1)) == (x, 3)
    assert broadcast((x,), (y,)) == (None,)
    assert common([(x, 2), (x, 3)]) == (x, None)
    assert merged((x,), (4,)) == (4,)
    assert reshaped((x, 7, 2), (x, -1)) == (x, 14)
    assert reshaped((x, 7, 2), (-1, 14)) == (x, 14)
    assert reshaped((x, 7, 2), (y, 14)) == (x, 14)
    assert reshaped((x, y, 2), (x, -1)) == (x, None)
    assert (told((x, 2)), total((2, x)), total((2, 3))) == ((None, 2), None, 5)
    assert isinstance(x, Unknown)


def test_what_comes_around():
    x, y = distinct((None, None))
    assert holds((x, 2), (x, 2))
    assert holds((None,), (x,))
    assert not holds((x,), (y,))
    assert not holds((2,), None)
    assert widened((x, 2), (x, 3)) == (x, None)
    assert widened((2,), (2, 2)) is None


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [((2, 1), (3,), (2, 3)), ((None, 3), (1, 3), (None, 3)), ((None,), (3,), (3,)), (None, (1,), None)],
)
def test_broadcast(a: Dims, b: Dims, wanted: Dims):
    assert broadcast(a, b) == wanted


@pytest.mark.parametrize(
    ("dims", "target", "wanted"),
    [
        ((2, 6), (3, -1), (3, 4)),
        ((None, 6), (-1, 6), (None, 6)),
        (None, (2, -1), (2, None)),
        ((2, 3), (None, 3), (2, 3)),
        ((2, 5), (None, 3), (None, 3)),
        ((2, 3), (6,), (6,)),
    ],
)
def test_reshaped(dims: Dims, target: tuple[int | None, ...], wanted: Dims):
    assert reshaped(dims, target) == wanted


def test_mismatches():
    for wrong in (
        lambda: merged((1,), (2,)), lambda: merged((1,), (1, 1)), lambda: broadcast((2,), (3,)),
        lambda: reshaped((2, 3), (5,)), lambda: reshaped((2, 3), (4, -1)), lambda: window(2, 3, 1, "VALID"),
    ):  # fmt: skip
        with pytest.raises(ShapeMismatchError):
            wrong()


def test_windows():
    assert [window(7, 3, 2, padding) for padding in ("SAME", "VALID")] == [4, 3]
    assert window(None, 3, 2, "SAME") is None


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ((1, 7, 7, 5), (1, 245), [([0], [0]), ([1, 2, 3], [1])]),
        ((None, 7, 7, 5), (None, 245), [([0], [0]), ([1, 2, 3], [1])]),
        ((2, 5, 64), (10, 64), [([0, 1], [0]), ([2], [1])]),
        ((None, 5, 64), (None, 64), [([0, 1], [0]), ([2], [1])]),
        ((1, 1, 1, 5), (1, 5), [([0], [0]), ([1], []), ([2], []), ([3], [1])]),
        ((4, 6, 10), (2, 2, 60), [([0], [0, 1]), ([1, 2], [2])]),
        ((2, 3), (5,), None),
    ],
)
def test_groups_of_axes(before, after, wanted):
    found = aligned_groups(before, after)
    assert (None if found is None else [(list(a), list(b)) for a, b in found]) == wanted
