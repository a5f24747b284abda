"""remove_control_dependencies: nodes do not wait for what they do not read."""

from __future__ import annotations

from graphsurgeon.passes.remove_control_dependencies import FreedRow, WaitingRow, remove_control_dependencies
from tests import notation
from tests.models import meta_graph
from tests.passes.harness import check_pass, model


def test_what_gives_tensors():
    before = """
        x = Placeholder {dtype: f32}
        init = NoOp(^x)
        a = Neg(x, ^init)
        b = Print(a, a, ^init) {U: [f32]}
    """
    after = """
        x = Placeholder
        init = NoOp(^x)
        a = Neg(x)
        b = Print(a, a, ^init)
    """
    report = check_pass(remove_control_dependencies, model(before), after, exclude=("Print",))
    assert report.freed == [FreedRow("a", "Neg", 1)]
    assert report.kept == [
        WaitingRow("init", "NoOp", "gives no tensor, so that waiting is what it is for"),
        WaitingRow("b", "Print", "is of an op that goes on waiting"),
    ]


def test_loops_and_branches():
    of = model("""
        x = Placeholder {dtype: f32}
        p = Placeholder {dtype: bool}
        s = Switch(x, p)
        t = Identity(s:1)
        one = Const {f32 []}
        in_branch = Neg(one, ^t)
        m = Merge(s, in_branch) {N: 2}
        e = Enter(x) {frame_name: "f"}
        in_frame = Const {f32 []}
        r = Neg(e, ^e)
        q = Exit(r)
    """)
    report = remove_control_dependencies(of)
    assert report.freed == []
    assert {row.reason for row in report.kept} == {"they tell in which loop or branch it is"}


def test_what_is_named_around_the_graph():
    meta = meta_graph()
    del meta.graph_def.node[:]
    of = model("x = Placeholder {dtype: f32}; c = NoOp; out = Neg(x, ^c)", meta=meta)
    assert [row.reason for row in remove_control_dependencies(of).kept] == ["is named around the graph"]


def test_state_is_read_and_changed_in_order():
    text = """
        one = Const {f32 [2]}
        v = VariableV2 {dtype: f32, shape: shape[2]}
        add = AssignAdd(v, one)
        r = Identity(v, ^add)
        sub = AssignSub(v, one, ^r)
        h = VarHandleOp {dtype: f32, shape: shape[2]}
        set = AssignVariableOp(h, one) {dtype: f32}
        q = ReadVariableOp(h, ^set) {dtype: f32}
        y = Neg(q, ^set)
        power = Mul(r, one, ^sub)
        again = Assign(v, power)
    """
    report = remove_control_dependencies(model(text))
    assert [row.node for row in report.freed] == ["y"]
    reason = "reads or changes state, or is computed for what does, and waiting tells when"
    assert {row.reason for row in report.kept} == {reason}


def test_state_in_function_bodies():
    body = notation.function(
        "f", "a", "y:z:0",
        "h = VarHandleOp {dtype: f32, shape: shape[2]}; c = Const {f32 [2]}; "
        "s = AssignAddVariableOp(h:resource:0, c:output:0) {dtype: f32}; "
        "r = ReadVariableOp(h:resource:0, ^s) {dtype: f32}; y = AddV2(r:value:0, a, ^s) {T: f32}",
    )  # fmt: skip
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    assert [row.node for row in remove_control_dependencies(of).freed] == ["f/y"]
    assert of.library.functions["f"].body["r"].control_inputs == ("^s",)
