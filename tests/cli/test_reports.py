"""Any report for people."""

from __future__ import annotations

from graphsurgeon.cli.reports import explain, summarize

ROWS = [
    {"name": "a", "node": "a", "shape": [2, 3], "nbytes": 24, "trainable": True, "evidence": ["x", "y"]},
    {"name": "b", "node": "b", "shape": [], "nbytes": 4, "trainable": False, "evidence": []},
]


def test_a_line_per_list():
    facts = {"variables": ROWS, "kept": [], "notes": ["mind the gap"], "removed": 3, "names": ["p", "q"]}
    assert list(summarize(facts)) == [
        "variables: 2 (1 trainable, 28 B)", "kept: 0", "note: mind the gap", "removed: 3", "names: 2",
    ]  # fmt: skip


def test_a_table_per_list_of_rows():
    ((headers, cells, title),) = explain({"variables": ROWS, "kept": [], "notes": ["n"]})
    assert (title, headers) == ("variables", ["name", "shape", "nbytes", "trainable", "evidence"])
    assert cells == [["a", "[2, 3]", 24, "yes", "x; y"], ["b", "[]", 4, "no", ""]]


def test_a_node_of_another_name_is_shown():
    ((headers, _, _),) = explain({"rows": [{"name": "a", "node": "scope/a"}]})
    assert headers == ["name", "node"]
