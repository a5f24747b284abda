"""What `verify` calls an error, TensorFlow refuses; what it does not, TensorFlow takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.malformed import CASES, EXCEPTIONS
from tests.tf.judge import TensorFlow


@pytest.fixture
def refused(tf: TensorFlow, tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({name: case.text for name, case in CASES.items()}))
    return dict(tf.call("verifying:accepted", path=path))


def test_errors_are_what_tensorflow_refuses(refused: dict[str, Any], tf: TensorFlow):
    wrong = {}
    for name, case in CASES.items():
        if name in EXCEPTIONS or (tf.is_v1 and ">" in name):
            continue
        if bool(case.errors) != bool(refused[name]):
            wrong[name] = (case.errors, refused[name])
    assert wrong == {}


_UNPLACED = ("a class that is a string", "a class of numbers")


def test_the_reasons_are_the_same(refused: dict[str, Any]):
    """Where TensorFlow gives a reason, it is the one that our rule stands for."""
    words = {
        "name": "invalid character", "duplicate-name": "not unique", "cycle": "in a cycle", "attr": "attr",
        "output-index": "invalid output", "input-type": "incompatible with expected", "colocation": "colocated",
        "input-count": "do not match", "control-order": "control dependencies",
    }  # fmt: skip
    for name, case in CASES.items():
        if len(case.errors) == 1 and case.errors[0] in words and "body" not in name and "result" not in name:
            text = str(refused[name]).lower()
            # Of these TensorFlow's Python says what it had expected, not where.
            if name not in (*_UNPLACED, "an argument twice", "a handle read as of another type"):
                assert words[case.errors[0]].lower() in text, (name, text)
