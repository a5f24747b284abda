"""Loops become While nodes, those inside of others first."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.functionalizing.loops import raise_loops
from graphsurgeon.rewrites.functionalizing.regions import Functions, RaisedRow
from graphsurgeon.rewrites.functionalizing.tensor_facts import TensorFacts
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from tests.notation import model, show
from tests.passes.test_functionalize import LOOP

NESTED = """
    x = Placeholder {dtype: f32}
    w = Const {f32 []}
    Enter = Enter(x) {frame_name: "outer"}
    Enter_1 = Enter(w) {frame_name: "outer", is_constant: true}
    Merge = Merge(Enter, NextIteration) {N: 2, T: f32}
    Less = Less(Merge, Enter_1)
    LoopCond = LoopCond(Less)
    Switch = Switch(Merge, LoopCond)
    Identity = Identity(Switch:1)
    inner/Enter = Enter(Identity) {frame_name: "inner/while_context"}
    inner/Enter_1 = Enter(Enter_1) {frame_name: "inner/while_context", is_constant: true}
    inner/Merge = Merge(inner/Enter, inner/NextIteration) {N: 2, T: f32}
    inner/Less = Less(inner/Merge, inner/Enter_1)
    inner/LoopCond = LoopCond(inner/Less)
    inner/Switch = Switch(inner/Merge, inner/LoopCond)
    inner/Mul = Mul(inner/Switch:1, inner/Enter_1)
    inner/unread = Neg(inner/Mul)
    inner/NextIteration = NextIteration(inner/Mul)
    inner/Exit = Exit(inner/Switch)
    Neg = Neg(inner/Exit)
    NextIteration = NextIteration(Neg)
    Exit = Exit(Switch)
"""


def raised(text: str) -> tuple[list[str], list[RaisedRow], Model]:
    of = model(text)
    functions = Functions(of.library)
    nodes, rows = raise_loops(of.graph, TensorFacts(of, NodeShapes(of)), functions)
    functions.install()
    return show(nodes).splitlines(), rows, of


def test_a_loop_in_a_loop():
    found, rows, of = raised(NESTED)
    assert found[2:] == [
        "outer/loop_counter = Const",
        "outer/maximum_iterations = Const",
        "outer = StatelessWhile(outer/loop_counter, outer/maximum_iterations, x, w)",
        "Exit = Identity(outer:2)",
    ]
    assert [row.node for row in rows] == ["inner", "outer"]
    body = show(of.library.functions[rows[1].functions[1]].body).splitlines()
    assert "inner/Exit = Identity(inner:output:2)" in body
    assert "inner = StatelessWhile(inner/loop_counter:output:0, inner/maximum_iterations:output:0, " in "\n".join(body)
    assert not any("unread" in line for name in of.library.functions for line in show(of.library.functions[name].body))


def test_what_ways_back_and_conditions_wait_for_is_done():
    """As TensorFlow lowers a While whose functions have effects."""
    text = NESTED.replace("NextIteration(inner/Mul)", "NextIteration(inner/Mul, ^inner/unread, ^inner/Enter)")
    _, rows, of = raised(text.replace("LoopCond(Less)", "LoopCond(Less, ^seen)") + "seen = NoOp(^Less)")
    body = show(of.library.functions[rows[0].functions[1]].body).splitlines()
    assert "inner/unread = Neg(inner/Mul:z:0)" in body
    assert body[-1] == "loop_counter/add = AddV2(loop_counter, loop_counter/one:output:0, ^inner/unread)"
    condition = show(of.library.functions[rows[1].functions[0]].body).splitlines()
    assert condition[-1] == "LoopCond = Identity(Less:z:0, ^seen)"


@pytest.mark.parametrize("old", ["Merge(Enter, NextIteration", "Switch(Merge, LoopCond"])
def test_variables_that_wait_are_declined(old: str):
    with pytest.raises(PassError, match="waits for what is in the loop"):
        raised(NESTED.replace(f"= {old}", f"= {old}, ^Const") + "Const = Const(^Enter_1) {f32 []}")


def test_a_variable_that_stays_the_same_is_handed_on():
    _, rows, of = raised(LOOP.replace("NextIteration(loop/MatMul)", "NextIteration(loop/Identity_1)"))
    results = of.library.functions[rows[0].functions[1]].proto.ret
    assert results["result_3"] == "loop_merge_1"


def test_a_loop_that_nobody_leaves_goes():
    text = "\n".join(line for line in LOOP.splitlines() if not line.strip().startswith(("loop/Exit_1", "y =")))
    found, rows, _ = raised(text)
    assert (len(found), rows) == (4, [])


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("LoopCond = LoopCond(Less)", "LoopCond = LoopCond(Less)\nmore = LoopCond(Less)", "has 2 LoopConds"),
        (
            "Merge = Merge(Enter, NextIteration)",
            "Merge = Merge(Enter, Enter)",
            "something else than an Enter and one way",
        ),
        ("Neg = Neg(inner/Exit)", "Neg = Add(inner/Exit, Switch)", "read by something else than an Exit"),
        ("Neg = Neg(inner/Exit)", "Neg = Add(inner/Exit, w)", "no Enter or Exit is between it and the loop"),
    ],
)
def test_what_is_no_loop_is_declined(old: str, new: str, match: str):
    with pytest.raises(PassError, match=match):
        raised(NESTED.replace(f"    {old}", f"    {new}"))
