"""Constant folding in a whole model."""

from __future__ import annotations

from graphsurgeon.evaluator import evaluate
from graphsurgeon.rewrites.folding.constants import FoldingRules
from graphsurgeon.rewrites.folding.models import ModelFolding
from tests import notation
from tests.passes.harness import FROZEN, model, shown

RULES = FoldingRules(approximate=False, max_nbytes=1000, exclude_ops=(), exclude_nodes=())


def folded(of, outputs=()):
    folding = ModelFolding(of, RULES, evaluate, "test", keeps_weights=True)
    folding.run(outputs, ())
    return folding


def test_conditions_whose_predicate_is_constant():
    of = model("""
        x = Placeholder {dtype: f32}
        t = Const {bool [] 1}
        p = LogicalNot(t)
        s = Switch(x, p)
        a = Relu(s:0)
        b = Neg(s:1)
        m = Merge(a, b) {N: 2}
        out = Abs(m)
    """)
    folding = folded(of, ("out",))
    assert [(each.node, each.became) for each in folding.decided] == [("m", "its input 0, a")]
    assert shown(of) == ["x = Placeholder", "a = Relu(x)", "m = Identity(a)", "out = Abs(m)"]


def test_a_branch_that_is_asked_for_stays():
    text = "x = Placeholder {dtype: f32}; p = Const {bool [] 1}; s = Switch(x, p); a = Relu(s:0); b = Neg(s:1)"
    of = model(text)
    assert folded(of, ("a", "b")).decided == []
    assert of.graph["s"].op == "Switch"


def test_the_branch_that_was_taken_may_be_asked_for():
    of = model("""
        x = Placeholder {dtype: f32}
        p = Const {bool [] 1}
        s = Switch(x, p)
        a = Relu(s:0)
        m = Merge(a, s:1) {N: 2}
        out = Abs(m)
    """)
    assert folded(of, ("out", "m:1")).decided == []
    assert [each.node for each in folded(of, ("out", "m:0")).decided] == ["m"]


def test_function_bodies():
    body = notation.function(
        "f", "a", "r:z:0",
        "c = Const {f32 [] 2}; d = Neg(c:output:0) {T: f32}; r = Add(a, d:y:0) {T: f32}",
    )  # fmt: skip
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    assert folded(of).folded == {"f/d": "Neg"}
    assert of.library.functions["f"].body["r"].inputs == ("a", "d:output:0")


def test_reads_of_weights_go_where_nobody_needs_them():
    of = model(FROZEN)
    folded(of, ("y",))
    assert [node.name for node in of.graph] == ["x", "w", "y"]


BRANCHES = (
    notation.function("yes", "a", "r:y:0", "r = Neg(a) {T: f32}"),
    notation.function("no", "a", "r:y:0", "r = Exp(a) {T: f32}"),
)
CALL = "x = Placeholder {dtype: f32}; y = PartitionedCall(x) {f: fn:f, Tin: [f32], Tout: [f32]}; out = Abs(y)"
IF = "{then_branch: fn:yes, else_branch: fn:no, Tcond: bool, Tin: [f32], Tout: [f32]}"


def test_conditions_in_bodies_whose_predicate_is_constant_there():
    body = notation.function(
        "f",
        "a",
        "o:y:0",
        f"t = Const {{bool [] 1}}; p = LogicalNot(t:output:0); s = If(p:y:0, a) {IF}; o = Abs(s:output:0) {{T: f32}}",
    )
    of = model(CALL, body, *BRANCHES)
    folding = folded(of, ("out",))
    assert [(each.node, each.became) for each in folding.decided] == [("f/s", "a call of no")]
    assert shown_body(of, "f") == ["s = StatefulPartitionedCall(a)", "o = Abs(s:output:0)"]
    assert [*of.library.functions] == ["f", "no"]


def test_merges_in_bodies():
    body = notation.function(
        "f",
        "a",
        "m:output:0",
        """
        p = Const {bool [] 1}
        s = Switch(a, p:output:0) {T: f32}
        u = Neg(s:output_false:0) {T: f32}
        v = Abs(s:output_true:0) {T: f32}
        m = Merge(u:y:0, v:y:0) {T: f32, N: 2}
        """,
    )
    of = model(CALL, body)
    assert [each.node for each in folded(of, ("out",)).decided] == ["f/m"]
    assert shown_body(of, "f") == ["v = Abs(a)", "m = Identity(v:y:0)"]


def test_a_body_that_would_return_what_is_dead_stays():
    body = notation.function(
        "f", "a", "s:output_false:0", "p = Const {bool [] 1}; s = Switch(a, p:output:0) {T: f32}"
    )  # fmt: skip
    of = model(CALL, body)
    assert folded(of, ("out",)).decided == []
    assert shown_body(of, "f") == ["p = Const", "s = Switch(a, p:output:0)"]


def test_constants_that_a_function_decides_by():
    """The call with a constant gets a copy where another one has none."""
    body = of_flags("f", "p a", "s:output:0", f"s = If(p, a) {IF}")
    attrs = "{f: fn:f, Tin: [bool, f32], Tout: [f32]}"
    of = model(
        f"""
        x = Placeholder {{dtype: f32}}
        q = Placeholder {{dtype: bool}}
        t = Const {{bool [] 1}}
        y = PartitionedCall(t, x) {attrs}
        z = PartitionedCall(q, x) {attrs}
        """,
        body,
        *BRANCHES,
    )
    assert [each.node for each in folded(of, ("y", "z")).decided] == ["f_1/s"]
    assert of.graph["y"].attrs["f"].name == "f_1"
    assert shown_body(of, "f") == ["s = If(p, a)"]
    assert shown_body(of, "f_1") == ["s = StatefulPartitionedCall(a)"]


def shown_body(of, name):
    return notation.show(of.library.functions[name].body).splitlines()


def of_flags(name, arguments, results, body):
    made = notation.function(name, arguments, results, body)
    made.proto.signature.input_arg[0].type = 10
    return made
