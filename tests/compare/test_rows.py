"""A diff report as rows of one table."""

from __future__ import annotations

from graphsurgeon.compare import diff
from graphsurgeon.compare.rows import HEADERS, diff_rows
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.values import as_tensor
from tests import notation
from tests.models import meta_graph


def test_a_row_for_each_difference():
    a = "x = NoOp; y = Relu(q) {T: f32}; p = Placeholder {dtype: f32}; old = Relu(p)"
    b = "n = Tanh(q) {T: f32}; y = Relu(q) {T: f64}; p = Placeholder {dtype: f32}; new = Relu(p)"
    rows = list(diff_rows(diff(notation.model(a), notation.model(b))))
    assert rows == [
        ("graph", "-", "x", "", "NoOp"),
        ("graph", "+", "n", "", "Tanh"),
        ("graph", ">", "old", "new", "Relu"),
        ("graph", "~", "y", "y", "attr T: 'float32' -> 'float64'"),
    ]
    assert {len(row) for row in rows} == {len(HEADERS)}


def test_tensors_and_what_is_around():
    a, b = meta_graph(), meta_graph()
    b.graph_def.versions.producer = 7
    b.collection_def["c"].node_list.value.append("x")
    rows = list(diff_rows(diff(Model.from_meta_graph_def(a), Model.from_meta_graph_def(b))))
    assert ("model", "~", "graph_def", "graph_def", "versions/producer: 134 -> 7") in rows
    assert ("collection c", "+", "x", "", "'x'") in rows
    left, right = {"w": as_tensor(1.0), "a": as_tensor(1)}, {"w": as_tensor(2.0), "b": as_tensor(1)}
    found = [row[:3] for row in diff_rows(diff(left, right))]
    assert found == [("tensors", "-", "a"), ("tensors", "+", "b"), ("tensors", "~", "w")]
