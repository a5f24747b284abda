"""A While is a loop of TensorFlow 1: an Enter, Merge, Switch, NextIteration and Exit for each loop variable."""

from __future__ import annotations

from graphsurgeon.checks import check
from graphsurgeon.errors import PassError
from graphsurgeon.passes.lower import lower
from graphsurgeon.rewrites.lowering.loops import constant_variables
from graphsurgeon.tensors.dtypes import FLOAT, RESOURCE, VARIANT
from tests import notation
from tests.passes.harness import check_pass, check_refusal
from tests.rewrites.lowering import nets

TEXT = "x = Placeholder {dtype: f32}; w = Const {f32 [] 2}; y = While(x, w)"


def test_every_node_of_a_loop():
    after = """
        x = Placeholder
        w = Const
        y/enter/_2 = Enter(x)
        y/enter/_3 = Enter(w)
        y/merge/_4 = Merge(y/enter/_2, y/next_iteration/_10)
        Func/y/cond/_0/input_control_node/_11 = NoOp(^y/merge/_4)
        Func/y/cond/_0/input/_12 = Identity(y/merge/_4, ^Func/y/cond/_0/input_control_node/_11)
        y/cond/_0/k = Const(^Func/y/cond/_0/input_control_node/_11)
        y/cond/_0/l = Less(Func/y/cond/_0/input/_12, y/cond/_0/k)
        Func/y/cond/_0/output/_14 = Identity(y/cond/_0/l)
        y/LoopCond/_5 = LoopCond(Func/y/cond/_0/output/_14)
        y/x_switch/_6 = Switch(y/merge/_4, y/LoopCond/_5)
        y/loop_body_control/_7 = Identity(y/x_switch/_6:1)
        y/exit/_8 = Exit(y/x_switch/_6)
        y/LoopExecuted/_9 = NoOp(^y/exit/_8)
        y = IdentityN(y/exit/_8, w, ^y/LoopExecuted/_9)
        Func/y/body/_1/input_control_node/_16 = NoOp(^y/loop_body_control/_7)
        Func/y/body/_1/input/_17 = Identity(y/x_switch/_6:1, ^Func/y/body/_1/input_control_node/_16)
        Func/y/body/_1/input/_18 = Identity(y/enter/_3, ^Func/y/body/_1/input_control_node/_16)
        y/body/_1/m = Mul(Func/y/body/_1/input/_17, Func/y/body/_1/input/_18)
        Func/y/body/_1/output/_19 = Identity(y/body/_1/m)
        Func/y/body/_1/output_control_node/_21 = NoOp(^Func/y/body/_1/input_control_node/_16)
        y/next_iteration/_10 = NextIteration(Func/y/body/_1/output/_19, ^Func/y/body/_1/output_control_node/_21)
        z = Neg(y/exit/_8)
    """
    of = nets.loop()
    check_pass(lower, of, after)
    enters = [of.graph[name].attrs for name in ("y/enter/_2", "y/enter/_3")]
    assert [each["is_constant"] for each in enters] == [False, True]
    assert {(each["frame_name"], each["parallel_iterations"]) for each in enters} == {(b"y", 7)}


def test_what_waits_before_and_after():
    of = nets.loop(before="n = NoOp", after="z = NoOp(^y)")
    of.graph["y"].inputs = (*of.graph["y"].inputs, "^n")
    lower(of)
    assert of.graph["y/LoopControlInputs/_4"].inputs == ("^n",)
    assert of.graph["y/enter/_2"].inputs == ("x", "^y/LoopControlInputs/_4")
    assert of.graph["z"].inputs == ("^y/LoopExecuted/_10",)


def test_what_goes_around_and_what_enters_once():
    body = nets.step("i = Identity(w) {T: f32}", "x i:output:0")
    floats, resources, variants = ([each.number] * 2 for each in (FLOAT, RESOURCE, VARIANT))
    assert constant_variables(nets.step(), floats) == [False, True]
    assert constant_variables(body, floats) == [True, False]
    # Of all, one has to be there to switch.
    assert constant_variables(body, resources) == [False, True]
    assert constant_variables(body, variants) == [False, False]


def test_nested_loops_have_frames_of_their_own():
    inner = nets.step("y = While(x, w)", "y:output:0 w")
    inner.proto.signature.name = "outer"
    of = nets.model(
        "x = Placeholder {dtype: f32}; w = Const {f32 [] 2}; y = While(x, w); y_1 = While(x, w)",
        nets.small(), nets.step(), inner, y=("small", "step"), y_1=("small", "outer"),
    )  # fmt: skip
    lower(of)
    check(of)
    frames = {node.attrs["frame_name"] for node in of.graph if node.op == "Enter"}
    assert frames == {b"y", b"y_1", b"y_1/body/_12/y"}


def test_a_frame_that_is_there_already():
    of = nets.loop(before='e = Enter(x) {frame_name: "y", T: f32}; q = Exit(e) {T: f32}')
    lower(of)
    assert {node.attrs["frame_name"] for node in of.graph if node.op == "Enter"} == {b"y", b"y_1"}
    # What enters may not be there where the graph has other frames and branches: then nothing of the loop is.
    assert len(of.graph["y/enter/_2"].inputs) == 2


def test_a_condition_of_another_type():
    of = nets.model(TEXT, notation.function("small", "x w", "x", ""), nets.step(), y=("small", "step"))
    lower(of)
    (loop_cond,) = (node for node in of.graph if node.op == "LoopCond")
    assert of.graph[loop_cond.inputs[0]].op == "ToBool"


def test_a_condition_of_two_results_is_refused():
    of = nets.model(TEXT, notation.function("small", "x w", "x w", ""), nets.step(), y=("small", "step"))
    check_refusal(lower, of, PassError, "function 'small' gives 2 tensors, not 1")


def test_effects_of_a_condition_are_waited_for():
    condition = nets.small()
    condition.body.set_nodes([*condition.body, notation.node("p = Print(x, x) {T: f32}")])
    condition.body["p"].attrs["U"] = [FLOAT]
    condition.proto.control_ret["p"] = "p"
    of = nets.model(TEXT, condition, nets.step(), y=("small", "step"))
    lower(of)
    (loop_cond,) = (node for node in of.graph if node.op == "LoopCond")
    assert of.graph[loop_cond.control_inputs[0][1:]].inputs == ("^y/cond/_0/p",)
