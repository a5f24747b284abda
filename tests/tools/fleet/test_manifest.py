"""Manifests: lines for each model, and what is taken for one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.errors import CorruptionError
from graphsurgeon.tools.fleet.manifest import read_manifest, write_manifest
from proto_utils.output import Transaction

ROW: dict[str, Any] = {
    "source": "a.pb",
    "output": "out/a",
    "outcome": "done",
    "outputs": [{"path": "p", "nbytes": 1, "mtime_ns": 2}],
}


def written(path: Path, *rows: dict[str, Any]) -> Path:
    with Transaction(path, overwrite=True) as transaction:
        write_manifest(str(path), rows, transaction)
    return path


def test_what_is_written_is_read(tmp_path: Path):
    other = {**ROW, "output": "out/A", "report": {"x": "\n"}}
    path = written(tmp_path / "m.jsonl", ROW, other)
    assert [json.loads(line)["output"] for line in path.read_text().splitlines()] == ["out/A", "out/a"]
    assert read_manifest(str(path)) == {"out/a": ROW, "out/A": other}


def test_none_is_empty(tmp_path: Path):
    assert read_manifest(str(tmp_path / "m.jsonl")) == {}
    assert read_manifest(str(written(tmp_path / "m.jsonl"))) == {}


@pytest.mark.parametrize(
    "line",
    [
        "x", "[]", "1", "", "[" * 100_000, json.dumps({**ROW, "outcome": "skipped"}), json.dumps({**ROW, "outputs": 1}),
        json.dumps({**ROW, "outputs": [{}]}), json.dumps({**ROW, "source": None}),
    ],
)  # fmt: skip
def test_what_is_no_manifest(tmp_path: Path, line: str):
    (tmp_path / "m.jsonl").write_text(json.dumps(ROW) + "\n" + line + "\n")
    with pytest.raises(CorruptionError, match="line 2 is not one of a manifest"):
        read_manifest(str(tmp_path / "m.jsonl"))


def test_every_cut_is_told_or_loses_whole_lines_only(tmp_path: Path):
    path = written(tmp_path / "m.jsonl", ROW)
    data = path.read_bytes()
    for end in range(1, len(data) - 1):
        path.write_bytes(data[:end])
        with pytest.raises(CorruptionError):
            read_manifest(str(path))
