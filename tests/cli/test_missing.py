"""A dependency that is not installed is one line that names it, whatever needs it first."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from graphsurgeon.cli import missing
from graphsurgeon.cli.missing import missing_package
from tests.conftest import ROOT

WITHOUT = "import sys; sys.modules[{module!r}] = None; from graphsurgeon.cli import main; main(sys.argv[1:])"


def without(module: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT.format(module=module), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("module", "package"),
    [("click", "click"), ("google", "protobuf"), ("google.protobuf", "protobuf"), ("crc32c", "crc32c")],
)
def test_it_is_one_line(tmp_path: Path, fixtures: Path, module: str, package: str):
    done = without(module, "unfreeze", fixtures / "mobile_cnn.pb", "-o", tmp_path / "m.ckpt")
    line = f"error: graphsurgeon needs the package {package}, which is not installed: python -m pip install {package}\n"
    assert (done.returncode, done.stdout, done.stderr) == (4, "", line)
    assert [*tmp_path.iterdir()] == []


def test_numpy_is_named_by_a_verb_that_needs_values(tmp_path: Path, fixtures: Path):
    done = without("numpy", "cat", fixtures / "mobile_cnn.ckpt", "Logits/biases")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.endswith("python -m pip install numpy\n")


@pytest.mark.parametrize("module", ["click", "google"])
def test_as_json(fixtures: Path, module: str):
    done = without(module, "inspect", fixtures / "mobile_cnn.pb", "--json")
    error = json.loads(done.stderr)["error"]
    assert done.returncode == 4
    assert (error["type"], error["package"]) == ("ModuleNotFoundError", missing_package(module_not_found(module)))
    assert "python -m pip install" in error["message"]


def module_not_found(module: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(name=module)


def test_other_modules_are_no_dependency():
    assert missing_package(module_not_found("graphsurgeon.nothing")) is None
    assert missing_package(ImportError(name="click")) is None


def test_every_dependency_is_known():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = text.partition("\ndependencies = [")[2].partition("]")[0]
    assert set(re.findall(r'"([\w-]+)>=', listed)) == missing._NEEDED
