"""The command line of the fuzzing: `python -m tests.fuzz --minutes 1 --seed 1`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from tests.fuzz.campaign import Campaign, families, warm_up
from tests.fuzz.cases import make_case, run_case


def main() -> int:
    """Run cases; exit with 1 when there are findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, help="stop after so many")
    parser.add_argument("--cases", type=int, help="stop after so many")
    parser.add_argument("--seed", type=int, help="of all chances; another one each time by default")
    parser.add_argument("--family", choices=list(families()), help="inputs of one family only")
    parser.add_argument("--start", type=int, default=0, help="the number of the first case")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="where findings go")
    parser.add_argument("--show", type=int, metavar="NUMBER", help="run one case, and show what it finds")
    given = parser.parse_args()
    run = int.from_bytes(os.urandom(3), "little") if given.seed is None else given.seed
    given.out.mkdir(parents=True, exist_ok=True)
    num_sound = warm_up()
    if given.show is not None:
        return _show(given.family, run, given.show, given.out / "shown")
    sys.stdout.write(f"seed {run}, from case {given.start}\n")
    sys.stdout.flush()
    campaign = Campaign(run, given.family, given.out)
    began = time.monotonic()
    minutes = 1.0 if given.minutes is None and given.cases is None else given.minutes
    campaign.go(start=given.start, num_cases=given.cases, seconds=None if minutes is None else 60 * minutes)
    seconds = time.monotonic() - began
    sys.stdout.write(f"{campaign.num_cases:,} cases in {seconds:.0f} s, {sum(campaign.kinds.values()):,} findings\n")
    for kind, count in sorted(campaign.kinds.items(), key=lambda each: -each[1]):
        sys.stdout.write(f"{count:8,}  {kind}\n")
    return 1 if campaign.kinds or num_sound else 0


def _show(family: str | None, run: int, number: int, directory: Path) -> int:
    case = make_case(family, run, number)
    directory.mkdir(exist_ok=True)
    found = run_case(case, str(directory))
    sys.stdout.write(f"{case.seed.name}: {case.commands}\n")
    for finding in found:
        sys.stdout.write(f"{' '.join(finding.command)}\n{finding.kind} at {finding.place}\n{finding.details}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
