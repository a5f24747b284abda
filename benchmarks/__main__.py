"""Measure, print the table and the targets, and write results.json and results.svg.

Usage: python -m benchmarks [CASE...] [--runs N] [--work DIR] [--publish] [--check]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from benchmarks import publish, report
from benchmarks.bench import ROOT, Bench
from benchmarks.cases import CASES
from benchmarks.process import BenchmarkError, progress


def main() -> int:
    """Run the chosen cases; 1 when a command failed or, with --check, when a target was missed."""
    options = arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    python2, python1 = os.environ.get("GRAPHSURGEON_TF_PYTHON"), os.environ.get("GRAPHSURGEON_TF1_PYTHON")
    before = os.environ.get("GRAPHSURGEON_BEFORE")
    bench = Bench(options.work.resolve(), python2, python1, options.runs, None if before is None else Path(before))
    try:
        results = {name: CASES[name](bench) for name in options.cases or CASES}
    except BenchmarkError as error:
        progress(str(error))
        return 1
    print(report.table(results.values()))
    print()
    print(report.targets(results.values()))
    results_path = options.work / "results.json"
    results_path.write_text(report.as_json(results), encoding="utf-8")
    draw(results_path)
    if options.publish:
        publish.keep(results_path)
        publish.write()
    missed = any(not claim.met for result in results.values() for claim in result.claims)
    return int(options.check and missed)


def draw(results: Path) -> None:
    """Make the pictures in a process of its own; without the plotting library, say so."""
    picture = results.with_suffix(".svg")
    done = subprocess.run([sys.executable, "-m", "benchmarks.plot", results, picture], cwd=ROOT, check=False)
    progress(f"{results}, {picture}" if done.returncode == 0 else f"{results}; no plot: pip install matplotlib")


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument("--runs", type=int, default=7, help="runs of ours; the recipes run a third as often")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench", help="where models are kept")
    parser.add_argument("--publish", action="store_true", help="put what was measured into the README and docs/")
    parser.add_argument("--check", action="store_true", help="end with 1 when a target is missed")
    options = parser.parse_args()
    for name in options.cases:
        if name not in CASES:
            parser.error(f"no case {name!r}; there are {', '.join(CASES)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
