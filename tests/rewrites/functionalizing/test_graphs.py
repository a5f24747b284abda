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


def test_what_is_part_of_nothing_is_declined():
    with pytest.raises(PassError, match="a NextIteration is part of no loop or branch"):
        functionalize_graph(model("x = Placeholder {dtype: f32}; y = NextIteration(x)"))
