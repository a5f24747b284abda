"""Time and memory over the number of nodes, the number of variables, and the bytes of values: nothing above linear."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmarks.bench import OURS, Bench, Claim, Result
from benchmarks.growth import curves_of
from benchmarks.process import Job, Measurement

NODES = (1_000, 10_000, 100_000, 1_000_000)
VARIABLES = (100, 1_000, 10_000, 100_000, 1_000_000)
#: The values are holes, which take no room on the disk.
NBYTES = (10**6, 10**7, 10**8, 10**9, 2 * 10**10)
_TENSORS = 10
_LIMIT = 1.1


def growth(bench: Bench) -> Result:
    """Graphs of up to a million nodes, checkpoints of up to a million variables or 20 GB."""
    out = bench.work / "out"
    # Help of a verb imports what the verb does: what remains grows.
    jobs = [Job("start", [*OURS, "unfreeze", "--help"], runs=bench.recipe_runs)]
    for count in NODES:
        source = bench.synthetic("nodes", count)
        jobs.append(_job(bench, "unfreeze", f"{count} nodes", source, out, []))
        jobs.append(_job(bench, "verify", f"{count} nodes", source, None, []))
    for count in VARIABLES:
        source = bench.checkpoint(f"variables-{count}", count, 4, "adam")
        options = ["--add-scope", "my", "--checkpoint-only"]
        jobs.append(_job(bench, "rename", f"{count} variables", source, out, options))
        jobs.append(_job(bench, "ls", f"{count} variables", source, None, []))
    for nbytes in NBYTES:
        source = bench.checkpoint(f"bytes-{nbytes}", _TENSORS, nbytes // _TENSORS // 4 * 4)
        jobs.append(_job(bench, "verify", f"{nbytes} bytes", source, None, []))
        options = ["--add-scope", "my", "--checkpoint-only"]
        jobs.append(_job(bench, "rename", f"{nbytes} bytes", source, out, options))
    found = list(bench.compare(jobs).values())
    return Result("Costs as work grows", found, _claims(found))


def costs(rows: Iterable[Measurement]) -> dict[str, tuple[float, float]]:
    """Return the processor time and the peak memory of each measurement, by its label."""
    return {row.label: (row.median_processor or row.median, row.peak) for row in rows}


def _claims(rows: Iterable[Measurement]) -> list[Claim]:
    claims = []
    for curve in curves_of(costs(rows)):
        what = f"{curve.label} by {curve.work}, slope of"
        claims.append(Claim(f"{what} time", curve.slope_of_time, _LIMIT, "(log-log)"))
        claims.append(Claim(f"{what} memory", curve.slope_of_memory, _LIMIT, "(log-log)"))
    return claims


def _job(bench: Bench, verb: str, size: str, source: Path, out: Path | None, options: list[str]) -> Job:
    directory = None if out is None else out / f"{verb}-{size.replace(' ', '-')}"
    written = [] if directory is None else ["-o", str(directory / "m.ckpt")]
    return Job(f"{verb}, {size}", [*OURS, verb, str(source), *written, *options], directory, bench.recipe_runs)
