"""What an index of a million entries costs, by the processor's time, against an earlier version of this project.

``GRAPHSURGEON_BEFORE`` names a checkout of that version; without it there are the absolute targets alone.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.bench import OURS, Bench, Claim, Result
from benchmarks.process import MIB, Job, Measurement

_MANY = 1_000_000
#: How many times as fast as the version of 2026-11 each is to be, and within how much memory, in MiB.
_TARGETS: Mapping[str, tuple[float, float]] = {
    "rename": (4, 500), "ls": (1.7, 200), "ls --names": (1.7, 300), "select": (2, 560), "merge": (2, 1300),
    "diff": (2, 560),
}  # fmt: skip


def edit_million(bench: Bench) -> Result:
    """A transformer's variables and the slots of its optimizer, a million altogether: renamed, listed, compared ..."""
    source, other = (bench.checkpoint(name, _MANY, 4, "adam") for name in ("adam", "adam-twin"))
    out = bench.work / "out"
    verbs = {
        "rename": ["rename", source, "--add-scope", "my", "--checkpoint-only"],
        "ls": ["ls", source],
        "ls --names": ["ls", source, "--names", "full"],
        "select": ["select", source, "--drop", ".*Adam_1"],
        "merge": ["merge", source, other, "--prefix", "b=head"],
        "diff": ["diff", source, other],
    }
    jobs: list[Job] = []
    for verb, words in verbs.items():
        for label, program in _programs(bench).items():
            directory = None if words[0] in ("ls", "diff") else out / f"{words[0]}-{len(jobs)}"
            written = [] if directory is None else ["-o", str(directory / "m.ckpt")]
            jobs.append(Job(f"{label} {verb}", [*program, *map(str, words), *written], directory, bench.recipe_runs))
    found = bench.compare(jobs)
    return Result("Checkpoints of 1,000,000 tensors", list(found.values()), list(_claims(found)))


def _programs(bench: Bench) -> dict[str, list[str]]:
    programs = {"graphsurgeon": [*OURS]}
    if bench.before is not None:
        programs["before,"] = [
            "env",
            f"PYTHONPATH={Path(bench.before).resolve()}",
            sys.executable,
            "-m",
            "graphsurgeon",
        ]
    return programs


def _claims(found: Mapping[str, Measurement]) -> list[Claim]:
    claims = []
    for verb, (ratio, limit) in _TARGETS.items():
        ours, before = found[f"graphsurgeon {verb}"], found.get(f"before, {verb}")
        claims.append(Claim(f"{verb} of a million tensors, peak memory", ours.peak / MIB, limit, "MiB"))
        if before is not None and ours.median_processor and before.median_processor:
            times = before.median_processor / ours.median_processor
            claims.append(Claim(f"{verb} of a million tensors, against before", times, ratio, "x", at_least=True))
    return claims
