"""What a summary says."""

from __future__ import annotations

from graphsurgeon.tools.summary.report import LayerRow, Summary


def test_labels_are_names_below_the_scope():
    names = [("a", 0), ("a/b/c", 1), ("a/b/c/d", 2), ("a/e", 1), ("f/g", 0)]
    rows = [LayerRow(name, depth, None, None, None, None, None, None, None) for name, depth in names]
    found = Summary([], [], rows, 0, 0, 0, 0, False)
    assert list(found.labels()) == ["a", "b/c", "d", "e", "f/g"]
