"""Marks of freezing: each one settles it, look-alikes do not."""

from __future__ import annotations

import pytest

from tests.notation import function
from tests.weights.verdicts import plan, reasons, taken

DENSE = "x = Placeholder\ny = MatMul(x, {read})\n"


def test_a_ref_variables_read_is_a_mark():
    text = "w = Const {f32 [4,4]}\nw/read = Identity(w) {_class: loc:@w}\nout = Exp(w/read)"
    (weight,) = plan(text).weights
    assert (weight.node.name, weight.role) == ("w", "variable")
    assert weight.evidence == ["read by Identity 'w/read', colocated with it"]


def test_the_read_counts_without_colocation():
    assert taken("w = Const {f32 [4]}\nw/read = Identity(w)\nout = Exp(w/read)") == {"w": "variable"}


@pytest.mark.parametrize("read", ["dense/MatMul/ReadVariableOp", "ReadVariableOp_12", "a/Cast/ReadVariableOp"])
def test_an_identity_named_as_a_variables_read_is_a_mark(read):
    (weight,) = plan(f"w = Const {{f32 [4,4]}}\n{read} = Identity(w)\nout = Exp({read})").weights
    assert weight.evidence == [f"read by Identity {read!r}, a frozen ReadVariableOp"]


def test_a_read_inside_a_loop_or_a_branch_is_a_mark():
    loop = (
        "w = Const {f32 [4]}\nenter = Enter(w) {is_constant: true}\n"
        "loop/ReadVariableOp = Identity(enter)\nout = Exp(loop/ReadVariableOp)"
    )
    branch = (
        "p = Const {bool []}\nw = Const {f32 [4]}\ns = Switch(w, p)\nc/ReadVariableOp = Identity(s:1)\n"
        "out = Exp(c/ReadVariableOp)"
    )
    assert taken(loop) == taken(branch) == {"w": "variable"}


@pytest.mark.parametrize(
    "name", ["a/ReadVariableOp/resource", "a/ReadVariableOp_1/resource", "a/ReadVariableOp", "a/read"]
)
def test_a_name_alone_settles_it_for_that_constant(name):
    text = f"{name} = Const {{f32 [4]}}\nc = Const {{f32 [4]}}\nx = Exp({name})\ny = Exp(c)"
    assert taken(text) == {name: "variable"}
    assert not plan(text).fingerprinted


def test_a_name_that_nothing_uses_settles_nothing():
    assert taken("a/ReadVariableOp/resource = Const {f32 [4]}\nb = NoOp(^a/ReadVariableOp/resource)") == {}


def test_names_without_their_identity_let_roles_decide_too():
    """Constant folding put some reads into constants, and merged others with what followed."""
    text = """
        conv/ReadVariableOp = Const {f32 [3,3,2,4]}
        folded = Const {f32 [4]}
        x = Placeholder
        conv = Conv2D(x, conv/ReadVariableOp)
        out = BiasAdd(conv, folded)
    """
    assert taken(text) == {"conv/ReadVariableOp": "conv_filter", "folded": "bias"}


@pytest.mark.parametrize("name", ["embedding_lookup/resource", "embedding_lookup/1234"])
def test_a_gather_from_what_it_captured_is_a_mark(name):
    text = (
        f"{name} = Const {{f32 [9,4]}}\ni = Placeholder\na = Const {{i32 []}}\n"
        f"embedding_lookup = GatherV2({name}, i, a) {{batch_dims: 0}}"
    )
    assert taken(text) == {name: "embedding"}
    assert plan(text).fingerprinted


def test_a_gather_made_of_a_resource_gather_counts_where_marks_decide():
    text = """
        i = Placeholder
        w = Const {f32 [4,4]}
        w/read = Identity(w)
        z = Exp(w/read)
        table = Const {i32 [9]}
        embedding_lookup/axis = Const {i32 []}
        embedding_lookup = GatherV2(table, i, embedding_lookup/axis) {Taxis: i32, Tindices: i32}
        plain = Const {i32 [9]}
        GatherV2/axis = Const {i32 []}
        GatherV2 = GatherV2(plain, i, GatherV2/axis) {Taxis: i32, Tindices: i32, batch_dims: 0}
    """
    assert taken(text) == {"w": "variable", "table": "table"}
    assert "params of GatherV2" in reasons(text)["plain"]


def test_a_reference_or_a_handle_can_only_come_from_a_variable():
    assert taken("v = Const {f32 [4]}\nd = Placeholder\nup = AssignSub(v, d)") == {"v": "variable"}
    assert taken("v = Const {f32 [4]}\nd = Placeholder\nup = AssignSubVariableOp(v, d)") == {"v": "variable"}
    assert taken("v = Const {f32 [4]}\np = Placeholder\ns = RefSwitch(v, p)\ne = Exp(s)") == {"v": "variable"}
    assert taken("v = Const {f32 [4]}\nr = VariableV2\nup = Assign(r, v)") == {}


def test_a_read_inside_a_function_marks_the_argument():
    body = function("f", "x w", "y:z:0", "ReadVariableOp = Identity(w)\ny = Mul(x, ReadVariableOp:output:0)")
    text = "x = Placeholder\nw = Const {f32 [4,4]}\ncall = PartitionedCall(x, w) {f: fn:f}"
    (weight,) = plan(text, body).weights
    assert weight.evidence == ["in function 'f': read by Identity 'ReadVariableOp', a frozen ReadVariableOp"]


def test_quantized_weights_keep_the_mark():
    text = """
        w_quantized_const = Const {quint8 [4,4]}
        low = Const {f32 []}
        high = Const {f32 []}
        w = Dequantize(w_quantized_const, low, high)
        w/read = Identity(w)
        x = Placeholder
        y = MatMul(x, w/read)
    """
    (weight,) = plan(text).weights
    assert (weight.node.name, weight.role, weight.trainable) == ("w_quantized_const", "matmul_kernel", False)


def test_other_identities_are_no_marks():
    assert taken("w = Const {f32 [4]}\nv/read = Identity(w)\nx = Exp(v/read)") == {}
    assert taken("w = Const {f32 [4]}\nw/readout = Identity(w)\nx = Exp(w/readout)") == {}
    assert taken("w = Const {f32 [4]}\nMyReadVariableOpX = Identity(w)\nx = Exp(MyReadVariableOpX)") == {}
