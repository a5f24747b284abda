"""Engines: what Beam is told, and what becomes of its failures."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from graphsurgeon.beam.engine import Engine, LostWorkerError
from graphsurgeon.errors import PassError
from tests.beam.conftest import needs_beam
from tests.beam.elements import end_once, fail, note


def test_direct_is_in_this_process():
    settings = Engine().settings()
    assert settings.pop("runner").endswith(".FnApiRunner")
    assert settings == {"direct_running_mode": "in_memory", "direct_num_workers": 1}
    assert Engine("DirectRunner").settings() == Engine().settings()


def test_several_workers_have_processes():
    assert Engine(workers=2).settings()["direct_running_mode"] == "multi_processing"


def test_others_are_taken_by_name():
    engine = Engine("FlinkRunner", options=("flink_master=localhost:8081", "streaming=true"))
    assert engine.settings() == {"runner": "FlinkRunner", "flink_master": "localhost:8081", "streaming": True}
    options = ("experiments=a", "experiments=b=c")
    assert Engine("x", options=options).settings()["experiments"] == ["a", "b=c"]


@pytest.mark.parametrize("option", ["", "a b=c", "=1", "1=2", "a"])
def test_options_that_are_none(option):
    with pytest.raises(PassError, match="is no option of Beam") as caught:
        Engine(options=(option,)).settings()
    assert caught.value.is_usage


@needs_beam
def test_options_that_the_direct_runner_does_not_have():
    with pytest.raises(PassError, match="no option direct_num_worker; did you mean 'direct_num_workers'") as caught:
        Engine(options=("direct_num_worker=3",)).check()
    assert caught.value.is_usage
    Engine(options=("experiment=a", "streaming=false", "job_name=x")).check()
    Engine("FlinkRunner", options=("an_option_of_the_job_server=3",)).check()


@needs_beam
@pytest.mark.parametrize("runner", ["direct", "FlinkRunner"])
def test_values_that_an_option_cannot_have(runner, capfd):
    with pytest.raises(PassError, match="argument --direct_num_workers: invalid int value: 'many'"):
        Engine(runner, options=("direct_num_workers=many",)).check()
    assert capfd.readouterr().err == ""


def test_nothing_is_done_with_nothing():
    Engine("NoSuchRunner").run(note, [])


def test_without_beam(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "apache_beam" else find(name, *a))
    with pytest.raises(ModuleNotFoundError) as caught:
        Engine().check()
    assert caught.value.name == "apache_beam"


@needs_beam
@pytest.mark.parametrize("workers", [1, 2])
def test_every_element_is_done(tmp_path: Path, in_workers, workers):
    Engine(workers=workers).run(note, [str(tmp_path / str(i)) for i in range(40)])
    processes = {int(path.read_text()) for path in tmp_path.iterdir()}
    assert len([*tmp_path.iterdir()]) == 40
    assert (os.getpid() in processes) is (workers == 1)
    assert len(processes) <= workers


@needs_beam
def test_a_worker_that_is_killed_is_told(tmp_path: Path, in_workers):
    """Beam itself would wait for it, for ever; the elements that were done are."""
    elements = [str(tmp_path / str(i)) for i in range(8)]
    engine = Engine(workers=2)
    with pytest.raises(LostWorkerError):
        engine.run(end_once, elements)
    assert not (tmp_path / "2").exists()
    engine.run(end_once, elements)
    assert all(Path(each).exists() for each in elements)


@needs_beam
@pytest.mark.parametrize("workers", [1, 2])
def test_a_failure_is_told(tmp_path: Path, in_workers, workers):
    with pytest.raises(ChildProcessError, match=r"Beam failed: .*KeyError"):
        Engine(workers=workers).run(fail, ["an element"])


@needs_beam
@pytest.mark.parametrize(("runner", "told"), [("NoSuchRunner", "NoSuchRunner"), ("PortableRunner", "")])
def test_an_engine_that_is_not_there(runner, told):
    with pytest.raises(ChildProcessError, match=f"Beam failed: .*{told}"):
        Engine(runner, options=() if told else ("job_endpoint=localhost:1", "job_server_timeout=2")).run(note, ["x"])
