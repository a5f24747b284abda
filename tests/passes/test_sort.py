"""sort: topological order, as near to the old one as may be."""

from __future__ import annotations

from graphsurgeon.passes.sort import SortedRow, sort
from tests import notation
from tests.passes.harness import check_pass, model


def test_order():
    before = "c = Add(b, a); b = Neg(a); d = Placeholder {dtype: f32}; a = Placeholder {dtype: f32}"
    after = """
        d = Placeholder
        a = Placeholder
        b = Neg(a)
        c = Add(b, a)
    """
    report = check_pass(sort, model(before), after)
    assert report.graphs == [SortedRow("", 4)]


def test_what_is_in_order_stays():
    of = model("x = Placeholder {dtype: f32}; b = Neg(x); a = Neg(x)")
    nodes = list(of.graph)
    assert sort(of).graphs == []
    assert list(of.graph) == nodes


def test_function_bodies():
    body = notation.function("f", "a", "r:y:0", "r = Neg(s:y:0) {T: f32}; s = Neg(a) {T: f32}")
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    assert sort(of).graphs == [SortedRow("f", 2)]
    assert [node.name for node in of.library.functions["f"].body] == ["s", "r"]
