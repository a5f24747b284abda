"""What stays when no outputs are named: all but ops that change variables, and their own parts."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.freezing.body_edits import BodyEdits
from graphsurgeon.rewrites.freezing.update_helpers import staying
from tests import notation


def going(text: str, users: dict[str, str]) -> set[str]:
    body = BodyEdits(notation.graph(text))
    body.users = users
    return {node.name for node in body.graph} - set(staying(body))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("u/sub = Neg(x)", "u/sub"),
        ("d = Neg(x) {_class: loc:@v}", "d"),
        ("rate = Const {f32 []}", "rate"),
        ("prob = Neg(x)", None),
        ("w = Const {f32 [2]}", None),
        ("u/w = Const {f32 [2]}", None),
        ("gradients/prob_grad/mul = Neg(x)", None),
        ("group = NoOp(^x)", None),
    ],
)
def test_parts_of_an_update(text, part):
    net = f"x = Placeholder {{dtype: f32}}; v = Const {{f32 [2]}}; u = AssignSub(v, x) {{T: f32}}; {text}; n = NoOp(^u)"
    assert going(net, {"u": "v"}) == {"u"} | ({part} if part else set())


def test_a_scalar_that_is_the_variable_stays():
    net = "v = Const {f32 []}; s = RefSwitch(v, v) {T: f32}; u = AssignSub(s:1, v) {T: f32}; n = NoOp(^u)"
    assert going(net, {"u": "s:1"}) == {"s", "u"}


@pytest.mark.parametrize(
    ("op", "stays"), [("AssignAdd", True), ("ScatterMul", True), ("ApplyGradientDescent", False), ("Other", True)]
)
def test_an_end_is_there_for_its_result(op, stays):
    net = f"x = Placeholder {{dtype: f32}}; v = Const {{f32 []}}; u = {op}(v, x, x) {{T: f32, Tindices: i32}}"
    assert ("u" not in going(net, {"u": "v"})) is stays
