"""Two pictures of `results.json`: who unfreezes 553 MB how fast, and time against the number of nodes.

Usage: python -m benchmarks.plot RESULTS.json OUT.svg
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from benchmarks.cases import NODE_COUNTS


def draw(cases: dict[str, Any], path: str) -> None:
    """Draw the cases that are there into one SVG or PNG file."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 3.6), layout="constrained")
    if "vgg" in cases:
        draw_contestants(left, cases["vgg"])
    if "nodes" in cases:
        draw_scaling(right, cases["nodes"])
    figure.savefig(path)


def draw_contestants(axes: Any, case: dict[str, Any]) -> None:
    """One bar per contestant, on a logarithmic scale."""
    rows = case["rows"][::-1]
    seconds = [row["median_seconds"] for row in rows]
    bars = axes.barh([row["label"] for row in rows], seconds)
    labels = [f"{row['median_seconds']:.2f} s, {row['peak_nbytes'] / 2**20:.0f} MiB" for row in rows]
    axes.bar_label(bars, labels=labels, padding=3)
    axes.set_xscale("log")
    axes.set_xlim(right=20 * max(seconds))
    axes.set_xlabel("seconds, whole process")
    axes.set_title(case["title"])


def draw_scaling(axes: Any, case: dict[str, Any]) -> None:
    """Seconds against nodes, every run as a point, and the straight line through the two ends."""
    medians = [row["median_seconds"] for row in case["rows"]]
    for count, row in zip(NODE_COUNTS, case["rows"], strict=True):
        axes.plot([count] * len(row["seconds"]), row["seconds"], ".", color="tab:blue")
    axes.plot([NODE_COUNTS[0], NODE_COUNTS[-1]], [medians[0], medians[-1]], "--", color="tab:gray", label="linear")
    axes.plot(NODE_COUNTS, medians, "-", color="tab:blue", label="unfreeze")
    axes.set(xlabel="nodes, a fifth of them constants", ylabel="seconds, whole process", title=case["title"])
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend()


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["cases"], sys.argv[2])
