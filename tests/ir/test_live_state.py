"""What edits need to know at once stays true."""

from __future__ import annotations

from graphsurgeon.ir.live_state import state_of
from tests import notation


def test_who_is_colocated():
    graph = notation.graph("a = NoOp; b = NoOp {_class: loc:@a}; c = NoOp {_class: loc:@a}; d = NoOp")
    state = state_of(graph)
    assert [node.name for node in state.colocated("a")] == ["b", "c"]
    graph["d"].attrs["_class"] = [b"loc:@a"]
    graph["b"].attrs["_class"] = [b"loc:@d"]
    graph.rename("c", "e")
    assert [node.name for node in state.colocated("a")] == ["e", "d"]
    assert [node.name for node in state.colocated("d")] == ["b"]
    graph.remove("e")
    assert [node.name for node in state.colocated("a")] == ["d"]


def test_names_differ_by_more_than_case():
    graph = notation.graph("a = NoOp; A_1 = NoOp")
    state = state_of(graph)
    assert (state.unique_name("A"), state.unique_name("b")) == ("A_2", "b")
    graph.rename("a", "b")
    assert (state.unique_name("A"), state.unique_name("B")) == ("A", "B_1")


def test_it_is_forgotten_with_the_nodes():
    graph = notation.graph("a = NoOp")
    assert state_of(graph) is state_of(graph)
    assert state_of(graph).unique_name("a") == "a_1"
    graph.set_nodes([])
    assert state_of(graph).unique_name("a") == "a"
