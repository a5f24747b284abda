"""A benchmark: where it works, what it finds, and the targets it is held to."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import BenchmarkError, Job, Measurement, measure, progress, run

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT.parent / "shared" / "peers"
OURS = (sys.executable, "-m", "graphsurgeon")
DATA = ".data-00000-of-00001"


@dataclass(frozen=True)
class Claim:
    """One target.

    Parameters
    ----------
    text : str
        What is claimed.
    value, limit : float
        What was measured and the target, in `unit`.
    at_least : bool
        Whether the value must reach the limit instead of staying below it.
    """

    text: str
    value: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True)
class Result:
    """What one case found: the title of its part of the table, its rows (ours first), its claims."""

    title: str
    rows: Sequence[Measurement]
    claims: Sequence[Claim]


@dataclass(frozen=True)
class Bench:
    """Where to work, and the interpreters that have TensorFlow.

    Parameters
    ----------
    work : Path
        Models are kept here between runs; outputs are removed.
    tf2, tf1 : str or None
        Interpreters with TensorFlow 2.21 and 1.15.
    runs : int
        How often ours is run; TensorFlow's recipes run a third as often.
    before : Path or None
        A checkout of an earlier commit, which some cases are measured against.
    """

    work: Path
    tf2: str | None
    tf1: str | None
    runs: int
    before: Path | None = None

    @property
    def recipe_runs(self) -> int:
        """How often a recipe that takes half a minute is run."""
        return max(1, self.runs // 3)

    def compare(self, jobs: Sequence[Job], keep: str = "") -> dict[str, Measurement]:
        """Measure these jobs in turns."""
        return measure(jobs, self.work / "output.log", keep)

    def model(self, name: str, command: Sequence[str]) -> Path:
        """Return a model of the work directory, made by the command the first time."""
        path = self.work / name
        if not path.exists():
            progress(f"making {name}")
            run(command, self.work / "output.log")
        return path

    def synthetic(self, kind: str, count: int) -> Path:
        """Return a synthetic frozen graph; see `benchmarks.models`."""
        name = f"{kind}-{count}.pb"
        return self.model(name, [sys.executable, str(ROOT / "benchmarks" / "models.py"), kind, str(count), name])

    def checkpoint(self, name: str, count: int, nbytes: int, *kind: str) -> Path:
        """Return the prefix of a checkpoint of zeros; see `benchmarks.checkpoint_models`."""
        given = [str(count), str(nbytes), str(self.work / name), *kind]
        command = [sys.executable, "-m", "benchmarks.checkpoint_models", *given]
        return self.model(f"{name}.index", command).with_suffix("")

    def vgg_copies(self, count: int) -> list[Path]:
        """Return the prefixes of copies of the VGG16's checkpoint."""
        self.vgg()
        copies = [self.work / f"copy{number}.ckpt" for number in range(count)]
        for copy in copies:
            for suffix in (".index", DATA):
                if not Path(f"{copy}{suffix}").exists():
                    run(["cp", f"{self.work / 'vgg.ckpt'}{suffix}", f"{copy}{suffix}"], self.work / "output.log")
        return copies

    def vgg(self) -> Path:
        """Return the frozen VGG16; the checkpoint TensorFlow froze it from is beside it.

        Raises
        ------
        BenchmarkError
            Without a TensorFlow to make it.
        """
        python = self.tf1 or self.tf2
        if python is None:
            raise BenchmarkError("no TensorFlow to make the VGG16 with; `make bench` installs one")
        return self.model("vgg.pb", [python, recipe("make_vgg16.py"), "."])


def recipe(name: str) -> str:
    """Return the path of a TensorFlow recipe: the shared one where there is one, else ours, which does the same."""
    shared = PEERS / name
    return str(shared if shared.is_file() else ROOT / "benchmarks" / "recipes" / name)
