"""Starting up is cheap: what `import graphsurgeon` and `--help` must not load, seen in a fresh process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "google", "ml_dtypes", "crc32c", "cramjam", "click", "rich", "tensorflow")
AFTER_HELP = ("numpy", "google", "ml_dtypes", "crc32c", "cramjam", "rich.progress", "tensorflow")

SEEN = "import sys; print(*sorted(name for name in {heavy} if name in sys.modules))"


def loaded_after(root: Path, code: str, heavy: tuple[str, ...]) -> list[str]:
    """Run code in a fresh interpreter and return which of the heavy modules it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{SEEN.format(heavy=heavy)}"],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1].split()


def test_import_loads_nothing_heavy(root: Path):
    assert loaded_after(root, "import graphsurgeon", HEAVY) == []


def test_check_sees_what_is_loaded(root: Path):
    assert loaded_after(root, "import graphsurgeon, numpy", HEAVY) == ["numpy"]


def running(arguments: list[str]) -> str:
    """Code that runs a command line."""
    return (
        f"import sys\nsys.argv = ['graphsurgeon', *{arguments}]\nfrom graphsurgeon.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    )


@pytest.mark.parametrize("arguments", [["--help"], ["unfreeze", "--help"]])
def test_help_loads_no_numbers_and_no_protobuf(root: Path, arguments: list[str]):
    assert loaded_after(root, running(arguments), AFTER_HELP) == []


@pytest.mark.parametrize("arguments", [["--help"], ["help"], ["cat", "--help"]])
def test_list_of_verbs_loads_no_rooms(root: Path, arguments: list[str]):
    rooms = ("graphsurgeon.formats", "graphsurgeon.ir", "graphsurgeon.tensors", "graphsurgeon.checks")
    assert loaded_after(root, running(arguments), rooms) == []


def test_one_tensor_of_a_checkpoint_needs_no_numbers_and_no_graph(root: Path, tmp_path: Path):
    """Its bytes go from file to file."""
    source = str(root / "fixtures" / "mobile_cnn.ckpt")
    code = running(["cat", source, "Logits/biases", "-o", str(tmp_path / "v.npy")])
    assert loaded_after(root, code, ("numpy", "ml_dtypes", "rich", "graphsurgeon.ir.model")) == []
    assert (tmp_path / "v.npy").exists()


def test_a_plain_checkpoint_is_verified_without_protobuf_and_graphs(root: Path, tmp_path: Path):
    for end in (".index", ".data-00000-of-00001"):
        shutil.copy(root / "fixtures" / f"mobile_cnn.ckpt{end}", tmp_path / f"x{end}")
    heavy = ("numpy", "google", "graphsurgeon.ir.model", "graphsurgeon.checks.rules", "graphsurgeon.checks.consistency")
    assert loaded_after(root, running(["verify", str(tmp_path / "x")]), heavy) == []


def test_named_tuples_are_those_that_cost_nothing(root: Path):
    """The one of `typing` compiles a constructor for each class, which is felt when a command starts."""
    own = root / "proto_utils" / "named_tuple.py"
    found = [
        path
        for folder in ("graphsurgeon", "proto_utils")
        for path in sorted((root / folder).rglob("*.py"))
        if path != own and re.search(r"^from typing import .*\bNamedTuple\b", path.read_text(), re.MULTILINE)
    ]
    assert found == []
