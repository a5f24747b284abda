"""What users write runs, and type checkers accept it."""

from __future__ import annotations

import gc
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import user_code
from tests.test_open_files import DESCRIPTORS, num_open


def test_it_runs_and_leaves_no_file_open(fixtures: Path, tmp_path: Path):
    gc.collect()
    before = num_open() if DESCRIPTORS.exists() else 0
    assert len(user_code.tensors(fixtures / "mobile_cnn.ckpt")) > 30
    printed = user_code.models(fixtures / "mobile_cnn.pb", tmp_path)
    assert printed.startswith("variables: ")
    assert printed.endswith("findings: none")
    assert user_code.graphs(fixtures / "mobile_cnn.pb")
    assert (num_open() if DESCRIPTORS.exists() else 0) == before


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """A folder with the code alone, from which the package is found as an installed one is."""
    (tmp_path / "user_code.py").write_text((root / "tests" / "user_code.py").read_text())
    return tmp_path


def test_mypy_accepts_it(root: Path, project: Path):
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("needs mypy, of the extra dev")
    (project / "mypy.ini").write_text(f"[mypy]\nstrict = True\nmypy_path = {root}\nfollow_imports = silent\n")
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(root / "build" / "mypy_user_code"), "user_code.py"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_pyright_accepts_it(root: Path, project: Path):
    """basedpyright brings the Node.js that it runs on; its own rules are off."""
    if importlib.util.find_spec("basedpyright") is None:
        pytest.skip("needs basedpyright, of the extra dev")
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(root)], "include": ["user_code.py"]}
    (project / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert [each["message"] for each in found["generalDiagnostics"]] == []
    assert found["summary"]["filesAnalyzed"] >= 1
