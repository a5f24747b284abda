"""Nodes that are broken by themselves: repeated ones, lost ^, edges to nothing."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.repairing.node_repairs import drop_dangling, drop_repeated, restore_control_inputs
from tests import notation
from tests.notation import function


def repaired(repair, text: str) -> tuple[list[str], int]:
    model = notation.model(text)
    rows = repair(model)
    return notation.show(model.graph).splitlines(), len(rows)


@pytest.mark.parametrize(
    ("second", "is_equal"),
    [
        ("a = Const {f32 [3]}", True),
        ("a = Const {f32 [2000]}", False),
        ("a = Const {f32 [3] 1}", False),
        ("a = Const {f32 [3], _class: loc:@b}", False),
        ("a = Const(^b) {f32 [3]}", False),
        ("a = Const {f32 [3]} on /cpu:0", False),
    ],
)
def test_only_equal_nodes_go(second, is_equal):
    nodes, count = repaired(drop_repeated, f"a = Const {{f32 [3]}}; b = Const {{f32 [3]}}; {second}")
    assert (len(nodes), count) == ((2, 1) if is_equal else (3, 0))


def test_long_values_are_compared():
    assert repaired(drop_repeated, "a = Const {f32 [2000]}; a = Const {f32 [2000]}")[1] == 1


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("y = Const(x) {f32 []}", "y = Const(^x)"),
        ("y = Const(x:1, ^x) {f32 []}", "y = Const(^x)"),
        ("y = NoOp(x)", "y = NoOp(^x)"),
        ("y = Neg(x, n) {T: f32}", "y = Neg(x, ^n)"),
    ],
)
def test_inputs_that_an_op_has_too_many_are_waits(broken, whole):
    nodes, count = repaired(restore_control_inputs, f"x = Placeholder {{dtype: f32}}; n = NoOp; {broken}")
    assert (nodes[2:], count) == ([whole], 1)


@pytest.mark.parametrize("sound", ["y = AddN(x, x) {N: 2}", "y = Unknown(x, x)", "y = Const(missing) {f32 []}"])
def test_what_is_no_lost_wait_stays(sound):
    assert repaired(restore_control_inputs, f"x = Placeholder {{dtype: f32}}; {sound}")[1] == 0


def test_bodies_too():
    model = notation.model("", function("f", "x", "b:output:0", "a = Neg(x) {T: f32}; b = Const(a:y:0) {f32 []}"))
    rows = restore_control_inputs(model)
    assert [(row.node, row.function) for row in rows] == [("b", "f")]
    assert model.library.functions["f"].body["b"].inputs == ("^a",)


def test_what_names_nothing_goes():
    nodes, count = repaired(drop_dangling, "v = Const {f32 [2]}; a = Neg(v, ^gone) {_class: loc:@gone}")
    assert (nodes, count) == (["v = Const", "a = Neg(v)"], 2)
