"""The parts of a report as data."""

from __future__ import annotations

import json

from graphsurgeon.compare.plain import ABSENT
from graphsurgeon.compare.report import Difference
from graphsurgeon.compare.values import Element, ValueDiff


def test_absent_is_left_out_and_null_is_not():
    assert Difference("attr", "k", ABSENT, None).to_json() == {"field": "attr", "key": "k", "b": None}
    assert Difference("attr", "k", 1, ABSENT).to_json() == {"field": "attr", "key": "k", "a": 1}


def test_values_in_json():
    values = ValueDiff(4, 2, 0, 1, float("inf"), 2.0, Element([0], "nan", 1.0), None)
    change = Difference("attr", "value", {}, {}, values).to_json()
    assert json.loads(json.dumps(change, allow_nan=False))["values"] == {
        "num_elements": 4,
        "num_different": 2,
        "num_same_number": 0,
        "num_nonfinite": 1,
        "max_absolute": "inf",
        "max_relative": 2.0,
        "first": {"index": [0], "a": "nan", "b": 1.0},
        "largest": None,
    }
