"""An If is a cond of TensorFlow 1, a Case a row of them."""

from __future__ import annotations

from graphsurgeon.checks import check
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.lower import lower
from graphsurgeon.tensors.dtypes import FLOAT
from tests import notation
from tests.passes.harness import check_pass
from tests.rewrites.lowering import nets


def test_every_node_of_a_cond():
    after = """
        p = Placeholder
        x = Placeholder
        y/switch_pred/_2 = Switch(p, p)
        y/pivot_f/_3 = Identity(y/switch_pred/_2)
        y/pivot_t/_4 = Identity(y/switch_pred/_2:1)
        y/x/_5 = Switch(x, p)
        Func/y/then/_0/input_control_node/_8 = NoOp(^y/pivot_t/_4)
        Func/y/then/_0/input/_9 = Identity(y/x/_5:1, ^Func/y/then/_0/input_control_node/_8)
        y/then/_0/k = Const(^Func/y/then/_0/input_control_node/_8)
        y/then/_0/m = Mul(Func/y/then/_0/input/_9, y/then/_0/k)
        Func/y/then/_0/output/_10 = Identity(y/then/_0/m)
        Func/y/then/_0/output_control_node/_11 = NoOp(^Func/y/then/_0/input_control_node/_8)
        Func/y/else/_1/input_control_node/_12 = NoOp(^y/pivot_f/_3)
        Func/y/else/_1/input/_13 = Identity(y/x/_5, ^Func/y/else/_1/input_control_node/_12)
        y/else/_1/m = Mul(Func/y/else/_1/input/_13, Func/y/else/_1/input/_13)
        Func/y/else/_1/output/_14 = Identity(y/else/_1/m)
        Func/y/else/_1/output_control_node/_15 = NoOp(^Func/y/else/_1/input_control_node/_12)
        y/output/_6 = Merge(Func/y/else/_1/output/_14, Func/y/then/_0/output/_10)
        y/branch_executed/_7 = Merge(y/pivot_f/_3, y/pivot_t/_4, ^Func/y/else/_1/output_control_node/_15, \
^Func/y/then/_0/output_control_node/_11)
        y = IdentityN(y/output/_6, ^y/branch_executed/_7)
        z = Neg(y/output/_6)
    """
    check_pass(lower, nets.cond(), after)


def test_what_waits_before_and_after():
    of = nets.cond(after="n = NoOp; z = NoOp(^y)")
    of.graph["y"].inputs = ("p", "x", "^n")
    lower(of)
    assert of.graph["y/switch_pred/_2"].inputs == ("p", "p", "^n")
    assert of.graph["z"].inputs == ("^y/branch_executed/_7",)


def test_a_case_is_a_row_of_conds():
    of = nets.cond("Case", y=("double", "square", "same"))
    lower(of)
    check(of)
    keys = [node for node in of.graph if node.op == "Const" and "branch_key" in node.name]
    assert [int(node.tensor.numpy()) for node in keys] == [0, 1]
    # What the second of them reads is there when the first is not the one.
    assert [node.control_inputs for node in keys] == [("^p",), ("^y/pivot_f/_6", "^y/p/_9")]
    merges = [node.inputs for node in of.graph if node.op == "Merge" and "output" in node.name]
    assert merges == [
        ("Func/y/branch2/_2/output/_30", "Func/y/branch1/_1/output/_26"),
        ("y/output/_18", "Func/y/branch0/_0/output/_22"),
    ]
    assert of.graph["z"].inputs == ("y/output/_10",)


def test_a_case_of_one_branch_is_that():
    of = nets.cond("Case", y=("square",))
    lower(of)
    assert {node.op for node in of.graph} == {"Placeholder", "Mul", "Identity", "IdentityN", "NoOp", "Neg"}
    assert of.graph["y/branch0/_0/m"].inputs == ("Func/y/branch0/_0/input/_1",) * 2


def printing(*, is_lowered: bool) -> Model:
    """An If of which a branch prints."""
    loud = notation.function("loud", "x", "m:z:0", "m = Mul(x, x) {T: f32}; p = Print(x, x) {T: f32}")
    loud.proto.control_ret["p"] = "p"
    loud.body["p"].attrs["U"] = [FLOAT]
    of = nets.model(
        "p = Placeholder {dtype: bool}; x = Placeholder {dtype: f32}; y = If(p, x); z = Neg(y) {T: f32}",
        loud, *nets.BRANCHES, y=("loud", "same"),
    )  # fmt: skip
    of.graph["y"].attrs["_lower_using_switch_merge"] = is_lowered
    return of


def test_who_reads_waits_for_effects_where_tensorflow_would_not_lower_itself():
    of = printing(is_lowered=True)
    lower(of)
    assert of.graph["z"].inputs == ("y/output/_6",)
    of = printing(is_lowered=False)
    lower(of)
    read = of.graph[of.graph["z"].inputs[0]]
    assert read.inputs == ("y/output/_6", "^y/branch_executed/_7")
    assert of.graph["Func/y/then/_0/output_control_node/_12"].inputs == ("^y/then/_0/p",)


def test_a_condition_of_another_type():
    of = nets.cond()
    of.graph["p"].attrs["dtype"] = FLOAT
    of.graph["y"].attrs["Tcond"] = FLOAT
    lower(of)
    assert of.graph["y/ToBool/_2"].inputs == ("p",)
    assert of.graph["y/switch_pred/_3"].inputs == ("y/ToBool/_2",) * 2
