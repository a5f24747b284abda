"""The pipeline as Beam has it: quiet, and with any of Beam's engines."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from graphsurgeon.beam import pipeline
from graphsurgeon.beam.engine import Engine
from tests.beam.conftest import needs_beam
from tests.beam.elements import note


@needs_beam
def test_beam_says_nothing_about_itself(tmp_path: Path, root: Path):
    code = f"from graphsurgeon.beam.engine import Engine\nfrom tests.beam.elements import note\n\
Engine().run(note, [{str(tmp_path / 'x')!r}])"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


@needs_beam
def test_logging_is_as_before(tmp_path: Path):
    before = logging.root.manager.disable
    pipeline.run_pipeline(note, [str(tmp_path / "x")], Engine().settings())
    assert logging.root.manager.disable == before


def test_the_package_is_there_without_beam(root: Path):
    code = "import sys, graphsurgeon.beam; print('apache_beam' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.fixture(scope="module")
def job_service(root: Path):
    """The address of a job service, which runs pipelines as Flink's and Spark's do: by Beam's portable protocol."""
    from apache_beam.runners.portability.local_job_service import LocalJobServicer

    service = LocalJobServicer()
    port = service.start_grpc_server(0)
    yield f"localhost:{port}"
    service.stop()


@needs_beam
def test_a_portable_runner(tmp_path: Path, in_workers, job_service):
    options = (f"job_endpoint={job_service}", "environment_type=LOOPBACK")
    Engine("PortableRunner", options=options).run(note, [str(tmp_path / str(i)) for i in range(10)])
    assert len([*tmp_path.iterdir()]) == 10


@needs_beam
@pytest.mark.parametrize("runner", ["FlinkRunner", "SparkRunner"])
def test_flink_and_spark(tmp_path: Path, in_workers, runner):
    """Their job servers are jars that Beam has to have by now: a test downloads nothing."""
    cache = Path.home() / ".apache_beam" / "cache" / "jars"
    if not [*cache.glob(f"beam-runners-{runner.removesuffix('Runner').lower()}*job-server*.jar")]:
        pytest.skip(f"the job server of {runner} is not in {cache.name}/")
    Engine(runner, options=("environment_type=LOOPBACK",)).run(note, [str(tmp_path / "x")])
    assert (tmp_path / "x").exists()
