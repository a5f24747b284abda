"""Tables and JSON of what was measured."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable

from benchmarks.bench import Claim, Result
from benchmarks.process import MIB, Measurement


def machine() -> dict[str, object]:
    """Return what the figures depend on."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
    }


def as_json(results: dict[str, Result]) -> str:
    """Return everything that was measured, as JSON with `"schema": 1`."""
    cases = {
        name: {
            "title": result.title,
            "rows": [
                {
                    "label": row.label,
                    "median_seconds": row.median,
                    "median_processor_seconds": row.median_processor,
                    "seconds": row.seconds,
                    "processor_seconds": row.processor,
                    "peak_nbytes": row.peak,
                }
                for row in result.rows
            ],
            "claims": [
                {
                    "text": claim.text,
                    "value": claim.value,
                    "limit": claim.limit,
                    "unit": claim.unit,
                    "at_least": claim.at_least,
                    "met": claim.met,
                }
                for claim in result.claims
            ],
        }
        for name, result in results.items()
    }
    return json.dumps({"schema": 1, "machine": machine(), "cases": cases}, indent=2)


def from_json(text: str) -> dict[str, Result]:
    """Return what `as_json` was given, but for the claims."""
    return {
        name: Result(
            case["title"],
            [
                Measurement(row["label"], row["seconds"], row["peak_nbytes"], row["processor_seconds"])
                for row in case["rows"]
            ],
            [],
        )
        for name, case in json.loads(text)["cases"].items()
    }


def table(results: Iterable[Result]) -> str:
    """Return the Markdown table: per case the rows, each against the first, which is ours."""
    lines = ["| what | time | against ours | peak memory |", "| --- | ---: | ---: | ---: |"]
    for result in results:
        lines.append(f"| **{result.title}** | | | |")
        lines += [_row(row, result.rows[0]) for row in result.rows]
    return "\n".join(lines)


def targets(results: Iterable[Result]) -> str:
    """Return one line per target: met or missed, measured, wanted."""
    return "\n".join(_target(claim) for result in results for claim in result.claims)


def format_seconds(seconds: float) -> str:
    """Return a time as the tables have it."""
    return f"{1000 * seconds:.0f} ms" if seconds < 0.2 else f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"


def format_size(nbytes: int) -> str:
    """Return a size as the tables have it."""
    return f"{nbytes / MIB:.0f} MiB" if nbytes < 1000 * MIB else f"{nbytes / MIB / 1024:.1f} GiB"


def _row(row: Measurement, ours: Measurement) -> str:
    ratio = "" if row is ours else f"{row.median / ours.median:.3g} x"
    return f"| {row.label} | {format_seconds(row.median)} | {ratio} | {format_size(row.peak)} |"


def _target(claim: Claim) -> str:
    sign = ">=" if claim.at_least else "<="
    verdict = "met   " if claim.met else "MISSED"
    return f"{verdict}  {claim.text}: {claim.value:.3g} {claim.unit} (target {sign} {claim.limit:g} {claim.unit})"
