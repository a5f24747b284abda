"""A graph without control flow v1."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.functionalizing.graphs import CONTROL_FLOW, functionalize_graph
from tests.notation import model
from tests.passes.test_functionalize import COND, LOOP


def test_all_kinds_at_once():
    of = model(LOOP + COND.replace("x = Placeholder {dtype: f32, shape: shape[2]}", "").replace("y =", "z ="))
    found = functionalize_graph(of)
    assert [row.node for row in found.raised] == ["loop", "c"]
    assert found.functions == list(of.library.functions)
    assert CONTROL_FLOW.isdisjoint(node.op for node in of.graph)


def test_what_is_no_longer_needed_goes():
    """A predicate by another name, and nothing that nobody read before."""
    of = model(COND + "\nunread = Neg(x)")
    functionalize_graph(of)
    assert [node.name for node in of.graph] == ["x", "p", "c", "c/Merge", "y", "unread"]


CASE = """
    x = Placeholder {dtype: f32, shape: shape[2]}; i = Placeholder {dtype: int32, shape: shape[]}
    s = _SwitchN(x, i) {num_outs: 3}; a = Neg(s); b = Abs(s:1); c = Add(s:2, s:2)
    m = Merge(a, b, c) {N: 3}; y = Abs(m)
"""


def test_branches_of_a_case():
    of = model(CASE)
    assert [row.op for row in functionalize_graph(of).raised] == ["StatelessIf"] * 2
    assert CONTROL_FLOW.isdisjoint(of.graph.ops)
    with pytest.raises(PassError, match="Merge 'm' does not read each branch once"):
        functionalize_graph(model(CASE.replace("Merge(a, b, c) {N: 3}", "Merge(a, b) {N: 2}")))


def test_what_is_part_of_nothing_is_declined():
    with pytest.raises(PassError, match="a NextIteration is part of no loop or branch"):
        functionalize_graph(model("x = Placeholder {dtype: f32}; y = NextIteration(x)"))
