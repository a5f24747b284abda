"""Many cases: in a process of their own, which is watched, since what hangs or ends in C raises nothing."""

from __future__ import annotations

import mmap
import os
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.cases import Case, Finding, make_case, run_case
from tests.fuzz.commands import COMMANDS
from tests.fuzz.minimize import minimized

#: A process does so many, then another goes on: what is kept for later must not add up.
_PER_PROCESS = 20_000
#: Processor time without an end, in which not even a signal is seen.
_MAX_STALL = 60.0


class Campaign:
    """Runs the cases of a seed and writes what is found; `directory` is where findings go.

    Attributes
    ----------
    num_cases, num_commands : int
        How many were run.
    kinds : dict of str to int
        How often each kind was found.
    """

    def __init__(self, run: int, family: str | None, directory: Path) -> None:
        self._run = run
        self._family = family
        self._directory = directory
        self._progress = mmap.mmap(-1, 16)
        self.num_cases = 0
        self.kinds: dict[str, int] = {}

    def go(self, *, start: int, num_cases: int | None, seconds: float | None) -> None:
        """Run cases from a number on, until so many are done or so long has passed."""
        end = None if seconds is None else time.monotonic() + seconds
        last = None if num_cases is None else start + num_cases
        number = start
        while (last is None or number < last) and (end is None or time.monotonic() < end):
            stop = number + _PER_PROCESS if last is None else min(last, number + _PER_PROCESS)
            number = self._one_process(number, stop, end)
        self.num_cases = number - start

    def _one_process(self, start: int, stop: int, end: float | None) -> int:
        """Run cases in a child; return the number of the one to go on with."""
        self._note(start)
        log = self._directory / "log"
        size = log.stat().st_size if log.exists() else 0
        child = os.fork()
        if child == 0:
            code = 1
            try:
                self._work(start, stop, end)
                code = 0
            except BaseException:  # noqa: BLE001 -- it is the end of this process
                traceback.print_exc()
            finally:
                os._exit(code)
        ended = self._watched(child)
        number = self._number()
        if log.exists():
            with log.open() as lines:
                lines.seek(size)
                for line in lines:
                    kind = line.rstrip("\n").partition("\t")[2]
                    self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if ended:
            kind = f"the process ended: {ended}"
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
            with (self._directory / "log").open("a") as lines:
                lines.write(f"{number}\t{kind}\n")
            case = make_case(self._family, self._run, number)
            self._save(number, case, Finding([], kind, kind, "\n".join(map(str, case.commands))))
            number += 1
        return number

    def _watched(self, child: int) -> str:
        """Wait for a child; return how it ended when it did not end well."""
        seen, since = -1, 0.0
        while True:
            found, status = os.waitpid(child, os.WNOHANG)
            if found:
                return "" if status == 0 else f"status {status}"
            if self._number() != seen:
                seen, since = self._number(), _processor_seconds(child)
            elif _processor_seconds(child) - since > _MAX_STALL:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return "no end"
            time.sleep(0.2)

    def _work(self, start: int, stop: int, end: float | None) -> None:
        with tempfile.TemporaryDirectory(prefix="fuzz") as directory:
            for number in range(start, stop):
                self._note(number)
                if end is not None and time.monotonic() > end:
                    return
                case = make_case(self._family, self._run, number)
                for finding in run_case(case, directory):
                    self._found(number, case, finding, directory)
            self._note(stop)

    def _found(self, number: int, case: Case, finding: Finding, directory: str) -> None:
        kind = f"{finding.kind} at {finding.place}"
        is_new = kind not in self.kinds
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        with (self._directory / "log").open("a") as log:
            log.write(f"{number}\t{kind}\n")
        if is_new:
            self._save(number, case, finding)
            small, last = minimized(case, finding, directory)
            self._save(number, small, last)

    def _save(self, number: int, case: Case, finding: Finding) -> None:
        """Write the files of a finding, what to run on them, and what happens."""
        place = self._directory / f"{self._family or 'any'}-{self._run}-{number}"
        for name, data in {**case.seed.files, **case.changed}.items():
            path = place / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        text = f"{' '.join(finding.command)}\n{finding.kind} at {finding.place}\n\n{finding.details}"
        (place / "finding.txt").write_text(text, encoding="utf-8", errors="backslashreplace")

    def _note(self, number: int) -> None:
        self._progress[:8] = struct.pack("<q", number)

    def _number(self) -> int:
        return int(struct.unpack("<q", self._progress[:8])[0])


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def warm_up(step: int = 1) -> int:
    """Run every command on sound inputs, all or each `step`-th of a family; return the number of findings.

    What the commands import must not count as a case's time and memory.
    """
    from tests.fuzz.seeds import seeds

    num_findings = 0
    with tempfile.TemporaryDirectory(prefix="fuzz") as directory:
        for family, (always, sometimes) in COMMANDS.items():
            for seed in seeds()[family][::step]:
                case = Case(seed, {}, [*always, *sometimes], seed.names[0] if seed.names else "x")
                for finding in run_case(case, directory):
                    sys.stderr.write(f"{seed.name}: {finding}\n")
                    num_findings += 1
    return num_findings


def families() -> Iterator[str]:
    """Yield the families of inputs."""
    yield from COMMANDS
