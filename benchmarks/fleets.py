"""What a fleet costs: processor time over the number of models, tiny ones, and what one of them costs alone.

Usage: python -m benchmarks.fleets DIRECTORY (with Beam; docs/fleets.md is filled from what it prints, and the pictures
beside that are written)
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from docs.make.svg import THEMES, Theme, document, rule, text

ROOT = Path(__file__).resolve().parents[1]
COUNTS = (1, 10, 100, 500, 1000, 2000)
WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM = 620, 300, 70, 150, 40
#: The scales end there: models, and seconds.
MOST, LONGEST = 2500.0, 20.0
LEAST, SHORTEST = 0.8, 0.01
LABELS = {"alone": "run, in a loop", "fleet": "fleet", "again": "fleet, again"}
ALONE = """
import sys, graphsurgeon as gs
for i in range(int(sys.argv[1])):
    model = gs.load(f"models/{i}/frozen.pb")
    gs.run(model, ["sort"])
    gs.save(model, f"alone/{i}/frozen.pb")
"""
FLEET = """
import sys, graphsurgeon as gs
report = gs.fleet("models/*/frozen.pb", ["sort"], "out/{parent}/", workers=int(sys.argv[2]))
assert report.num_models == int(sys.argv[1]) and not report.failed
"""


def measure(directory: Path, count: int, workers: int = 1) -> dict[str, float]:
    """Return the processor seconds of whole processes: a loop, a fleet, and the same fleet once more."""
    shutil.rmtree(directory, ignore_errors=True)
    for number in range(count):
        (directory / "models" / str(number)).mkdir(parents=True)
        shutil.copy(ROOT / "fixtures" / "cond.pb", directory / "models" / str(number) / "frozen.pb")
    codes = {"alone": ALONE, "fleet": FLEET, "again": FLEET}
    return {name: _seconds(code, directory, count, workers) for name, code in codes.items()}


def _seconds(code: str, directory: Path, count: int, workers: int) -> float:
    before = os.times()
    command = [sys.executable, "-c", code, str(count), str(workers)]
    subprocess.run(command, cwd=directory, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def slope(rows: Mapping[int, float]) -> tuple[float, float]:
    """Return seconds a model, and those whatever their number, by least squares of relative distances."""
    weights = {count: 1 / seconds**2 for count, seconds in rows.items()}
    total = sum(weights.values())
    mean_x = sum(weights[n] * n for n in rows) / total
    mean_y = sum(weights[n] * rows[n] for n in rows) / total
    upper = sum(weights[n] * (n - mean_x) * (rows[n] - mean_y) for n in rows)
    each = upper / sum(weights[n] * (n - mean_x) ** 2 for n in rows)
    return each, mean_y - each * mean_x


def draw(found: Mapping[str, Mapping[int, float]], theme: Theme) -> str:
    """Return the picture: both scales are logarithmic, so that what is linear in the end has a slope of 1."""
    return document(WIDTH, HEIGHT, "Processor time of a fleet over the number of models", _shapes(found, theme))


def _shapes(found: Mapping[str, Mapping[int, float]], theme: Theme) -> Iterator[str]:
    for count in (1, 10, 100, 1000):
        yield rule(_x(count), 10, HEIGHT - BOTTOM, colour=theme["line"])
        yield text(_x(count), HEIGHT - BOTTOM + 16, f"{count:,}", colour=theme["weak"], anchor="middle", size=11)
    yield text(_x(45), HEIGHT - 8, "models", colour=theme["weak"], anchor="middle", size=11)
    for seconds in (0.1, 1.0, 10.0):
        yield text(LEFT - 8, _y(seconds) + 4, f"{seconds:g} s", colour=theme["weak"], anchor="end", size=11)
        path = f"M{LEFT} {_y(seconds):.1f}H{WIDTH - RIGHT}"
        yield f'<path d="{path}" stroke="{theme["line"]}" stroke-opacity="0.3"/>'
    for (name, rows), kind in zip(found.items(), ("weak", "accent", "other"), strict=True):
        yield from _line(LABELS[name], rows, theme[kind])


def _line(label: str, rows: Mapping[int, float], colour: str) -> Iterator[str]:
    points = [(_x(count), _y(seconds)) for count, seconds in rows.items()]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
    yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points)
    yield text(points[-1][0] + 8, points[-1][1] + 4, label, colour=colour, size=11)


def _x(count: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * _part(count, LEAST, MOST)


def _y(seconds: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 10) * _part(seconds, SHORTEST, LONGEST)


def _part(value: float, least: float, most: float) -> float:
    return math.log(max(value, least) / least) / math.log(most / least)


def main(arguments: Sequence[str]) -> None:
    """Measure, print, and write the pictures."""
    directory = Path(arguments[0]).absolute()
    rows = {count: measure(directory / str(count), count) for count in COUNTS}
    found = {name: {count: row[name] for count, row in rows.items()} for name in LABELS}
    for name, series in found.items():
        each, fixed = slope(series)
        print(f"{LABELS[name]}: {1000 * each:.2f} ms a model and {fixed:.2f} s", json.dumps(series))
    for count in (100, 2000):
        print(f"2 workers, {count} models:", json.dumps(measure(directory / "two", count, 2)))
    for theme in THEMES:
        (ROOT / "docs" / f"fleets-{theme}.svg").write_text(draw(found, THEMES[theme]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
