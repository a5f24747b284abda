"""Constants that are handed to functions: what the body does with the argument counts."""

from __future__ import annotations

import pytest

from tests.notation import function
from tests.weights.verdicts import plan, taken

DENSE = function("dense", "x w b", "z:z:0", "y = MatMul(x, w)\nz = AddV2(y:product:0, b)")
CONSTANTS = "x = Placeholder\nw = Const {f32 [4,6]}\nb = Const {f32 [6]}\n"
WEIGHTS = {"w": "matmul_kernel", "b": "bias"}


@pytest.mark.parametrize(
    "call",
    ["PartitionedCall(x, w, b) {f: fn:dense}", "StatefulPartitionedCall(x, w, b) {f: fn:dense}", "dense(x, w, b)"],
)
def test_a_call(call):
    assert taken(CONSTANTS + f"out = {call}", DENSE) == WEIGHTS


@pytest.mark.parametrize("op", ["If", "StatelessIf"])
def test_branches(op):
    other = function("other", "x w b", "y:product:0", "y = MatMul(x, w)")
    text = CONSTANTS + f"p = Placeholder\nout = {op}(p, x, w, b) {{then_branch: fn:dense, else_branch: fn:other}}"
    assert taken(text, DENSE, other) == WEIGHTS


def test_a_while_loop_hands_weights_on_and_changes_its_state():
    body = function("body", "x w b", "z:z:0 w b", "y = MatMul(x, w)\nz = AddV2(y:product:0, b)")
    cond = function("cond", "x w b", "c:z:0", "c = Less(x, b)")
    text = (
        "x = Const {f32 [1,4]}\nw = Const {f32 [4,4]}\nb = Const {f32 [4]}\n"
        "out = While(x, w, b) {cond: fn:cond, body: fn:body}"
    )
    assert taken(text, body, cond) == {"w": "recurrent_kernel", "b": "recurrent_bias"}


def test_a_weight_that_comes_back_out_of_a_function():
    get = function("get", "w x", "i:output:0 x", "i = Identity(w)")
    text = "x = Placeholder\nw = Const {f32 [4,6]}\nc = PartitionedCall(w, x) {f: fn:get}\nout = MatMul(c:1, c)"
    assert taken(text, get) == {"w": "matmul_kernel"}
    assert taken(text.replace("(c:1, c)", "(x, c:1)"), get) == {}


def test_calls_inside_calls():
    outer = function("outer", "x w b", "c:output:0", "c = PartitionedCall(x, w, b) {f: fn:dense}")
    (w, b) = plan(CONSTANTS + "out = PartitionedCall(x, w, b) {f: fn:outer}", outer, DENSE).weights
    assert (w.role, b.role) == ("matmul_kernel", "bias")
    assert w.evidence == ["in function 'dense': b of MatMul 'y'"]


def test_calls_nested_deeper_than_pythons():
    outer = [
        function(f"f{i}", "x w b", "c:output:0", f"c = PartitionedCall(x, w, b) {{f: fn:f{i - 1}}}")
        for i in range(1, 1500)
    ]
    innermost = function("f0", "x w b", "s:output:0", "y = MatMul(x, w)\ns = BiasAdd(y:product:0, b)")
    assert taken(CONSTANTS + "out = PartitionedCall(x, w, b) {f: fn:f1499}", innermost, *outer) == WEIGHTS


def test_the_op_after_a_call_sees_that_weights_are_used_in_it():
    text = CONSTANTS + "c = PartitionedCall(x, w, b) {f: fn:dense}\ns = Const {f32 [6]}\nout = Mul(c, s)"
    assert taken(text, DENSE) == WEIGHTS | {"s": "norm_scale"}


def test_a_function_is_judged_for_each_set_of_constants_it_is_given():
    text = CONSTANTS + (
        "one = PartitionedCall(x, w, b) {f: fn:dense}\nb2 = Placeholder\nw2 = Const {f32 [4,6]}\n"
        "two = PartitionedCall(x, w2, b2) {f: fn:dense}"
    )
    assert taken(text, DENSE) == WEIGHTS | {"w2": "matmul_kernel"}


def test_recursion_and_deep_nesting_end():
    self = function("f", "w", "c:output:0", "c = PartitionedCall(w) {f: fn:f}")
    assert taken("w = Const {f32 [4]}\nout = PartitionedCall(w) {f: fn:f}", self) == {}
    deep = [
        function(f"f{i}", "w", "a:o:0", "; ".join(f"{call} = PartitionedCall(w) {{f: fn:f{i + 1}}}" for call in "ab"))
        for i in range(400)
    ]
    assert taken("w = Const {f32 [4]}\nout = PartitionedCall(w) {f: fn:f0}", *deep) == {}


@pytest.mark.parametrize(
    "call",
    [
        "PartitionedCall(x, w, b) {f: fn:missing}",
        "PartitionedCall(x, w, b)",
        "PartitionedCall {f: fn:dense}",
        "MapDataset(x, w, b) {f: fn:dense}",
    ],
)
def test_calls_that_cannot_be_followed(call):
    assert taken(CONSTANTS + f"out = {call}", DENSE) == {}


def test_a_return_that_names_nothing():
    odd = function("f", "w", "nowhere:o:0 w:z:1", "i = Identity(w)")
    assert taken("w = Const {f32 [4]}\nc = PartitionedCall(w) {f: fn:f}\nout = Exp(c)", odd) == {}
