"""Fuzzing led by coverage: atheris keeps inputs that reach new code, and goes on from them.

``make fuzz-guided`` runs it: `python -m tests.fuzz.guided FAMILY --minutes 1 --seed 1`. Inputs are changed by
`mutations`, so what is tried has right checksums and lengths here too. An input is one file of a seed, behind two bytes
that choose the seed and the command.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

#: The kinds of files that there is code of our own to read.
FAMILIES = ("graph", "text", "model", "checkpoint", "recipe", "arrays")
_NUM_CHOICES = 2


def main() -> None:
    """Fuzz one family of inputs until a finding, or until the time is over."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    parser.add_argument("family", choices=FAMILIES)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--runs", type=int, help="stop after so many instead: what a seed gives is the same each time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="where findings and the corpus go")
    given = parser.parse_args()
    # Only Linux has it, and not every Python.
    import atheris

    with atheris.instrument_imports(include=["graphsurgeon", "proto_utils"]):
        from tests.fuzz import campaign

        # Imports whatever commands import.
        campaign.warm_up()
    corpus = given.out / f"corpus-{given.family}"
    if given.runs is not None:
        # What others found before would make it other runs.
        shutil.rmtree(corpus, ignore_errors=True)
    corpus.mkdir(parents=True, exist_ok=True)
    target = _Target(given.family)
    for number, data in enumerate(target.corpus()):
        (corpus / f"seed-{number}").write_bytes(data)
    end = f"-max_total_time={int(60 * given.minutes)}" if given.runs is None else f"-runs={given.runs}"
    options = [
        sys.argv[0], end, f"-seed={given.seed}", "-max_len=65536",
        f"-artifact_prefix={given.out}/guided-{given.family}-", "-rss_limit_mb=0", "-timeout=120", "-reload=0",
        str(corpus),
    ]  # fmt: skip
    atheris.Setup(options, target.run, custom_mutator=target.mutate)
    sys.stdout.write(f"seed {given.seed}, {given.family}\n")
    atheris.Fuzz()


class FindingError(Exception):
    """What libFuzzer sees of a finding."""


class _Target:
    """What is run on an input of a family, and how one is changed."""

    def __init__(self, family: str) -> None:
        from tests.fuzz.commands import COMMANDS
        from tests.fuzz.seeds import seeds

        self._seeds = [seed for seed in seeds()[family] if not seed.changed[0].startswith("*")]
        self._commands = [*COMMANDS[family][0], *COMMANDS[family][1]]
        # Removed when the process ends, however it does: libFuzzer leaves no room for more.
        self._directory = tempfile.mkdtemp(prefix="fuzz")

    def corpus(self) -> list[bytes]:
        """Return the sound inputs."""
        return [bytes((n, 0)) + seed.files[seed.changed[0]] for n, seed in enumerate(self._seeds)]

    def run(self, data: bytes) -> None:
        """Run a command on an input."""
        from tests.fuzz.cases import Case, run_case

        if len(data) < _NUM_CHOICES:
            return
        seed = self._seeds[data[0] % len(self._seeds)]
        command = self._commands[data[1] % len(self._commands)]
        name = seed.names[len(data) % len(seed.names)] if seed.names else "x"
        case = Case(seed, {seed.changed[0]: data[_NUM_CHOICES:]}, [command], name)
        for finding in run_case(case, self._directory):
            raise FindingError(f"{' '.join(finding.command)}\n{finding.kind} at {finding.place}\n{finding.details}")

    def mutate(self, data: bytes, max_nbytes: int, number: int) -> Any:
        """Change an input."""
        from tests.fuzz.mutations import Change, mutate

        rng = random.Random(number)
        choices = bytearray(data[:_NUM_CHOICES].ljust(_NUM_CHOICES, b"\0"))
        if rng.random() < 0.5:
            choices[1] = rng.randrange(256)
        seed = self._seeds[choices[0] % len(self._seeds)]
        others = tuple(each.files[each.changed[0]] for each in self._seeds)
        return (bytes(choices) + mutate(seed.changed[0], data[_NUM_CHOICES:], Change(rng, others)))[:max_nbytes]


if __name__ == "__main__":
    main()
