"""Fixtures that run TensorFlow as a judge, always in another process.

``tf2`` is TensorFlow 2.21 (``GRAPHSURGEON_TF_PYTHON``, else this interpreter when TensorFlow is installed in it);
``tf1`` is TensorFlow 1.15 (``GRAPHSURGEON_TF1_PYTHON``); ``clients`` is TensorFlow 2.21 beside other libraries that
read its files (``GRAPHSURGEON_CLIENTS_PYTHON``, which ``make test-clients`` sets). A test that asks for one which is
absent is skipped with a sentence that says what to set. A variable that names something which does not run TensorFlow
is an error, not a skip.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tf.judge import TensorFlow

pytest.register_assert_rewrite("tests.tf.editing", "tests.tf.thawing")

TF2_MISSING = "TensorFlow 2.21 not found: pip install tensorflow-cpu==2.21.0, or set GRAPHSURGEON_TF_PYTHON"
TF1_MISSING = "Python 3.7 with TensorFlow 1.15 not found; set GRAPHSURGEON_TF1_PYTHON"

CLIENTS_MISSING = "tf2onnx, onnxruntime and OpenVINO: make test-clients, or set GRAPHSURGEON_CLIENTS_PYTHON"


@pytest.fixture(scope="session")
def tf2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TensorFlow]:
    """TensorFlow 2.21 in a worker process that lives as long as the test session."""
    python = os.environ.get("GRAPHSURGEON_TF_PYTHON")
    if not python and importlib.util.find_spec("tensorflow") is not None:
        python = sys.executable
    if not python:
        pytest.skip(TF2_MISSING)
    with TensorFlow(python, tmp_path_factory.mktemp("tf2")) as tensorflow:
        yield tensorflow


@pytest.fixture(scope="session")
def tf1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TensorFlow]:
    """TensorFlow 1.15 on Python 3.7 in a worker process that lives as long as the test session."""
    python = os.environ.get("GRAPHSURGEON_TF1_PYTHON")
    if not python:
        pytest.skip(TF1_MISSING)
    with TensorFlow(python, tmp_path_factory.mktemp("tf1")) as tensorflow:
        yield tensorflow


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TensorFlow]:
    """TensorFlow 2.21 beside tf2onnx, onnxruntime and OpenVINO."""
    python = os.environ.get("GRAPHSURGEON_CLIENTS_PYTHON")
    if not python:
        pytest.skip(CLIENTS_MISSING)
    with TensorFlow(python, tmp_path_factory.mktemp("clients")) as tensorflow:
        yield tensorflow


@pytest.fixture(params=["tf1", "tf2"])
def tf(request: pytest.FixtureRequest) -> TensorFlow:
    """Each TensorFlow in turn, for what must hold in both."""
    tensorflow = request.getfixturevalue(request.param)
    assert isinstance(tensorflow, TensorFlow)
    return tensorflow


@pytest.fixture(params=["tf1", "tf2"])
def reader(request: pytest.FixtureRequest) -> TensorFlow:
    """Each TensorFlow in turn again, to read what each wrote."""
    tensorflow = request.getfixturevalue(request.param)
    assert isinstance(tensorflow, TensorFlow)
    return tensorflow


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """The directory of real TensorFlow files, which only a working copy beside ``../shared`` has."""
    directory = Path(__file__).resolve().parents[3] / "shared" / "models"
    if not directory.is_dir():
        pytest.skip("real TensorFlow files (../shared/models) are not beside this checkout")
    return directory
