"""Measured commands: interleaved, with clean outputs, and never a failure counted as a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.process import MIB, BenchmarkError, Job, measure, run

ROOT = Path(__file__).parents[2]


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_peak_memory_is_that_of_the_command(tmp_path: Path):
    # In a process of its own: one that has run half the suite may hold more than the command does, and what the
    # kernel reports for a child is never below what its parent held.
    code = "x = b'x' * (300 << 20)"
    measured = python(
        "import sys; from pathlib import Path; from benchmarks.process import run; "
        f"print(run([sys.executable, '-c', {code!r}], Path({str(tmp_path / 'log')!r}))[1])"
    )
    peak = int(subprocess.run(measured, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    assert 300 * MIB < peak < 400 * MIB


def test_wall_time_is_that_of_the_command(tmp_path: Path):
    seconds, _, processor = run(python("import time; time.sleep(0.3)"), tmp_path / "log")
    assert processor > 0
    assert seconds >= 0.3


def test_failure_is_an_error_with_its_output(tmp_path: Path):
    with pytest.raises(BenchmarkError, match=r"ended with 3:\n.*because"):
        run(python("print('because'); raise SystemExit(3)"), tmp_path / "log")


def test_jobs_take_turns_and_start_with_an_empty_directory(tmp_path: Path):
    code = "import pathlib; p = pathlib.Path({!r}); p.mkdir(); open({!r}, 'a').write({!r})"
    order = tmp_path / "order"
    jobs = [
        Job(name, python(code.format(str(tmp_path / name / "made"), str(order), name)), tmp_path / name, runs)
        for name, runs in (("a", 3), ("b", 2))
    ]
    found = measure(jobs, tmp_path / "log", keep="b")
    assert order.read_text() == "ababa"
    assert [len(found[name].seconds) for name in "ab"] == [3, 2]
    assert not (tmp_path / "a").exists()
    assert (tmp_path / "b" / "made").is_dir()


def test_commands_may_keep_their_bytecode(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    run(python("import sys; assert not sys.dont_write_bytecode"), tmp_path / "log")
