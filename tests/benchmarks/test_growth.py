"""Slopes of costs, and their picture."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from benchmarks.growth import curves_of, draw, slope, table
from docs.make.svg import THEMES

SIZES = (10, 100, 1000, 10_000)
ROWS = {"start": (0.1, 1000.0)} | {
    f"{verb}, {size} {work}": (0.1 + size**power / 100, 1000.0 + (size if power else 0))
    for verb, power, work in (("verify", 1, "nodes"), ("ls", 0, "nodes"), ("rename", 2, "bytes"))
    for size in reversed(SIZES)
}


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_the_slope_is_the_power(power):
    costs = [3 + 2 * size**power for size in SIZES]
    assert slope(SIZES, costs, 3) == pytest.approx(power)


def test_what_adds_next_to_nothing_has_none():
    assert slope(SIZES, [1, 1.01, 0.99, 1.02], 1) == 0
    assert slope(SIZES, [1, 1, 1, 9], 1) == 0


def test_curves_are_by_work_and_verb_and_in_order():
    curves = curves_of(ROWS)
    assert [(curve.work, curve.label, tuple(curve.sizes)) for curve in curves] == [
        ("nodes", "verify", SIZES),
        ("nodes", "ls", SIZES),
        ("bytes", "rename", SIZES),
    ]
    assert [round(curve.slope_of_time, 3) for curve in curves] == [1, 0, 2]
    assert [round(curve.slope_of_memory, 3) for curve in curves] == [1, 0, 1]


def test_the_picture_is_one_and_says_the_slopes():
    picture = draw(curves_of(ROWS), THEMES["light"])
    assert ET.fromstring(picture).tag.endswith("svg")
    for words in ("processor time by nodes", "peak memory by bytes", "rename: slope 2.00", "ls: slope 0.00"):
        assert words in picture


def test_the_table_has_a_row_for_each_curve():
    lines = table(curves_of(ROWS)).splitlines()
    assert len(lines) == 2 + 3
    assert lines[-1] == "| bytes | rename | 10k | 1000000.10 s | 2.00 | 0 MiB | 1.00 |"
