"""The README and docs/measured.md show what benchmarks/results.json has, and change between their markers only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmarks import publish
from benchmarks.bench import ROOT, Result
from benchmarks.process import MIB, Measurement
from benchmarks.report import as_json, from_json

WRITTEN = ("README.md", "docs/measured.md", "docs/measured-light.svg", "docs/measured-dark.svg", "docs/growth.md")
RESULT = Result("Job", [Measurement("ours", [0.2], 40 * MIB), Measurement("theirs", [30.0], 6 << 30)], [])


def test_what_is_shown_is_what_was_kept(tmp_path: Path):
    (tmp_path / "docs").mkdir()
    for name in WRITTEN:
        shutil.copy(ROOT / name, tmp_path / name)
    publish.write(root=tmp_path)
    for name in WRITTEN:
        assert (tmp_path / name).read_text() == (ROOT / name).read_text(), "python -m benchmarks.publish"


def test_the_readme_has_ten_rows():
    results = from_json(publish.PUBLISHED.read_text(encoding="utf-8"))
    assert len(publish.few_rows(results).splitlines()) == 2 + 10


def test_a_file_changes_between_the_markers_only(tmp_path: Path):
    path = tmp_path / "README.md"
    path.write_text(f"before\n{publish.BEGIN}\nold\n{publish.END}\nafter\n")
    publish.replace_between(path, "new")
    publish.replace_between(path, "new")
    assert path.read_text() == f"before\n{publish.BEGIN}\nnew\n{publish.END}\nafter\n"


def test_a_file_without_markers_is_refused(tmp_path: Path):
    path = tmp_path / "README.md"
    path.write_text("nothing here")
    with pytest.raises(ValueError, match="not enough values"):
        publish.replace_between(path, "new")


def test_cases_that_were_not_run_stay(tmp_path: Path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(as_json({"a": RESULT, "b": RESULT}))
    new.write_text(as_json({"b": Result("Other", RESULT.rows, [])}))
    publish.keep(new, old)
    assert {name: case["title"] for name, case in json.loads(old.read_text())["cases"].items()} == {
        "a": "Job",
        "b": "Other",
    }
