"""One case: an input, one of its files changed, and some commands that must end well on it.

A case is told by a seed and its number, so it can be made again. What counts as a finding: an exit code that is not
ours, an exception outside of the tree of errors, more than `MAX_SECONDS` of processor time for one command, or more
than `memory_limit` of memory.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import resource
import shutil
import signal
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from graphsurgeon.cli import run as program
from proto_utils.errors import GraphSurgeonError
from tests.fuzz import mutations
from tests.fuzz.commands import COMMANDS, fill_in
from tests.fuzz.mutations import Change
from tests.fuzz.seeds import Seed, seeds

MAX_SECONDS = 5.0
_FREE_NBYTES = 200 << 20
_RATIO = 50
_NUM_COMMANDS = 2
#: How often inputs of each family are taken.
WEIGHTS = {"graph": 8, "text": 3, "model": 8, "checkpoint": 8, "arrays": 1, "recipe": 1, "pipeline": 1, "map": 1,
    "state": 1,
}  # fmt: skip


class TookTooLongError(BaseException):
    """A command has used up its processor time; nothing in the library may catch it."""


class Case(NamedTuple):
    """An input as it was changed, and what is run on it; `changed` are the contents of the files that differ."""

    seed: Seed
    changed: dict[str, bytes]
    commands: list[list[str]]
    name: str

    @property
    def nbytes(self) -> int:
        """The size of all its files."""
        return sum(map(len, {**self.seed.files, **self.changed}.values()))


class Finding(NamedTuple):
    """What went wrong with a command; findings of one `place` are of one kind."""

    command: list[str]
    kind: str
    place: str
    details: str


def make_case(family: str | None, run: int, number: int) -> Case:
    """Make the case of a number; of any family by default."""
    rng = random.Random(f"{run} {number} {family}")
    if family is None:
        (family,) = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))
    seed = rng.choice(seeds()[family])
    others = tuple(each.files[each.changed[0]] for each in rng.sample(seeds()["graph"], 2))
    changed = _changed(seed, Change(rng, others))
    always, sometimes = COMMANDS[family]
    commands = [rng.choice(always), *rng.sample(sometimes, min(_NUM_COMMANDS, len(sometimes)))]
    return Case(seed, changed, commands, rng.choice(seed.names) if seed.names else "x")


def _changed(seed: Seed, change: Change) -> dict[str, bytes]:
    name = change.rng.choice(seed.changed)
    if name == "*objects":
        files = dict(seed.files)
        mutations.object_graph(files, seed.source, change)
        return {name: data for name, data in files.items() if data is not seed.files[name]}
    return {name: mutations.mutate(name, seed.files[name], change)}


def write(case: Case, directory: str) -> None:
    """Write the files of a case, and the sound ones; what another case left goes."""
    for place in ("in", "out"):
        shutil.rmtree(f"{directory}/{place}", ignore_errors=True)
        os.makedirs(f"{directory}/{place}")
    for place, files in (("in", {**case.seed.files, **case.changed}), ("sound", case.seed.files)):
        for name, data in files.items():
            path = Path(directory, place, name)
            if place == "in" or not path.exists() or path.stat().st_size != len(data) or path.read_bytes() != data:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)


def run_case(case: Case, directory: str) -> list[Finding]:
    """Run the commands of a case."""
    write(case, directory)
    found = []
    for line in case.commands:
        arguments = [*fill_in(line, case.seed, directory, case.name), *_force(line)]
        finding = run_command(arguments, case.nbytes)
        if finding is not None:
            found.append(finding)
    return found


def _force(line: list[str]) -> list[str]:
    """Return the option without which what another command wrote would be in the way."""
    return ["--force"] if any("{out}" in each for each in line) else []


def run_command(arguments: list[str], nbytes: int) -> Finding | None:
    """Run one command line as the program does, within the limits for an input of so many bytes."""
    seen: list[BaseException] = []
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    code: object = None
    quiet = contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO())
    try:
        with quiet[0], quiet[1], _limits(nbytes), _noting(seen):
            code = program.run(arguments)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 -- that one came out is what is looked for
        seen.append(error)
    if isinstance(code, int) and 0 <= code <= program.IO and not seen:
        return None
    if not seen:
        return Finding(arguments, f"exit code {code}", arguments[0], "")
    details = "".join(traceback.format_exception(seen[0])[-60:])
    return Finding(arguments, type(seen[0]).__name__, _place(seen[0]), details)


def _place(error: BaseException) -> str:
    """Return where an error was raised: the innermost function of ours, by its file and name."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/graphsurgeon/" in frame.filename or "/proto_utils/" in frame.filename]
    ours = [frame for frame in ours if "/cli/run.py" not in frame.filename] or frames
    if isinstance(error, (TookTooLongError, RecursionError)) and len(ours) > 12:
        # Where it was at that moment says little; by which pass or check it came there says more.
        ours = ours[:12]
    frame = ours[-1]
    return f"{type(error).__name__} {'/'.join(Path(frame.filename).parts[-3:])}:{frame.name}"


@contextlib.contextmanager
def _noting(seen: list[BaseException]) -> Iterator[None]:
    """Note the errors that the program reports."""
    report = program._report

    def note(error: Exception, arguments: Sequence[str]) -> None:
        if not isinstance(error, (GraphSurgeonError, OSError, click.ClickException)):
            seen.append(error)
        report(error, arguments)

    program._report = note
    try:
        yield
    finally:
        program._report = report


def memory_limit(nbytes: int) -> int:
    """Return how much memory a command may take for an input of so many bytes."""
    return _FREE_NBYTES + _RATIO * nbytes


@contextlib.contextmanager
def _limits(nbytes: int) -> Iterator[None]:
    """Bound the processor time and the memory of what is done within."""

    def end(*_: object) -> None:
        raise TookTooLongError

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    before = signal.signal(signal.SIGPROF, end)
    resource.setrlimit(resource.RLIMIT_AS, (used + memory_limit(nbytes), hard))
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        signal.signal(signal.SIGPROF, before)
