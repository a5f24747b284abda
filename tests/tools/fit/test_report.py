"""Reports as plain data."""

from __future__ import annotations

import json

from graphsurgeon.tools.fit.report import FitReport, FitRow

ROWS = [
    FitRow("a", "copy", "x", "name", "float32", [2], "float32", [2]),
    FitRow("b", "missing", None, "not in the checkpoint", "float32", [None], candidates=["y"]),
]


def test_json_has_the_columns_of_the_contract():
    facts = json.loads(json.dumps(FitReport(ROWS, []).to_json()))
    assert set(facts["rows"][0]) >= {
        "name", "action", "from", "why", "dtype", "shape", "found_dtype", "found_shape", "candidates"
    }  # fmt: skip
    assert (facts["rows"][0]["from"], facts["rows"][1]["candidates"]) == ("x", ["y"])
    assert (facts["counts"], facts["extra"]) == ({"copy": 1, "missing": 1}, [])


def test_what_is_unresolved():
    assert FitReport(ROWS, []).unresolved == ROWS[1:]
    assert FitReport(ROWS[:1], []).unresolved == []
