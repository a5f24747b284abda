"""The notebook of examples/ that trains runs with TensorFlow 2, and shows what it stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import notebooks
from tests.conftest import ROOT
from tests.tf.judge import TensorFlow, environment


def test_recover_and_train_shows_what_comes_out(
    tf2: TensorFlow, tmp_path: Path, fixtures: Path, pytestconfig: pytest.Config
):
    directory = notebooks.laid_out(tmp_path, fixtures)
    variables = {**environment(), "PYTHONPATH": str(ROOT)}
    notebooks.check(ROOT / "examples" / "recover_and_train.ipynb", tf2.python, directory, pytestconfig, variables)
