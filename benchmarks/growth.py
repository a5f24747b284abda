"""How time and memory grow with the work: the slope of a straight line through logarithms, and a picture of it.

What a process costs that does next to nothing is taken off first, or small sizes would hide the slope of large ones::

    cost = start + factor * size ** slope      slope 1 is linear, 2 quadratic
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from docs.make.svg import Theme, box, document, text

#: Costs below this part of what starting costs are noise.
_LEAST_SHARE = 0.1
WIDTH, HEIGHT, MARGIN, LEFT, TOP = 276.0, 190.0, 20.0, 60.0, 48.0


@dataclass(frozen=True)
class Curve:
    """What a verb costs for several sizes.

    Attributes
    ----------
    work : str
        What grows: ``nodes``.
    label : str
        The verb.
    sizes, seconds, nbytes : sequence of numbers
        By increasing size: processor time and peak memory.
    start_seconds, start_nbytes : float
        What it costs to start.
    """

    work: str
    label: str
    sizes: Sequence[float]
    seconds: Sequence[float]
    nbytes: Sequence[float]
    start_seconds: float
    start_nbytes: float

    @property
    def slope_of_time(self) -> float:
        """The power of the size with which time grows."""
        return slope(self.sizes, self.seconds, self.start_seconds)

    @property
    def slope_of_memory(self) -> float:
        """The power of the size with which memory grows."""
        return slope(self.sizes, self.nbytes, self.start_nbytes)


def slope(sizes: Sequence[float], costs: Sequence[float], start: float) -> float:
    """Return the slope of the line through the logarithms, by least squares; 0 where next to nothing is added."""
    points = [
        (math.log(size), math.log(cost - start))
        for size, cost in zip(sizes, costs, strict=True)
        if cost - start > _LEAST_SHARE * start
    ]
    if len(points) < 2:
        return 0.0
    x_mean, y_mean = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    found: float = sum((x - x_mean) * (y - y_mean) for x, y in points) / spread
    return found


def draw(curves: Sequence[Curve], theme: Theme) -> str:
    """Return the picture: a column for each kind of work, time above and memory below, both axes logarithmic."""
    works = list(dict.fromkeys(curve.work for curve in curves))
    shapes = [
        shape
        for number, work in enumerate(works)
        for row, what in enumerate(("seconds", "nbytes"))
        for shape in _panel([curve for curve in curves if curve.work == work], what, number, row, theme)
    ]
    title = f"Time and memory by {', '.join(works)}, on logarithmic scales, with the slopes"
    return document(len(works) * (WIDTH + MARGIN) + MARGIN, 2 * (HEIGHT + MARGIN) + MARGIN, title, shapes)


def _panel(curves: Sequence[Curve], what: str, number: int, row: int, theme: Theme) -> Iterator[str]:
    x, y = MARGIN + number * (WIDTH + MARGIN), MARGIN + row * (HEIGHT + MARGIN)
    yield box(x, y, WIDTH, HEIGHT, fill="none", line=theme["line"])
    unit = "processor time" if what == "seconds" else "peak memory"
    yield text(x + 10, y + 18, f"{unit} by {curves[0].work}", colour=theme["text"], bold=True)
    costs = [cost for curve in curves for cost in getattr(curve, what)]
    sizes = [size for curve in curves for size in curve.sizes]
    across = _Scale(min(sizes), max(sizes), x + LEFT, x + WIDTH - 14)
    # What does not grow is to look like that.
    upward = _Scale(min(costs), max(*costs, 10 * min(costs)), y + HEIGHT - 26, y + TOP)
    for size in (min(sizes), max(sizes)):
        anchor = "start" if size == min(sizes) else "end"
        yield text(across(size), y + HEIGHT - 8, _number(size), colour=theme["weak"], anchor=anchor, size=11)
    for cost in {min(costs), max(costs)} if max(costs) > 2 * min(costs) else {max(costs)}:
        label = f"{cost:.2g} s" if what == "seconds" else f"{cost / (1 << 20):.0f} MiB"
        yield text(x + LEFT - 6, upward(cost) + 4, label, colour=theme["weak"], anchor="end", size=11)
    for place, curve in enumerate(curves):
        colour = theme["accent" if place == 0 else "other"]
        points = [*zip(map(across, curve.sizes), map(upward, getattr(curve, what)), strict=True)]
        yield _line(points, colour)
        found = curve.slope_of_time if what == "seconds" else curve.slope_of_memory
        label = f"{curve.label}: slope {max(0.0, found):.2f}"
        yield text(x + 10 + place * 130, y + 34, label, colour=colour, size=11)


class _Scale:
    """A logarithmic scale between two places of a picture."""

    def __init__(self, least: float, most: float, start: float, end: float) -> None:
        self._log, self._span = math.log(least), math.log(most / least) or 1.0
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        return round(self._start + (self._end - self._start) * (math.log(value) - self._log) / self._span, 1)


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    dots = "".join(f'<circle cx="{x:g}" cy="{y:g}" r="2.5" fill="{colour}"/>' for x, y in points)
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>{dots}'


def _number(size: float) -> str:
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= unit:
            return f"{size / unit:g}{name}"
    return f"{size:g}"


def table(curves: Sequence[Curve]) -> str:
    """Return the Markdown table of the slopes, and of the largest size of each."""
    lines = ["| work | verb | largest | processor time | slope | peak memory | slope |"]
    lines.append("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for curve in curves:
        time, memory = f"{curve.seconds[-1]:.2f} s", f"{curve.nbytes[-1] / (1 << 20):.0f} MiB"
        slopes = [f"{max(0.0, each):.2f}" for each in (curve.slope_of_time, curve.slope_of_memory)]
        size = _number(curve.sizes[-1])
        lines.append(f"| {curve.work} | {curve.label} | {size} | {time} | {slopes[0]} | {memory} | {slopes[1]} |")
    return "\n".join(lines)


def curves_of(rows: Mapping[str, tuple[float, float]]) -> list[Curve]:
    """Return the curves of measurements, seconds and bytes, that are labelled ``verb, 1000 nodes``.

    What it costs to start is that of ``start``.
    """
    start_seconds, start_nbytes = rows["start"]
    points: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for label, (seconds, nbytes) in rows.items():
        verb, _, rest = label.partition(", ")
        size, _, work = rest.partition(" ")
        if work:
            points.setdefault((work, verb), []).append((float(size), seconds, nbytes))
    curves = []
    for (work, verb), found in points.items():
        sizes, times, memory = zip(*sorted(found), strict=True)
        curves.append(Curve(work, verb, sizes, times, memory, start_seconds, start_nbytes))
    return curves
