"""The chart of docs/measured.md and the README: a bar for each contestant, by seconds on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from benchmarks.bench import Result
from benchmarks.process import Measurement
from benchmarks.report import format_seconds, format_size
from docs.make.svg import Theme, box, document, rule, text

#: The cases, in the order from top to bottom, with the labels that say least of the rest; all that begin so.
CASES: Mapping[str, tuple[str, ...]] = {
    "vgg": ("graphsurgeon", "cp", "TensorFlow"),
    "freeze": ("graphsurgeon freeze", "cp", "TensorFlow"),
    "tensor": ("graphsurgeon", "TensorFlow"),
    "index": ("graphsurgeon rename, 553 MB", "TensorFlow"),
    "average": ("graphsurgeon", "TensorFlow"),
}
WIDTH, LEFT, RIGHT, BAR, GAP = 820, 250, 130, 15, 14
#: The scale begins here and ends there, in seconds.
LEAST, MOST = 0.05, 60.0


def draw(results: Mapping[str, Result], theme: Theme) -> str:
    """Return the chart of the cases that are there."""
    groups = [
        (results[name].title, [row for row in results[name].rows if row.label.startswith(labels)])
        for name, labels in CASES.items()
        if name in results
    ]
    height = 24 + sum(24 + BAR * len(rows) + GAP for _, rows in groups)
    return document(WIDTH, height, "Seconds that each takes, on a logarithmic scale", _shapes(groups, height, theme))


def _shapes(groups: list[tuple[str, list[Measurement]]], height: float, theme: Theme) -> Iterator[str]:
    for seconds in (0.1, 1, 10):
        yield rule(_x(seconds), 8, height - 22, colour=theme["line"])
        yield text(_x(seconds), height - 8, f"{seconds:g} s", colour=theme["weak"], anchor="middle", size=11)
    yield text(WIDTH - 8, height - 8, "logarithmic scale", colour=theme["weak"], anchor="end", size=11)
    y = 8.0
    for title, rows in groups:
        yield text(8, y + 14, title.split(" (vgg")[0], colour=theme["text"], bold=True)
        y += 24
        for row in rows:
            yield from _bar(row, y, theme)
            y += BAR
        y += GAP


def _bar(row: Measurement, y: float, theme: Theme) -> Iterator[str]:
    kind = "accent" if row.label.startswith("graphsurgeon") else "other" if "TensorFlow" in row.label else "line"
    end = _x(row.median)
    yield text(LEFT - 8, y + 11, row.label, colour=theme["weak"], anchor="end", size=11)
    yield box(LEFT, y + 1.5, end - LEFT, BAR - 4, fill=theme[kind], line="none", radius=2)
    shown = f"{format_seconds(row.median)}, {format_size(row.peak)}"
    yield text(end + 6, y + 11, shown, colour=theme["text"], size=11)


def _x(seconds: float) -> float:
    """Return where a time is on the scale, in pixels."""
    share = math.log(seconds / LEAST) / math.log(MOST / LEAST)
    return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)
