"""The report as data."""

from __future__ import annotations

import json

from graphsurgeon.compare import diff
from graphsurgeon.compare.plain import ABSENT
from graphsurgeon.compare.report import (
    CollectionDiff,
    Difference,
    DiffReport,
    GraphDiff,
    LibraryDiff,
    NodeRow,
    TensorsDiff,
)
from graphsurgeon.compare.values import Element, ValueDiff
from tests import notation

NO_TENSORS = TensorsDiff([], [], [], [], 0)


def test_what_counts_as_a_difference():
    equal = GraphDiff([], [], [], [], 5, True)
    assert DiffReport(equal, LibraryDiff([], [], [], [], 0), [], [], NO_TENSORS).is_equal
    assert DiffReport(None, None, [], [], NO_TENSORS, ["a note"]).is_equal
    assert not DiffReport(GraphDiff([NodeRow("a", "X")], [], [], [], 0, False), None, [], [], NO_TENSORS).is_equal
    assert not DiffReport(None, None, [Difference("saver_def", "version", 1, 2)], [], NO_TENSORS).is_equal
    assert not DiffReport(None, None, [], [CollectionDiff("c", [], [], True)], NO_TENSORS).is_equal
    assert not DiffReport(None, LibraryDiff(["f"], [], [], [], 0), [], [], NO_TENSORS).is_equal


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


def test_keys_of_the_whole():
    report = diff(notation.model("a = NoOp"), notation.model("b = NoOp; c = NoOp"))
    facts = json.loads(json.dumps(report.to_json()))
    assert list(facts) == ["equal", "graph", "functions", "model", "collections", "tensors", "notes"]
    assert (facts["equal"], facts["graph"]["removed"]) == (False, [{"name": "a", "op": "NoOp"}])
    assert [row["name"] for row in facts["graph"]["added"]] == ["b", "c"]


def test_text_is_its_lines():
    report = diff(notation.model("a = NoOp"), notation.model("b = NoOp; c = NoOp"))
    assert str(report).splitlines() == list(report.lines())
