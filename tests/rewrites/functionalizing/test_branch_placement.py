"""Which branches nodes run in."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.functionalizing.branch_placement import BranchOf, BranchPlacement, topological
from tests.notation import graph

TEXT = """
    p = Placeholder {dtype: bool}
    q = Placeholder {dtype: bool}
    x = Placeholder {dtype: f32}
    pred_id = Identity(p)
    pivot = Switch(p, p)
    t = Identity(pivot:1)
    one = Const(^t) {f32 []}
    s = Switch(x, pred_id)
    inner = Switch(s:1, q)
    a = Neg(inner)
    b = Abs(inner:1)
    m = Merge(a, b) {N: 2, T: f32}
    c = Mul(m, one)
    n = Merge(s, c) {N: 2, T: f32}
    y = Neg(n)
"""


def placed(text: str = TEXT) -> BranchPlacement:
    return BranchPlacement({node.name: node for node in graph(text)})


def test_where_nodes_are():
    found = placed()
    there, further = BranchOf("p", 1), BranchOf("q", 0)
    assert found.where["a"] == (there, further)
    assert found.where["m"] == found.where["c"] == found.where["one"] == (there,)
    assert found.where["n"] == found.where["y"] == found.where["s"] == ()
    assert (found.merged, found.preds) == ({"n": [0, 1]}, {"n": "p"})
    assert found.outermost("b") == there
    assert found.outermost("argument") is None


def test_pivots_and_what_needs_nothing_else():
    found = placed()
    assert found.predicate("pred_id:0") == "p"
    assert found.free >= {"t", "one"}
    assert not {"a", "c"} & found.free
    assert found.ties("s", "p")
    assert not found.ties("pivot", "p")


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("bad = Add(s, c)", "of another branch than the others"),
        ("bad = Merge(x, c) {N: 2, T: f32}", "does not merge the two branches"),
        ("bad = Merge(a, c) {N: 2, T: f32}", "does not merge the two branches"),
        ("bad = Merge(s, c, ^a) {N: 2, T: f32}", "only runs in another branch"),
    ],
)
def test_what_is_in_two_places_is_declined(line: str, match: str):
    with pytest.raises(PassError, match=match):
        placed(TEXT + line)


def test_topological_order():
    nodes = {node.name: node for node in graph("b = Neg(a) {T: f32}; a = Abs(x) {T: f32}")}
    assert [node.name for node in topological(nodes)] == ["a", "b"]
    circle = {node.name: node for node in graph("b = Neg(a) {T: f32}; a = Abs(b) {T: f32}")}
    with pytest.raises(PassError, match="each other's results"):
        list(topological(circle))
