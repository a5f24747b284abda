"""What was measured last, as the README and docs/measured.md show it: rows, the whole table, and a chart.

Usage: python -m benchmarks.publish (from benchmarks/results.json, which `python -m benchmarks --publish` keeps)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import chart, growth, growth_cases, report
from benchmarks.bench import ROOT, Result
from benchmarks.process import Measurement
from docs.make.svg import THEMES

PUBLISHED = ROOT / "benchmarks" / "results.json"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
#: The rows of the README: of these cases those whose labels begin so.
FEW: Mapping[str, tuple[str, ...]] = {
    "vgg": ("graphsurgeon", "cp", "TensorFlow 1.15", "TensorFlow 2.21"),
    "freeze": ("graphsurgeon freeze", "TensorFlow 1.15"),
    "memory": ("graphsurgeon unfreeze, 5.53 GB",),
    "index": ("graphsurgeon rename, 10.7 GB", "TensorFlow 2.21"),
    "start-up": ("import graphsurgeon",),
}


def keep(path: Path, published: Path = PUBLISHED) -> None:
    """Let the cases of a run take the place of those that were published before."""
    new, old = (json.loads(each.read_text(encoding="utf-8")) for each in (path, published))
    merged = {**new, "cases": {**old["cases"], **new["cases"]}}
    published.write_text(json.dumps(merged, indent=2) + "\n", encoding="utf-8")


def write(published: Path = PUBLISHED, root: Path = ROOT) -> None:
    """Write the README's rows, the table of docs/measured.md, and the chart, light and dark."""
    text = published.read_text(encoding="utf-8")
    results, machine = report.from_json(text), json.loads(text)["machine"]
    note = _note(machine)
    replace_between(root / "README.md", f"{few_rows(results)}\n\n{note}")
    shown = [result for name, result in results.items() if name != "growth"]
    replace_between(root / "docs" / "measured.md", f"{report.table(shown)}\n\n{note}")
    for name, theme in THEMES.items():
        (root / "docs" / f"measured-{name}.svg").write_text(chart.draw(results, theme), encoding="utf-8")
    if "growth" in results:
        _write_growth(results["growth"], root, machine)


def _write_growth(result: Result, root: Path, machine: Mapping[str, Any]) -> None:
    """Write the table and the pictures of docs/growth.md."""
    curves = growth.curves_of(growth_cases.costs(result.rows))
    runs = max(len(row.seconds) for row in result.rows)
    note = f"Whole processes, start-up included; {runs} run{'s' * (runs > 1)} of each; {_system(machine)}."
    replace_between(root / "docs" / "growth.md", f"{growth.table(curves)}\n\n{note}")
    for name, theme in THEMES.items():
        (root / "docs" / f"growth-{name}.svg").write_text(growth.draw(curves, theme), encoding="utf-8")


def few_rows(results: Mapping[str, Result]) -> str:
    """Return the README's table: rows of several cases, and which case each is of."""
    lines = ["| job | what | time | peak memory |", "| --- | --- | ---: | ---: |"]
    for name, labels in FEW.items():
        title = results[name].title
        for row in (row for row in results[name].rows if row.label.startswith(labels)):
            lines.append(_few(title, row))
            title = ""
    return "\n".join(lines)


def replace_between(path: Path, text: str) -> None:
    """Replace what stands between the two markers of a file.

    Raises
    ------
    ValueError
        If the markers are not there.
    """
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _few(title: str, row: Measurement) -> str:
    return f"| {title} | {row.label} | {report.format_seconds(row.median)} | {report.format_size(row.peak)} |"


def _note(machine: Mapping[str, Any]) -> str:
    return (
        f"Whole processes, start-up included; medians, warm page cache; {_system(machine)}. "
        "`make bench` measures them on your machine."
    )


def _system(machine: Mapping[str, Any]) -> str:
    return f"{machine['cpus']} CPUs, {machine['system']}, Python {machine['python']}"


if __name__ == "__main__":
    write()
