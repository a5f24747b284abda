"""Calls around control flow, and within it, become the nodes of their functions."""

from __future__ import annotations

from graphsurgeon.checks import check
from graphsurgeon.errors import PassError
from graphsurgeon.ir.library import Function
from graphsurgeon.passes.lower import lower
from tests import notation
from tests.passes.harness import check_refusal
from tests.rewrites.lowering import nets

CALL = "x = Placeholder {dtype: f32}; w = Const {f32 [] 2}; c = StatefulPartitionedCall(x, w); z = Neg(c) {T: f32}"


def outer(body: str = "y = While(x, w)", results: str = "y:output:0 w") -> Function:
    return notation.function("outer", "x w", results, body)


def test_a_call_around_a_loop():
    of = nets.model(CALL, nets.small(), nets.step(), outer(), y=("small", "step"), c="outer")
    lower(of)
    check(of)
    assert of.graph["c"].op == "IdentityN"
    assert of.graph["z"].inputs == ("Func/c/output/_2",)
    assert of.graph["Func/c/output/_2"].inputs == ("c/y/exit/_13",)
    # Within a function nobody could ask for it by name.
    assert "c/y" not in of.graph
    assert not of.library.functions


def test_constants_run_where_the_call_does():
    body = "k = Const {f32 [] 3}; y = While(x, k:output:0); z = NoOp(^y)"
    of = nets.model(CALL + "; n = NoOp", nets.small(), nets.step(), outer(body), y=("small", "step"), c="outer")
    of.library.functions["outer"].proto.control_ret["z"] = "z"
    of.graph["c"].inputs = ("x", "w", "^n")
    lower(of)
    assert of.graph["c/k"].inputs == ("^Func/c/input_control_node/_0",)
    assert of.graph["c/z"].inputs == ("^c/y/LoopExecuted/_15",)
    assert of.graph["c"].control_inputs == ("^Func/c/output_control_node/_5",)
    assert of.graph["Func/c/output_control_node/_5"].inputs == ("^c/z",)


def test_what_nobody_needs_does_not_come_along():
    """But for what has effects, and what the needed ones share a device with."""
    body = """
        k = Const {f32 [] 3}
        d = Neg(k:output:0) {T: f32}
        h = NoOp
        y = While(x, w)
        p = PrintV2(m:output:0) {_class: loc:@h}
        m = Const {string []}
    """
    of = nets.model(CALL, nets.small(), nets.step(), outer(body), y=("small", "step"), c="outer")
    lower(of)
    check(of)
    assert {"c/k", "c/d"}.isdisjoint(node.name for node in of.graph)
    assert {"c/p"} <= {node.name for node in of.graph}


def test_calls_within_a_loop_go_and_others_stay():
    body = nets.step("c = StatefulPartitionedCall(x)", "c:output:0 w")
    text = "x = Placeholder {dtype: f32}; w = Const {f32 [] 2}; y = While(x, w); d = StatefulPartitionedCall(x)"
    of = nets.model(text, nets.small(), body, *nets.BRANCHES, y=("small", "step"), c="double", d="double")
    report = lower(of)
    assert "y/body/_1/c/m" in of.graph
    assert of.graph["d"].op == "StatefulPartitionedCall"
    assert list(of.library.functions) == ["double"]
    assert [row.node for row in report.lowered] == ["y", "y/body/_1/c"]


def test_what_cannot_stand_in_a_graph():
    body = nets.step("m = OwnOp(x)", "m:out:0 w")
    of = nets.loop(body)
    check_refusal(lower, of, PassError, "node 'y/body/_1': which output 'm:out:0' in function 'step' is, nobody knows")
