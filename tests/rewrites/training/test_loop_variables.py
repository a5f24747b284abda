"""What loops and conditionals are made of, and which TensorFlow would not differentiate."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.training.context_places import ContextPlaces
from graphsurgeon.rewrites.training.loop_variables import ControlFlow, LoopVariable
from tests import notation
from tests.rewrites.training.control_flow import COND, COND_IN_LOOP, LOOP, changed


def flow(text: str) -> ControlFlow:
    graph = notation.graph(text)
    return ControlFlow(ContextPlaces(graph, Index(graph)))


def test_the_parts_of_a_loop():
    found = flow(LOOP)
    (loop,) = found.loops.values()
    assert found.refused == {}
    assert loop.variables == [
        LoopVariable("while/Enter", "while/Merge", "while/Switch", ""),
        LoopVariable("while/Enter_1", "while/Merge_1", "while/Switch_1", "while/Exit_1"),
    ]
    assert [node.name for node in loop.conds] == ["while/LoopCond"]
    assert [node.name for node in loop.enters] == ["while/Enter", "while/Enter_1", "while/MatMul/Enter"]


def test_the_parts_of_a_conditional():
    found = flow(COND)
    assert (found.loops, found.refused) == ({}, {})
    assert [node.name for node in found.joins] == ["cond/Merge"]


def test_a_tensor_that_comes_into_a_branch_by_no_switch():
    found = flow(changed(COND, cond_Neg="cond/Neg = Add(cond/Neg/Switch, w)"))
    assert [(node.name, position) for node, position in found.crossings] == [("cond/Neg", 1)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (changed(LOOP, while_Exit_1="e = Exit(while/Switch_1); while/Exit_1 = Exit(while/Switch_1)"), "has 2 Exits"),
        (LOOP + "other = LoopCond(while/Less)", "the loop with frame 'while/ctx' has 2 LoopConds"),
        (LOOP + 'e = Enter(w) {frame_name: "while/ctx"}', "Enter 'e' is neither constant nor read by the Merge"),
        (LOOP + "s = Switch(while/Merge, while/LoopCond)", "Merge 'while/Merge' has 2 Switches on the LoopCond"),
        (LOOP + "n = Neg(while/Switch_1)", "'n' reads 'while/Switch_1' where the loop ends, and is no Exit"),
        (LOOP + "n = Add(while/MatMul, w)", "'n' reads 'w' from outside of the loop without an Enter"),
        (
            changed(LOOP, while_Enter='while/Enter = Enter(zero) {frame_name: "while/ctx", is_constant: true}'),
            "Merge 'while/Merge' reads Enter 'while/Enter', which is constant",
        ),
        (changed(LOOP, while_Merge="while/Merge = Merge(while/Enter, while/Enter)"), "does not read an Enter and"),
        (COND_IN_LOOP + "n = Add(while/cond/Neg, while/cond/Switch_1)", "of the branch for"),
        (COND_IN_LOOP.replace("NextIteration(while/MatMul)", "NextIteration(while/cond/Neg)"), "is in the branch"),
        (LOOP + 'e = Enter(x) {frame_name: "other", is_constant: true}', "the loop with frame 'other' has no LoopCond"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, reason: str):
    found = flow(text)
    (reasons,) = {*found.refused.values()}
    assert reason in reasons


@pytest.mark.parametrize(
    "merge",
    ["Merge(w, cond/MatMul)", "Merge(cond/MatMul, cond/MatMul)", "Merge(cond/Neg)"],
)
def test_a_merge_of_other_things_than_two_branches(merge: str):
    found = flow(changed(COND, cond_Merge=f"cond/Merge = {merge}"))
    assert {*found.refused.values()} == {"Merge 'cond/Merge' does not join the two branches of a conditional"}
    assert len(found.refused) == 2


def test_branches_the_wrong_way_of_a_merge_that_tells_which_ran():
    swapped = changed(COND, cond_Merge="cond/Merge = Merge(cond/MatMul, cond/Neg)")
    assert flow(swapped).refused == {}
    (reason,) = {*flow(swapped + "\nwhich = Neg(cond/Merge:1)").refused.values()}
    assert "tells which one ran" in reason
