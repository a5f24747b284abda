"""Engines for tests: a loop in the place of Beam, which is always there, and Beam where it is installed."""

from __future__ import annotations

import importlib.util
import os
import pickle
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from graphsurgeon.beam.engine import Engine, LostWorkerError

HAS_BEAM = importlib.util.find_spec("apache_beam") is not None
needs_beam = pytest.mark.skipif(not HAS_BEAM, reason="Apache Beam is not installed: make test-beam")


class Loop:
    """An engine whose workers are this process; `run` of `Engine` while a test runs.

    Functions and elements go through pickles, as on their way to workers. A worker ends at the elements in `deadly`, so
    often as they say.
    """

    def __init__(self) -> None:
        self.num_runs = 0
        self.done: list[Any] = []
        self.deadly: dict[Any, int] = {}

    def run(self, engine: Engine, function: Callable[[Any], None], elements: Sequence[Any]) -> None:
        engine.settings()
        self.num_runs += 1
        for element in elements:
            deaths = self.deadly.get(element[0], 0)
            if deaths:
                self.deadly[element[0]] = deaths - 1
                self._begin(function, element)
                raise LostWorkerError("a worker ended")
            pickle.loads(pickle.dumps(function))(pickle.loads(pickle.dumps(element)))
            self.done.append(element[0])

    def _begin(self, function: Any, element: Any) -> None:
        """Leave what a worker leaves that ends at once."""
        from graphsurgeon.tools.fleet.models import FleetModel
        from graphsurgeon.tools.fleet.records import FleetRecords

        if not hasattr(function.args[0], "records"):
            return
        FleetRecords(function.args[0].records).begin(FleetModel(*element[:2]))


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    """A loop in the place of Beam."""
    made = Loop()

    def run(engine: Engine, function: Callable[[Any], None], elements: Sequence[Any]) -> None:
        made.run(engine, function, elements)

    monkeypatch.setattr(Engine, "run", run)
    monkeypatch.setattr(Engine, "check", Engine.settings)
    return made


@pytest.fixture
def in_workers(root, monkeypatch) -> None:
    """Have processes of workers find the tests, too."""
    monkeypatch.setattr(sys, "path", [str(root), *sys.path])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]))
