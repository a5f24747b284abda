"""What is added to loops and conditionals, and changed, for TensorFlow to differentiate them rightly."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.freezing.undo_unfreeze import undo_contexts
from graphsurgeon.rewrites.training.context_places import ContextPlaces
from graphsurgeon.rewrites.training.loop_variables import ControlFlow
from graphsurgeon.rewrites.training.normal_form import NormalForm
from tests import notation
from tests.rewrites.training.control_flow import COND, COND_IN_LOOP, LOOP, changed


def form(text: str) -> tuple[Graph, NormalForm]:
    graph = notation.graph(text)
    index = Index(graph)
    flow = ControlFlow(ContextPlaces(graph, index))
    assert flow.refused == {}
    made = NormalForm(flow, GraphEdit(graph, index))
    made.edit.apply()
    return graph, made


def assert_made(text: str, changes: str) -> NormalForm:
    """Nodes are as `changes` say, others as they were; and without them all is as it was."""
    graph, made = form(text)
    before, after = notation.show(notation.graph(text)).splitlines(), notation.show(graph).splitlines()
    wanted = [line.strip() for line in changes.strip().splitlines() if line.strip()]
    assert sorted(line for line in after if line not in before) == sorted(wanted)
    undo_contexts(graph, made.note)
    left = [name for name in notation.show(graph).splitlines() if name in before]
    assert left == before
    return made


def test_what_is_whole_stays():
    made = assert_made(changed(LOOP, y="while/Exit = Exit(while/Switch); y = Identity(while/Exit_1)"), "")
    assert list(made.bodies.values()) == ["while/Identity"]
    assert made.exits == {"while/Merge": "while/Exit", "while/Merge_1": "while/Exit_1"}
    made = assert_made(COND, "")
    assert sorted(made.pivots.values()) == ["cond/switch_f", "cond/switch_t"]
    assert {*made.preds.values()} == {"cond/pred_id"}


def test_an_exit():
    made = assert_made(LOOP, "while/Exit = Exit(while/Switch)")
    assert list(made.added.values()) == [["while/Exit"]]


def test_one_identity_at_which_the_body_begins():
    text = changed(LOOP, while_Identity_1="", while_MatMul="while/MatMul = MatMul(while/Switch_1:1, while/Switch_1:1)")
    assert_made(
        text,
        """
        while/Exit = Exit(while/Switch)
        while/Identity_1 = Identity(while/Switch_1:1)
        while/MatMul = MatMul(while/Identity_1, while/Identity_1)
        """,
    )


def test_a_switch_for_each_branch():
    made = assert_made(
        changed(COND, cond_Neg="cond/Neg = Neg(cond/MatMul/Switch)", cond_Neg_Switch=""),
        """
        cond/MatMul/Switch_false = Switch(x, cond/pred_id)
        cond/Neg = Neg(cond/MatMul/Switch_false)
        """,
    )
    assert made.note.passed == {"cond/MatMul/Switch_false": "cond/MatMul/Switch"}


def test_branches_the_other_way_round():
    made = assert_made(
        changed(COND, cond_Merge="cond/Merge = Merge(cond/MatMul, cond/Neg)"),
        "cond/Merge = Merge(cond/Neg, cond/MatMul)",
    )
    assert made.note.swapped == ["cond/Merge"]
    assert_made(
        changed(LOOP, while_Merge="while/Merge = Merge(while/NextIteration, while/Enter)"),
        "while/Merge = Merge(while/Enter, while/NextIteration)\nwhile/Exit = Exit(while/Switch)",
    )


def test_a_branch_in_a_loop_that_hands_on():
    made = assert_made(
        COND_IN_LOOP,
        """
        while/Exit = Exit(while/Switch)
        while/Switch_2 = Switch(while/Greater, while/Greater)
        while/switch_t = Identity(while/Switch_2:1)
        while/switch_f = Identity(while/Switch_2)
        while/cond/Switch_1_false = Switch(while/Identity_1, while/Greater)
        while/cond/Switch_1_false/Identity = Identity(while/cond/Switch_1_false)
        while/cond/Merge = Merge(while/cond/Switch_1_false/Identity, while/cond/Neg)
        """,
    )
    assert len(made.pivots) == 2


@pytest.mark.parametrize("spelled", ["w", "w:0"])
def test_a_switch_for_what_came_in_without(spelled: str):
    text = changed(COND, w="w = Placeholder {dtype: f32}", cond_Neg=f"cond/Neg = Add(cond/Neg/Switch, {spelled})")
    made = assert_made(
        text,
        f"""
        cond/Neg/Switch_1 = Switch({spelled}, cond/pred_id)
        cond/Neg = Add(cond/Neg/Switch, cond/Neg/Switch_1)
        """,
    )
    assert made.note.passed == {"cond/Neg/Switch_1": spelled}


def test_constants_and_numbers_that_train_nothing_come_in_as_they_did():
    assert_made(changed(COND, cond_Neg="cond/Neg = Add(cond/Neg/Switch, w)"), "")


def test_what_branches_wait_for():
    bare = changed(COND, cond_Switch="", cond_switch_t="", cond_switch_f="")
    made = assert_made(
        bare,
        """
        cond/Switch = Switch(cond/pred_id, cond/pred_id)
        cond/switch_f = Identity(cond/Switch)
        cond/switch_t = Identity(cond/Switch:1)
        """,
    )
    assert sorted(made.pivots.values()) == ["cond/switch_f", "cond/switch_t"]
    assert_made(changed(COND, cond_switch_t=""), "cond/switch_t = Identity(cond/Switch:1)")
