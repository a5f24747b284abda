"""`make demo` ends in what convinces, and fits on a screen."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

SHIMS = {"python": f'exec "{sys.executable}" "$@"', "graphsurgeon": f'exec "{sys.executable}" -m graphsurgeon "$@"'}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The lines that the demo prints."""
    tmp_path = tmp_path_factory.mktemp("demo")
    if not (ROOT / ".ci" / "demo").exists():
        pytest.skip("there is no .ci/demo beside the tests")
    if importlib.util.find_spec("tensorflow") is not None:
        pytest.skip("the demo declines where TensorFlow is installed: make test-fast runs it")
    for name, line in SHIMS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    places = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [".ci/demo", "fixtures/mobile_cnn.pb"],
        cwd=ROOT,
        env={**os.environ, **places, "DEMO_OUT": str(tmp_path / "out")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    # Where a test has it written is longer than `build/demo`.
    return done.stdout.replace(str(tmp_path / "out"), "build/demo").splitlines()


def test_demo_shows_that_nothing_is_lost(demo: list[str]):
    text = "\n".join(demo)
    assert "37 of 37 weights found, 57,544 bytes, every bit as before freezing" in text
    assert "the checkpoint is, byte for byte, the one that TensorFlow had saved." in text
    assert "the graph that was taken apart came back, byte for byte" in text
    assert "the same model as model.ckpt.meta" in text
    assert re.search(r"^\d+\.\d\d s$", text, re.MULTILINE)


def test_demo_fits_on_a_screen(demo: list[str]):
    assert len(demo) <= 40
    assert max(map(len, demo)) <= 80


def test_demo_ends_with_three_lines_to_type(demo: list[str]):
    assert [line.split()[:2] for line in demo[-3:]] == [
        ["graphsurgeon", "inspect"],
        ["graphsurgeon", "unfreeze"],
        ["graphsurgeon", "unfreeze"],
    ]
