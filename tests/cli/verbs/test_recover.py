"""`recover`: text, JSON and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proto_utils.places import hidden_beside


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name, kind in (("m.index", "old"), ("x.pb", "tmp")):
        Path(hidden_beside(str(tmp_path / name), kind)).touch()
    return tmp_path


def test_text(verb, directory):
    planned = verb("recover", directory, "--dry-run")
    assert (planned.code, planned.err) == (0, "would bring back 1, would remove 1\n")
    restored, removed = planned.out.splitlines()
    assert (restored, removed.startswith(f"would delete {directory}/.x.pb.")) == (f"{directory}/m.index", True)
    done = verb("recover", directory)
    assert (done.code, done.out, done.err) == (0, f"{directory}/m.index\n", "brought back 1, removed 1\n")
    assert [path.name for path in directory.iterdir()] == ["m.index"]


def test_json(verb, directory):
    facts = json.loads(verb("recover", directory, "--json").out)
    assert (facts["verb"], facts["restored"], len(facts["removed"])) == ("recover", [f"{directory}/m.index"], 1)


def test_no_directory(verb, tmp_path):
    assert verb("recover", tmp_path / "nowhere").code == 5
