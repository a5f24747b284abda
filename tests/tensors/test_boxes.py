"""Boxes: bands of a tensor, what two boxes share, and whether some of them tile a whole."""

from __future__ import annotations

import math
from itertools import chain, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.tensors.boxes import (
    bands,
    format_box,
    in_sequence,
    intersection,
    is_tiling,
    is_within,
    num_elements,
    overlapping,
    shape_of,
    whole,
    within,
)
from tests.tensors.streams import tilings

BOX = st.tuples(*[st.tuples(st.integers(0, 5), st.integers(0, 3)).map(lambda t: (t[0], sum(t)))] * 2)
BOXES = st.lists(BOX, max_size=8)


def points(box):
    return set(product(*(range(*bounds) for bounds in box)))


@given(st.lists(st.integers(0, 6), max_size=4), st.integers(1, 200), st.integers(1, 9))
def test_bands_are_consecutive_runs(shape, nbytes, itemsize):
    array = np.arange(math.prod(shape)).reshape(shape)
    pieces = [array[within(band, whole(shape))] for band in bands(shape, itemsize, nbytes)]
    assert list(chain.from_iterable(piece.reshape(-1).tolist() for piece in pieces)) == list(range(array.size))
    assert all(0 < piece.size * itemsize <= max(nbytes, itemsize) for piece in pieces)


def test_bands_are_few():
    assert len(list(bands((1000, 1000), 4, 40_000))) == 100
    assert len(list(bands((10, 1000, 100), 4, 40_000))) == 100
    assert list(bands((), 4)) == [()]


def test_a_box():
    box = ((1, 4), (0, 2))
    assert (shape_of(box), num_elements(box), format_box(box)) == ((3, 2), 6, "1:4, 0:2")
    assert whole((3, 2)) == ((0, 3), (0, 2))
    assert within(box, ((1, 9), (0, 2))) == (slice(0, 3), slice(0, 2))


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (((0, 3), (2, 2)), True),
        (((0, 4), (0, 2)), False),
        (((-1, 2), (0, 2)), False),
        (((2, 1), (0, 2)), False),
        (((0, 3),), False),
    ],
)
def test_is_within(box, expected):
    assert is_within(box, (3, 2)) == expected


@given(BOX, BOX)
def test_an_intersection_is_what_both_have(a, b):
    both = intersection(a, b)
    assert (points(both) if both is not None else set()) == points(a) & points(b)


@given(BOXES)
def test_overlapping_agrees_with_counting(boxes):
    seen = set(chain.from_iterable(map(points, boxes)))
    assert (overlapping(boxes) is not None) == (len(seen) < sum(map(num_elements, boxes)))


def test_two_scalar_boxes_overlap():
    assert overlapping([(), ()]) == ((), ())
    assert overlapping([()]) is None


def test_many_slices_along_one_axis_are_compared_quickly():
    assert overlapping([((0, 9), (i, i + 1)) for i in range(100_000)]) is None


@given(BOXES, st.lists(st.integers(0, 6), min_size=2, max_size=2))
def test_is_tiling_agrees_with_counting(boxes, shape):
    counted = sorted(chain.from_iterable(map(points, boxes)))
    assert is_tiling(boxes, shape) == (counted == sorted(points(whole(shape))))


@given(tilings())
def test_what_was_cut_is_a_tiling(tiling):
    shape, boxes = tiling
    assert is_tiling(boxes, shape)
    filled = [box for box in boxes if num_elements(box)]
    assert is_tiling(filled[1:], shape) == (not filled)
    assert is_tiling(filled + filled[:1], shape) == (not filled)


@given(tilings())
def test_parts_in_sequence(tiling):
    shape, boxes = tiling
    filled = [box for box in boxes if num_elements(box)]
    array = np.arange(math.prod(shape)).reshape(shape)
    parts = [(box, array[within(box, whole(shape))].reshape(-1).tolist()) for box in filled]
    ordered = in_sequence(parts, shape)
    is_run = all(values == list(range(values[0], values[0] + len(values))) for _, values in parts)
    assert (ordered is not None) == is_run
    if ordered is not None:
        assert list(chain.from_iterable(ordered)) == array.reshape(-1).tolist()


@pytest.mark.parametrize("boxes", [[((0, 1), (0, 2))] * 2, [((1, 2), (0, 2))], [((0, 1), (0, 2)), ((2, 3), (0, 2))]])
def test_runs_that_do_not_follow_one_another(boxes):
    assert in_sequence([(box, None) for box in boxes], (3, 2)) is None
