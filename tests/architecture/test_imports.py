"""Starting up is cheap: what `import graphsurgeon` and `--help` must not load, seen in a fresh process."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize("arguments", [["--help"], ["unfreeze", "--help"]])
def test_help_loads_no_numbers_and_no_protobuf(root: Path, arguments: list[str]):
    code = (
        f"import sys\nsys.argv = ['graphsurgeon', *{arguments}]\nfrom graphsurgeon.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    )
    assert loaded_after(root, code, AFTER_HELP) == []
