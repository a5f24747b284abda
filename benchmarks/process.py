"""Run commands as whole processes and keep what the kernel says about them.

The peak that Linux reports for a child is never below what its parent held when it made it (`exec` carries the
high-water mark over), so this process must stay small: models are made in processes of their own, and the plotting
library is loaded when everything has been measured.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class BenchmarkError(Exception):
    """A measured command failed; the message ends with what it printed."""


@dataclass
class Job:
    """One contestant of a comparison.

    Parameters
    ----------
    label : str
        Its name in the table.
    command : sequence of str
        What to run.
    output : Path or None
        A directory that is made empty before each run and removed after the last one.
    runs : int
        How often; the median counts.
    """

    label: str
    command: Sequence[str]
    output: Path | None = None
    runs: int = 7


@dataclass
class Measurement:
    """What the runs of one job took.

    Attributes
    ----------
    seconds : list of float
        Wall time of each run.
    processor : list of float
        Processor time of each run, the system's included: less of a matter of what else the machine does.
    peak : int
        The largest peak resident memory of any run, in bytes.
    """

    label: str
    seconds: list[float] = field(default_factory=list)
    peak: int = 0
    processor: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median wall time in seconds."""
        return statistics.median(self.seconds)

    @property
    def median_processor(self) -> float | None:
        """The median processor time in seconds, None when it was not measured."""
        return statistics.median(self.processor) if self.processor else None


def measure(jobs: Sequence[Job], log: Path, keep: str = "") -> dict[str, Measurement]:
    """Run the jobs in turns, so that a slow minute of the machine hits all of them.

    Parameters
    ----------
    log : Path
        Where the commands' output goes.
    keep : str
        The label of a job whose last output is to stay.

    Raises
    ------
    BenchmarkError
        If a command fails.
    """
    results = {job.label: Measurement(job.label) for job in jobs}
    for number in range(max(job.runs for job in jobs)):
        for job in [job for job in jobs if number < job.runs]:
            _empty(job.output)
            seconds, peak, processor = run(job.command, log)
            results[job.label].seconds.append(seconds)
            results[job.label].processor.append(processor)
            results[job.label].peak = max(results[job.label].peak, peak)
            progress(f"{job.label}: {seconds:.3f} s, {processor:.3f} s of processor time, {peak / MIB:.0f} MiB")
    for job in jobs:
        if job.output is not None and job.label != keep:
            shutil.rmtree(job.output)
    return results


def run(command: Sequence[str], log: Path) -> tuple[float, int, float]:
    """Run one command; return its wall time in seconds, its peak resident memory in bytes, and its processor time.

    Raises
    ------
    BenchmarkError
        If it does not end with 0.
    """
    # Where it is installed its bytecode is there; without, every run would compile what it imports.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with open(log, "wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=log.parent, env=environment
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise BenchmarkError(f"{' '.join(command)} ended with {process.returncode}:\n{tail}")
    return seconds, usage.ru_maxrss * RSS_UNIT, usage.ru_utime + usage.ru_stime


def progress(line: str) -> None:
    """Say on standard error what is going on."""
    print(line, file=sys.stderr, flush=True)


def _empty(directory: Path | None) -> None:
    """Make the directory anew and let the disk settle, so that no run pays for the last one's writes."""
    if directory is not None:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        os.sync()
