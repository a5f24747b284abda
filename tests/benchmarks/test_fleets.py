"""The picture of what fleets cost, and the slope that is told of it."""

from __future__ import annotations

import pytest

from benchmarks.fleets import LABELS, draw, slope
from docs.make.svg import THEMES


def test_the_slope_of_a_line():
    each, fixed = slope({count: 0.5 + 0.002 * count for count in (1, 10, 100, 1000)})
    assert each == pytest.approx(0.002)
    assert fixed == pytest.approx(0.5)


@pytest.mark.parametrize("theme", THEMES)
def test_every_series_is_drawn(theme):
    picture = draw({name: {1: 0.5, 1000: 2.0} for name in LABELS}, THEMES[theme])
    assert all(f">{label}<" in picture for label in LABELS.values())
    assert picture.count("<circle") == 6
