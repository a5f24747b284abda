"""Edges that cross the frame of a loop are refused; what can move with its readers moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.frames import frames_of
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.live_state import state_of
from tests import notation
from tests.notation import show

TEXT = """
    x = Placeholder {dtype: f32}
    e = Enter(x) {frame_name: "f"}
    m = Merge(e, n)
    c = LoopCond(p)
    p = IsFinite(m)
    s = Switch(m, c)
    b = Neg(s:1)
    n = NextIteration(b)
    i = Identity(s:1)
    j = Identity(i)
    k = Add(i, j)
    o = Exit(s)
    y = Neg(o)
    g = Enter(y) {frame_name: "g"}
    h = Neg(g)
    q = Exit(h)
"""


@pytest.fixture
def graph() -> Graph:
    return notation.graph(TEXT)


def check_frames(graph: Graph) -> None:
    true = frames_of(graph, Index(graph))
    frames = state_of(graph).frames
    assert {node.name: frames.of(node.name) for node in graph} == {node.name: true.get(node.name, ()) for node in graph}


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (
            lambda graph: graph.set_input("b", 0, "x"),
            "node 'm': its input 'n' is in no loop, and the node is in",
        ),
        (lambda graph: graph.set_input("k", 0, "x"), "its input 'x' is in no loop, and the node is in the loop"),
        (lambda graph: graph.set_input("k", 0, "h"), "its input 'h' is in the loop with frame 'g', and the node is in"),
        (lambda graph: graph.set_input("o", 0, "x"), "node 'o': it leaves a loop, and its input 'x' is in none|'o'"),
        (
            lambda graph: graph.set_input("k", 0, "n"),
            "node 'k': its input 'n' is the way back of a loop, which only",
        ),
        (lambda graph: graph.set_input("m", 0, "n"), "node 'm': its loop would have no entry"),
        (lambda graph: graph.set_input("m", 1, "e"), "node 'm': it would have no way back"),
        (lambda graph: graph.insert_after("n", "Identity"), "is the way back of a loop"),
        (lambda graph: graph.set_control_inputs("k", ["x"]), "node 'k': its input '\\^x' is in no loop"),
        (lambda graph: graph.replace_uses("x", "b"), "node"),
        (lambda graph: graph.add("Add", ["x", "i"]), "its input 'x' is in no loop, and the node is in the loop"),
        (lambda graph: graph.add("Neg", ["x"], control_inputs=["i"]), "its input 'x' is in no loop"),
        (lambda graph: graph.add("Exit", ["x"]), "it leaves a loop, and its input 'x' is in none"),
    ],
)
def test_illegal_edges_are_refused(graph: Graph, edit: Callable[[Graph], object], reason: str):
    before = show(graph)
    with pytest.raises(GraphError, match=reason):
        edit(graph)
    assert show(graph) == before
    check_frames(graph)


def test_what_stays_in_its_frame(graph: Graph):
    graph.insert_after("s:1", "Identity", name="new")
    graph.insert_before("y", 0, "Identity")
    graph.add("Enter", ["y"], frame_name="other", name="in")
    graph.add("Neg", ["in"], name="neg")
    graph.rename("b", "body")
    graph.remove("k")
    graph.add("Identity", ["body"], control_inputs=["new"])
    assert [frame.name for frame in state_of(graph).frames.of("neg")] == ["other"]
    check_frames(graph)


def test_what_depends_on_a_node_moves_along(graph: Graph):
    graph.set_input("i", 0, "x")  # j and k too
    assert state_of(graph).frames.of("k") == ()
    graph.replace_uses("x", "h", only=["i"])
    assert [frame.name for frame in state_of(graph).frames.of("k")] == ["g"]
    check_frames(graph)


def test_nodes_that_move_together(graph: Graph):
    graph.set_input("j", 0, "s:1")  # k reads two nodes that move
    assert graph.replace_uses("s:1", "g", only=["i", "j"]) == 2
    check_frames(graph)


def test_inputs_that_are_set_unseen(graph: Graph):
    check_frames(graph)
    graph["k"].inputs = ["x", "y"]
    check_frames(graph)
    graph["i"].inputs = ["g"]
    check_frames(graph)


def test_a_graph_without_loops_has_no_frames():
    graph = notation.graph("x = Placeholder {dtype: f32}; y = Neg(x)")
    graph.add("Enter", ["x"], frame_name="f", name="e")
    graph.add("Neg", ["e"], name="z")
    with pytest.raises(GraphError, match="is in no loop, and the node is in the loop with frame 'f'"):
        graph.add("Add", ["z", "x"])
    check_frames(graph)


def test_a_cycle_of_enters_is_no_loop():
    graph = notation.graph('x = Placeholder {dtype: f32}; e = Enter(x) {frame_name: "f"}; i = Identity(e)')
    with pytest.raises(GraphError, match="is in the loop with frame 'f', and the node"):
        graph.set_input("e", 0, "i")
