"""The engine that does the elements of a plan: Apache Beam with the runner that the user names.

Elements are done for what they write, not for what they return. One that was done may be done once more: each is made
so that this changes nothing.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphsurgeon.beam.pipeline import LOST_WORKER, known_options, run_pipeline
from graphsurgeon.errors import PassError, did_you_mean, near_names
from proto_utils import disk

#: Beam's direct runner by the class that does its work: ``DirectRunner`` would look for a runner to download first.
DIRECT = "direct"
_DIRECT_RUNNER = "apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner"
_MAX_LISTED_NBYTES = 1 << 14
#: How often work goes on that a lost worker left, without a result in between.
_MAX_LOST = 2


class LostWorkerError(ChildProcessError):
    """A worker ended in mid-work: killed, or out of memory."""


@dataclass(frozen=True)
class Engine:
    """What runs a pipeline.

    Attributes
    ----------
    runner : str
        ``direct``, in this process or with several workers in processes of their own; or the name of any of Beam's,
        such as ``FlinkRunner``, ``SparkRunner``, ``PortableRunner`` or ``DataflowRunner``.
    workers : int
        Of the direct runner: how many processes; with 1 it is this one.
    options : sequence of str
        Options of Beam's pipelines, ``name=value``, such as ``flink_master=localhost:8081``.
    """

    runner: str = DIRECT
    workers: int = 1
    options: Sequence[str] = ()

    def settings(self) -> dict[str, Any]:
        """Return it as options of Beam's by name; PassError of one that cannot be."""
        given = self._given()
        if not self.is_direct:
            return {"runner": self.runner, **given}
        mode = "in_memory" if self.workers == 1 else "multi_processing"
        own = {"runner": _DIRECT_RUNNER, "direct_running_mode": mode, "direct_num_workers": self.workers}
        return {**own, **given}

    def _given(self) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for each in self.options:
            name, equals, value = each.partition("=")
            if not name.isidentifier() or not equals:
                hint = "write name=value, as in flink_master=localhost:8081"
                raise PassError("fleet", f"{each!r} is no option of Beam", hint=hint, is_usage=True)
            # Some may be given several times.
            before = given.get(name)
            made = {"true": True, "false": False}.get(value, value)
            given[name] = made if before is None else [*(before if isinstance(before, list) else [before]), made]
        return given

    @property
    def is_direct(self) -> bool:
        """Whether the elements are done on this machine, by Beam's direct runner."""
        return self.runner.lower() in (DIRECT, "directrunner")

    def check(self) -> None:
        """Refuse options that Beam does not have, and a machine without Beam; ModuleNotFoundError and PassError."""
        given = self._given()
        if importlib.util.find_spec("apache_beam") is None:
            raise ModuleNotFoundError("Apache Beam is not installed", name="apache_beam")
        if given:
            self._check_options(given)

    def _check_options(self, given: dict[str, Any]) -> None:
        try:
            known = known_options(given)
        except ValueError as error:
            raise PassError("fleet", f"Beam refuses an option: {error}", is_usage=True) from error
        for name in given if self.is_direct else ():
            # Beam would drop it without a word; job servers may have it.
            if name not in known:
                hint = did_you_mean(near_names(name, sorted(known)))
                raise PassError("fleet", f"Beam's direct runner has no option {name}", hint=hint, is_usage=True)

    def run(self, function: Callable[[Any], None], elements: Sequence[Any]) -> None:
        """Do the function, which has to be a pickle, on every element.

        Raises
        ------
        ModuleNotFoundError
            Beam is not installed.
        LostWorkerError
            A worker of the direct runner ended; some elements are done. Other engines give its work to another.
        ChildProcessError
            The engine failed.
        """
        if not elements:
            return
        if self.is_direct and self.workers > 1:
            _run_apart(function, elements, self.settings())
            return
        run_pipeline(function, elements, self.settings())

    def run_all(self, function: Callable[[Any], None], elements: Sequence[Any], is_done: Callable[[Any], bool]) -> None:
        """Do what is not done, by the first part of each element; go on where workers were lost, if that gets anywhere.

        Errors are those of `run`.
        """
        left = [element for element in elements if not is_done(element[0])]
        num_lost = 0
        while left:
            try:
                self.run(function, left)
            except LostWorkerError:
                still = [element for element in left if not is_done(element[0])]
                num_lost = num_lost + 1 if len(still) == len(left) else 0
                if num_lost == _MAX_LOST:
                    raise
                left = still
            else:
                return


#: This process, by Beam's direct runner.
HERE = Engine()


def _run_apart(function: Callable[[Any], None], elements: Sequence[Any], settings: dict[str, Any]) -> None:
    """Run a pipeline in a process of its own, which can be ended: Beam waits for a worker that was killed for ever."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each or os.getcwd() for each in sys.path)}
    with disk.scratch_file() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "graphsurgeon.beam.pipeline"],
            stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            process.communicate(pickle.dumps((function, list(elements), settings)))
        finally:
            # Its workers too: one that is still at an element would be in the way of who does that again.
            _end_group(process)
        if process.returncode == LOST_WORKER:
            raise LostWorkerError("a worker of the direct runner ended in mid-work")
        if process.returncode:
            told = _last_line(log.name).removeprefix("Beam failed: ") or f"exit code {process.returncode}"
            raise ChildProcessError(f"Beam failed: {told}")


def _end_group(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _last_line(path: str) -> str:
    """Return the last line that a process wrote, where errors say what they are."""
    with open(path, "rb") as log:
        log.seek(max(0, os.path.getsize(path) - _MAX_LISTED_NBYTES))
        lines = log.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
