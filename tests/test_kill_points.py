"""Some kill points and failing operations, on a fixed seed; ``make kill-points`` runs a thousand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOME = (
    "import json, sys\nfrom pathlib import Path\nfrom tests.kill_points import run\n"
    "print(json.dumps(run(Path(sys.argv[1]), 24, 16, 5, one_of=9)))"
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_nothing_is_lost_and_nothing_is_left(tmp_path: Path, root: Path):
    # In a process of its own, of one thread: it forks.
    done = subprocess.run(
        [sys.executable, "-c", SOME, str(tmp_path)], cwd=root, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["kill_points"], report["errors"]) == (24, 16)
    assert report["losses"] == []
    assert report["leftovers"] == []
    assert {"killed: old", "killed: new", "failed: 6"} <= set(report["ends"])
