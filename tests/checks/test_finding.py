"""Findings are plain data."""

from __future__ import annotations

import json

from graphsurgeon.checks.finding import ERROR, WARNING, Finding


def test_a_finding_is_json():
    finding = Finding("error", "dangling-input", "a", None, "input 'b' names no node")
    assert json.loads(json.dumps(finding.to_json())) == {
        "severity": "error", "rule": "dangling-input", "node": "a", "function": None,
        "message": "input 'b' names no node",
    }  # fmt: skip


def test_there_are_two_severities():
    assert (ERROR, WARNING) == ("error", "warning")
