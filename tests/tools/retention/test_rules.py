"""Which checkpoints stay for good, on times alone; `tests/tf` holds these rules against TensorFlow's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.tools.retention.rules import kept_by_manager, kept_by_saver

TIMES = [10.0, 15.0, 20.0, 25.0, 26.0, 45.0, 47.0]


@pytest.mark.parametrize(
    ("since", "kept"),
    [
        (0.0, [1, 3, 5, 6]),  # later than 10, 20, 30, 40
        (5.0, [2, 4, 5, 6]),  # later than 15, 25, 35, 45
        (100.0, []),
        (None, [0, 3, 5, 6]),  # the first, then later than 20, 30, 40
    ],
)
def test_saver(since, kept):
    assert kept_by_saver(TIMES, 10, since) == kept


@pytest.mark.parametrize(
    ("since", "kept"),
    [
        (0.0, [0, 2, 5]),  # at 10, 20, 30 or later
        (9.0, [2, 5]),  # at 19, 30 or later
        (100.0, []),
        (None, [0, 2, 5]),
    ],
)
def test_manager(since, kept):
    assert kept_by_manager(TIMES, 10, since) == kept


@pytest.mark.parametrize("rule", [kept_by_saver, kept_by_manager])
@given(times=st.lists(st.integers(0, 100)), period=st.integers(1, 50))
def test_what_stayed_stays(rule, times, period):
    times = sorted(times)
    stayed = [times[i] for i in rule(times, period)]
    assert rule(stayed, period) == list(range(len(stayed)))
    assert stayed[:1] == times[:1]
