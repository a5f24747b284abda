"""In which loop or branch nodes stand."""

from __future__ import annotations

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.training.context_places import ContextPlaces
from tests import notation
from tests.counting import num_calls
from tests.rewrites.training.control_flow import COND, COND_IN_LOOP, LOOP


def places(text: str) -> ContextPlaces:
    graph = notation.graph(text)
    return ContextPlaces(graph, Index(graph))


def test_a_loop_is_from_enter_to_exit():
    found = places(LOOP)
    (loop,) = found.frames.values()
    assert {name for name, context in found.here.items() if context is loop} == {
        name for name in found.index.producers if name.startswith("while/")
    }
    assert found.of("y") is found.of_input("while/Exit_1") is found.root
    assert found.of("while/Exit_1") is loop


def test_branches():
    found = places(COND)
    false, true = found.root.child("p", 0), found.root.child("p", 1)
    assert dict(found.here.items()) == {
        "cond/switch_t": true, "cond/switch_f": false, "cond/MatMul/Switch": true, "cond/MatMul/Switch_1": true,
        "cond/MatMul": true, "cond/Neg/Switch": false, "cond/Neg": false,
    }  # fmt: skip
    assert found.of_input("cond/Switch") is false
    assert found.of_input("cond/Switch:1") is true
    assert found.of_input("^cond/Switch") is found.root


def test_what_waits_in_a_branch_is_in_it():
    found = places(COND + "c = Const(^cond/switch_t) {f32 [2]}; d = Neg(c)")
    assert found.of("d") is found.of("c") is found.root.child("p", 1)


def test_a_conditional_in_a_loop():
    found = places(COND_IN_LOOP)
    loop = found.frames["while/ctx"]
    assert found.of("while/cond/Merge") is loop
    assert found.of("while/cond/Neg") is loop.child("while/Greater", 1)


NESTED = """
    i/Merge_1 = Merge(i/Enter_1, i/NextIteration_1)
    i/Switch_1 = Switch(i/Merge_1, i/LoopCond)
    i/Const = Const(^i/Merge_1) {bool []}
    i/LoopCond = LoopCond(i/Const)
    i/NextIteration_1 = NextIteration(i/Mul)
    i/Mul = Mul(i/Switch_1:1, i/Enter)
    i/Enter = Enter(while/w) {frame_name: "i", is_constant: true}
    while/w = Enter(w) {frame_name: "while/ctx", is_constant: true}
    i/Exit = Exit(i/Switch_1)
    i/Enter_1 = Enter(while/Identity_1) {frame_name: "i"}
"""


def test_a_loop_lies_in_the_innermost_that_it_is_entered_from_in_any_order():
    text = LOOP.replace("MatMul(while/Identity_1", "MatMul(i/Exit")
    for order in (text + NESTED, NESTED + text):
        found = places(order)
        assert found.frames["i"].parent is found.frames["while/ctx"]
        assert found.of_input("i/Exit") is found.frames["while/ctx"]
        assert found.is_settled


def test_frames_in_circles_are_told():
    text = """
        x = Placeholder {dtype: f32}
        a = Enter(x) {frame_name: "a", is_constant: true}
        b = Enter(a) {frame_name: "b", is_constant: true}
        c = Enter(b) {frame_name: "a", is_constant: true}
    """
    assert places(text).frames["a"].parent is not None


def test_it_costs_what_there_is_in_loops():
    def chain(count: int, more: int) -> Graph:
        lines = LOOP.replace("MatMul(while/Identity_1", f"MatMul(n{count - 1}")
        lines += "\n".join(f"n{i} = Neg({f'n{i - 1}' if i else 'while/Identity_1'})" for i in range(count))
        nodes = list(notation.graph(lines))
        return Graph([*nodes, *(Node.new(f"m{i}", "NoOp") for i in range(more))])

    few, many, far = chain(100, 0), chain(1000, 0), chain(100, 5000)
    pairs = [(graph, Index(graph), graph.ops) for graph in (few, many, far)]
    costs = [num_calls(lambda pair=pair: ContextPlaces(*pair[:2])) for pair in pairs]  # type: ignore[misc]
    assert costs[1] < 10.5 * costs[0]
    assert costs[2] < costs[0] + 500
