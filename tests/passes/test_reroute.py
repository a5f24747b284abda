"""reroute: who reads a tensor reads another, of all pairs at once."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.passes.reroute import ReroutedRow, reroute
from tests import notation
from tests.models import meta_graph
from tests.passes.harness import check_pass, check_refusal, model

TEXT = """
    x = Placeholder {dtype: f32}
    a = Relu(x)
    b = Neg(x)
    c = Add(a, b)
    d = Abs(a)
    i = Cast(x) {DstT: i32}
"""
COND = """
    x = Placeholder {dtype: f32}
    p = Placeholder {dtype: bool}
    s = Switch(x, p)
    t = Relu(s:1)
    f = Neg(s)
    m = Merge(f, t)
    y = Abs(m)
    o = Exp(x)
"""
LOOP = """
    x = Placeholder {dtype: f32}
    e = Enter(x) {frame_name: "f", is_constant: false, parallel_iterations: 10}
    m = Merge(e, n)
    less = Less(m, m)
    c = LoopCond(less)
    s = Switch(m, c)
    body = Relu(s:1)
    n = NextIteration(body)
    out = Exit(s)
    y = Neg(out)
"""


def test_all_readers():
    after = """
        x = Placeholder
        a = Relu(x)
        b = Neg(x)
        c = Add(b, b)
        d = Abs(b)
        i = Cast(x)
    """
    report = check_pass(reroute, model(TEXT), after, map=("a:0=b:0",))
    assert report.rerouted == [ReroutedRow("a:0", "b:0", 2)]


def test_two_are_exchanged():
    of = model(TEXT)
    report = reroute(of, map={"a": "b", "b": "a"})
    assert of.graph["c"].inputs == ("b", "a")
    assert [row.readers for row in report.rerouted] == [2, 1]


@pytest.mark.parametrize(("options", "inputs"), [({"only": ("d",)}, ("a", "b")), ({"except_": ("c|d",)}, ("a", "b"))])
def test_some_readers(options, inputs):
    of = model(TEXT)
    reroute(of, map=("a=x",), **options)
    assert of.graph["c"].inputs == inputs
    assert of.graph["d"].inputs == (("x",) if "only" in options else ("a",))


def test_signatures_follow_unless_only_some_nodes_are_to():
    for only, name in ((("nobody", "a"), "out:0"), ((), "a:0")):
        meta = meta_graph()
        del meta.graph_def.node[:]
        of = model("x = Placeholder {dtype: f32}; a = Relu(x); nobody = Neg(x); out = Abs(a)", meta=meta)
        reroute(of, map=("out=a",), only=only)
        assert of.meta is not None
        assert of.meta.signature_def["serving_default"].outputs["fetch"].name == name


def test_function_bodies():
    body = notation.function("f", "a", "r:activations:0", "n = Neg(a) {T: f32}; r = Relu(n:y:0) {T: f32}")
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    reroute(of, map=("f/r=f/n",))
    assert of.library.functions["f"].proto.ret["out0"] == "n:y:0"


def test_a_branch_is_left_through_its_merge_alone():
    of = model(COND)
    reroute(of, map=("m=o",))
    assert of.graph["y"].inputs == ("o",)


@pytest.mark.parametrize(
    ("text", "options", "error", "match"),
    [
        (TEXT, {"map": ("a=z",)}, NotFoundError, "'z'"),
        (TEXT, {"map": ("a=i",)}, PassError, "node 'c': its input 0 is float32, and 'i:0' is int32"),
        (TEXT, {"map": ("a",)}, PassError, "'a' is no NAME=VALUE"),
        (TEXT, {"map": ()}, PassError, "no tensor is named"),
        (TEXT, {"map": ("x=c",)}, PassError, "cycle"),
        (TEXT, {"map": ("a=b",), "only": ("z",)}, NotFoundError, "no node 'z'"),
        (COND, {"map": ("x=t",), "only": ("o",)}, PassError, "node 'o': .* only when 'p:0' is true"),
        (COND, {"map": ("s:1=x",)}, PassError, "node 't': it would run also when 'p:0' is not true"),
        (LOOP, {"map": ("out=body",)}, PassError, "frame"),
    ],
)
def test_refusals(text, options, error, match):
    check_refusal(reroute, model(text), error, match, **options)


def test_another_predicate_that_others_have_too():
    more = COND + "q = Placeholder {dtype: bool}; s2 = Switch(x, q); t2 = Relu(s2:1); m2 = Merge(s2, t2)"
    of = model(more)
    reroute(of, map=("p=q",))
    assert of.graph["s"].inputs == of.graph["s2"].inputs == ("x", "q")
