"""Conditions, functions and depth: what is evaluated on the way to a tensor, and what is not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.evaluator import Initializers
from graphsurgeon.evaluator.walk import MAX_CALLS, MAX_DEPTH, Environment, Walk
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from tests.notation import function, graph, model

REF = "w = VariableV2 {dtype: f32, shape: shape[3]}; w/Assign = Assign(w, v)"
CONDITION = f"""
    v = Const {{f32 [3]}}; {REF}
    asked = IsVariableInitialized(w)
    switch = Switch(asked, asked)
    t = Identity(switch:1); f = Identity(switch)
    read = Identity(w); kept = Switch(read, asked)
    new = Const(^f) {{f32 [3]}}; more = Add(new, new)
    merged = Merge(more, kept:1)
    u = VariableV2 {{dtype: f32, shape: shape[3]}}; u/Assign = Assign(u, merged)
"""


def test_a_condition_takes_the_branch_that_is_live():
    of = model(CONDITION)
    assert Initializers(of)["u"].numpy().tolist() == [0, 2, 4]
    assert Initializers(of, values={"w": as_tensor(np.array([5, 6, 7], np.float32))})["u"].numpy().tolist() == [5, 6, 7]


def walked(text: str, wanted: str, *functions: Function, **calls: str) -> Tensor | None:
    """Evaluate a tensor of a graph with functions; `calls` says which function an attr of node `call` names."""
    nodes = graph(text)
    for node in nodes:
        if node.name == "call":
            node.attrs.update({attr: Func(name, {}) for attr, name in calls.items()})
    around = Environment({}, {}, {each.name: each for each in functions}, "test")
    return Walk(Index(nodes), around, 0).tensor(wanted)


def values(tensor: Tensor | None) -> object:
    return None if tensor is None else tensor.numpy().tolist()


TWICE = function("twice", "a", "sum:z:0", "sum = Add(a, a) {T: f32}")
SAME = function("same", "a", "a", "")
CALL = "a = Const {f32 [3]}; c = Const {i32 []}; yes = Equal(c, c); no = LogicalNot(yes)"
BRANCHES: Mapping[str, str] = {"then_branch": "twice", "else_branch": "same"}


@pytest.mark.parametrize("op", ["If", "StatelessIf"])
def test_conditions_of_two_functions(op: str):
    yes = walked(f"{CALL}; call = {op}(yes, a)", "call", TWICE, SAME, **BRANCHES)
    no = walked(f"{CALL}; call = {op}(no, a)", "call:0", TWICE, SAME, **BRANCHES)
    assert (values(yes), values(no)) == ([0, 2, 4], [0, 1, 2])


def test_calls():
    assert values(walked(f"{CALL}; call = PartitionedCall(a)", "call", TWICE, f="twice")) == [0, 2, 4]


def test_random_numbers_of_functions_are_their_own():
    body = "q = Const {f32 [2,2]}; d = Shape(q) {T: f32}; r = RandomUniform(d:output:0) {dtype: f32, T: i32}"
    functions = [function(name, "a", "r:output:0", body) for name in ("first", "second")]
    first, second, again = (
        values(walked(f"{CALL}; call = PartitionedCall(a)", "call", *functions, f=name))
        for name in ("first", "second", "first")
    )
    assert first == again != second


def test_every_call_of_a_function_has_its_own_random_numbers():
    body = "q = Const {f32 [2,2]}; d = Shape(q) {T: f32}; r = RandomUniform(d:output:0) {dtype: f32, T: i32}"
    draw = function("draw", "a", "r:output:0", body)
    calls = graph(f"{CALL}; one = PartitionedCall(a); two = PartitionedCall(a)")
    for name in ("one", "two"):
        calls[name].attrs["f"] = Func("draw", {})
    walk = Walk(Index(calls), Environment({}, {}, {"draw": draw}, "test"), 0)
    assert values(walk.tensor("one")) != values(walk.tensor("two"))


@pytest.mark.parametrize(("number", "wanted"), [(0, -3), (1, 3), (2, 6), (3, 6), (-1, 6)])
def test_branches_of_a_case(number: int, wanted: int):
    """What is out of range means the last, as in TensorFlow."""
    text = f"""
        a = Const {{f32 [] 3}}; i = Const {{i32 [] {number}}}; s = _SwitchN(a, i) {{num_outs: 3, T: f32}}
        n = Neg(s) {{T: f32}}; p = Identity(s:1); t = Add(s:2, s:2); x = Merge(n, p, t) {{N: 3, T: f32}}
    """
    found = walked(text, "x")
    assert found is not None
    assert found.numpy() == wanted


def test_a_case_of_any_number_of_branches():
    with pytest.raises(PassError, match="outputs"):
        walked("a = Const {i32 [] 0}; x = _SwitchN(a, a) {num_outs: 9999999999, T: int32}", "x")


def test_what_a_condition_leaves_out_has_all_its_outputs():
    many = ", ".join(["dead"] * 9)
    text = f"{CALL}; s = Switch(a, yes); dead = Identity(s); all = IdentityN({many}) {{T: [{', '.join(['f32'] * 9)}]}}"
    assert walked(f"{text}; x = Identity(all:8)", "x") is None


@pytest.mark.parametrize(
    ("functions", "name", "why"),
    [
        ((), "twice", "function 'twice' is missing"),
        ((function("again", "a", "call:output:0", ""),), "other", "function 'other' is missing"),
        ((function("bad", "a", "sum:nothing:0", "sum = Add(a, a) {T: f32}"),), "bad", "has no output 'sum:nothing:0'"),
        ((function("bad", "a", "sum:z:x", "sum = Add(a, a) {T: f32}"),), "bad", "has no output 'sum:z:x'"),
    ],
)
def test_functions_that_are_not_there(functions: tuple[Function, ...], name: str, why: str):
    with pytest.raises(PassError, match=why):
        walked(f"{CALL}; call = PartitionedCall(a)", "call", *functions, f=name)


def test_functions_do_not_know_whose_values_they_are_given():
    asks = function("asks", "a", "c:y:0", "q = VarIsInitializedOp(a); c = Cast(q) {SrcT: bool, DstT: f32}")
    with pytest.raises(PassError, match="asks within a function"):
        walked(f"{CALL}; call = PartitionedCall(a)", "call", asks, f="asks")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = Floor(a, a) {T: f32}", "has 2 inputs, and Floor takes 1"),
        ("x = VarIsInitializedOp", "has 0 inputs, and VarIsInitializedOp takes 1"),
        ("x = Cast(a) {SrcT: f32}", "Cast cannot be evaluated"),
        ("x = Identity(a:3) {T: f32}", "has no output 'a:3'"),
        ("x = Identity(b) {T: f32}", "it is not in the graph"),
        ("s = Const {i32 [40]}; y = Reshape(a, s); x = Neg(y)", "another number of them|dimensions"),
    ],
)
def test_nodes_that_are_not_well_formed(text: str, why: str):
    with pytest.raises(PassError, match=why):
        walked(f"a = Const {{f32 [3]}}; {text}", "x")


def test_functions_that_call_themselves_have_an_end():
    again = function("again", "a", "call:output:0", "call = PartitionedCall(a) {Tin: [f32], Tout: [f32]}")
    again.body["call"].attrs["f"] = Func("again", {})
    with pytest.raises(PassError, match="called too deep"):
        walked(f"{CALL}; call = PartitionedCall(a)", "call", again, f="again")
    assert MAX_CALLS < 100


def test_deep_expressions_have_an_end():
    chain = "; ".join(f"v{i} = Neg(v{i - 1})" for i in range(1, MAX_DEPTH + 5))
    with pytest.raises(PassError, match="operations deep"):
        Initializers(model(f"v0 = Const {{f32 [3]}}; {chain}; v = Neg(v{MAX_DEPTH + 4}); {REF}"))["w"]
