"""Long sequences of few items."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.runs import Runs, runs_or_tuple

RUNS = [("a", 2), ("b", 0), ("c", 1), ("a", 3), ("z", -1)]
LISTED = list("aacaaa")


def test_it_is_the_list():
    runs = Runs(RUNS)
    assert (list(runs), len(runs), list(Runs([])), len(Runs([]))) == (LISTED, 6, [], 0)
    assert [runs[i] for i in range(-6, 6)] == [LISTED[i] for i in range(-6, 6)]
    assert ("b" in runs, "c" in runs) == (False, True)
    for index in (6, -7):
        with pytest.raises(IndexError):
            runs[index]


@pytest.mark.parametrize("start", range(8))
@pytest.mark.parametrize("stop", range(8))
def test_parts_of_it(start: int, stop: int):
    assert list(Runs(RUNS)[start:stop]) == LISTED[start:stop]


def test_short_ones_are_tuples():
    assert runs_or_tuple(RUNS) == tuple(LISTED)
    long = runs_or_tuple([("a", 1 << 60)])
    assert (len(long), long[1 << 59], long != ("a",), len(long[5 : 1 << 50])) == (1 << 60, "a", True, (1 << 50) - 5)
