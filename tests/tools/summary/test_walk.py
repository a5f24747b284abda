"""What a model computes, in the graph and in what it calls."""

from __future__ import annotations

import graphsurgeon as gs
from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.shaping.model_shapes import infer
from graphsurgeon.tools.summary.parameters import parameters_of
from graphsurgeon.tools.summary.walk import ModelWalk, Visit
from tests import notation

DENSE = notation.function(
    "dense", "a w", "m:product:0", "r = Identity(w) {T: f32}; m = MatMul(a, r:output:0); unused = Relu(a) {T: f32}"
)
CALLED = """
    x = Placeholder {dtype: f32, shape: shape[2,3]}; w = Const {f32 [3,3]}; w/read = Identity(w) {_class: loc:@w}
    one/call = PartitionedCall(x, w/read) {f: fn:dense, Tout: [f32]}
    two/call = PartitionedCall(one/call, w/read) {f: fn:dense, Tout: [f32]}
"""


def walked(model: gs.Model, result: str) -> tuple[ModelWalk, dict[str, Visit]]:
    index = Index(model.graph)
    shapes = infer(model, index, keep_bodies=True)
    walk = ModelWalk(model, index, parameters_of(model, index))
    return walk, {visit.path: visit for visit in walk.run([result], shapes, shapes)}


def test_functions_are_entered_by_each_call():
    walk, found = walked(notation.model(CALLED, DENSE), "two/call")
    assert list(found) == ["x", "one/m", "two/m"]
    assert [found[name].multiply_adds for name in found] == [0, 18, 18]
    assert found["one/m"].parameters == found["two/m"].parameters == ("w",)
    assert (walk.loops, walk.branches, walk.unentered) == ({}, {}, [])


def test_bodies_that_say_their_scope_and_those_that_were_lowered():
    body = notation.function("f", "a", "one/m:activations:0", "one/m = Relu(a) {T: f32}")
    _, found = walked(notation.model("x = Placeholder {dtype: f32}; one/call = f(x)", body), "one/call")
    assert list(found) == ["x", "one/m"]
    _, found = walked(notation.model("x = Placeholder {dtype: f32}; l/while/body/_3/l/while/m = Relu(x)"),
                      "l/while/body/_3/l/while/m")  # fmt: skip
    assert list(found) == ["x", "l/while/m"]


def test_functions_that_are_not_there_or_call_themselves():
    text = "x = Placeholder {dtype: f32, shape: shape[2,3]}; y = PartitionedCall(x) {f: fn:gone, Tout: [f32]}"
    assert list(walked(notation.model(text), "y")[1]) == ["x", "y"]
    self = notation.function("gone", "a", "c:output:0", "c = PartitionedCall(a) {f: fn:gone, Tin: [f32], Tout: [f32]}")
    walk, _ = walked(notation.model(text, self), "y")
    assert walk.unentered == ["c"]


def looped(condition: str) -> gs.Model:
    body = notation.function(
        "body", "i n x w", "p:z:0 n m:product:0 w",
        "s = Const {i32 [] 1}; p = AddV2(i, s:output:0); m = MatMul(x, w) {T: f32}",
    )  # fmt: skip
    text = """
        i = Const {i32 [] 0}; n = Const {i32 [] 6}; x = Placeholder {dtype: f32, shape: shape[2,3]}
        w = Const {f32 [3,3]}; w/read = Identity(w) {_class: loc:@w}
        rnn/while = While(i, n, x, w/read) {cond: fn:test, body: fn:body, T: [i32, i32, f32, f32]}
    """
    return notation.model(text, body, notation.function("test", "i n x w", "l:z:0", condition))


def test_bodies_of_loops_count_as_often_as_they_run():
    walk, found = walked(looped("l = Less(i, n)"), "rnn/while:2")
    assert (found["rnn/m"].multiply_adds, found["rnn/m"].parameters) == (6 * 18, ("w",))
    assert walk.loops == {}
    walk, found = walked(looped("l = Less(i, x)"), "rnn/while:2")
    assert found["rnn/m"].multiply_adds == 18
    assert list(walk.loops) == ["rnn/while"]


def test_all_branches_count():
    text = (
        CALLED.partition("one/call")[0]
        + """p = Placeholder {dtype: bool}
        y = If(p, x, w/read) {then_branch: fn:dense, else_branch: fn:dense, Tout: [f32]}"""
    )
    walk, _ = walked(notation.model(text, DENSE), "y")
    assert list(walk.branches) == ["y"]
    index = Index((model := notation.model(text, DENSE)).graph)
    shapes = infer(model, index, keep_bodies=True)
    visits = list(ModelWalk(model, index, parameters_of(model, index)).run(["y"], shapes, shapes))
    assert [visit.multiply_adds for visit in visits] == [0, 0, 18, 18]


def test_kernels_among_the_constants_of_a_body():
    body = notation.function("f", "a", "m:product:0", "k = Const {f32 [3,4]}; m = MatMul(a, k:output:0)")
    model = notation.model("x = Placeholder {dtype: f32, shape: shape[2,3]}; s/y = f(x)", body)
    walk, found = walked(model, "s/y")
    assert found["s/m"].parameters == ("^s/k",)
    assert walk.parameters["^s/k"] == ("s/k", 12, 48, True)


def test_parameters_through_what_combines_them():
    text = """
        x = Placeholder {dtype: f32, shape: shape[2,3]}; eps = Const {f32 [] 0.001}
        a = VariableV2 {dtype: f32, shape: shape[3]}; b = VariableV2 {dtype: f32, shape: shape[3]}
        add = Add(a, eps); r = Rsqrt(add); m = Mul(r, b); y = Mul(x, m)
    """
    _, found = walked(notation.model(text), "y")
    assert {name: (each.parameters, each.is_static) for name, each in found.items()} == {
        "x": ((), False), "r": (("a",), True), "y": (("b",), False),
    }  # fmt: skip


def test_sums_of_very_many_parameters():
    """Each sum holds all that came before."""
    lines = ["x = Placeholder {dtype: f32, shape: shape[3]}", "s0 = VariableV2 {dtype: f32, shape: shape[3]}"]
    for number in range(1, 2000):
        lines.append(f"w{number} = VariableV2 {{dtype: f32, shape: shape[3]}}")
        lines.append(f"s{number} = Add(s{number - 1}, w{number})")
    _, found = walked(notation.model("; ".join([*lines, "y = Mul(x, s1999)"])), "y")
    assert len({key for visit in found.values() for key in visit.parameters}) == 2000
    assert sum(len(visit.parameters) for visit in found.values()) < 10_000


def test_a_body_of_copies_that_read_each_other():
    body = notation.function("body", "i n x", "p:z:0 b x", "p = AddV2(i, n); a = Identity(b); b = Identity(a)")
    text = """i = Const {i32 [] 0}; n = Const {i32 []}; n/read = Identity(n) {_class: loc:@n}
        x = Placeholder {dtype: f32}; y = While(i, n/read, x) {cond: fn:c, body: fn:body, T: [i32, i32, f32]}"""
    walked(notation.model(text, body, notation.function("c", "i n x", "l:z:0", "l = Less(i, n)")), "y")
