"""The notebooks of examples/: the one that needs no TensorFlow runs and shows what it stores; all of them are tidy."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests import notebooks
from tests.conftest import ROOT

EXAMPLES = ROOT / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def test_edit_and_look_shows_what_comes_out(tmp_path: Path, fixtures: Path, pytestconfig: pytest.Config):
    directory = notebooks.laid_out(tmp_path, fixtures)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    notebooks.check(EXAMPLES / "edit_and_look.ipynb", sys.executable, directory, pytestconfig, environment)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_small_and_tidy(path: Path):
    text = path.read_text(encoding="utf-8")
    assert len(text) < 20_000
    notebook = json.loads(text)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert {json.dumps(cell["metadata"]) for cell in notebook["cells"]} == {"{}"}
    assert {cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code"} == {None}


def test_the_list_names_them_all():
    listed = re.findall(r"\]\((\w+\.ipynb)\)", (EXAMPLES / "README.md").read_text(encoding="utf-8"))
    assert listed == [path.name for path in NOTEBOOKS]
