"""bypass: who reads a node's output reads its first data input."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.passes.bypass import BypassedRow, bypass
from tests import notation
from tests.models import meta_graph
from tests.passes.harness import check_pass, check_refusal, model

TEXT = """
    x = Placeholder {dtype: f32}
    check = NoOp
    a = Relu(x, ^check)
    b = Neg(a)
    c = Add(a, b)
    i = Cast(x) {DstT: i32}
    j = Neg(i)
    k = Split(one, x) {num_split: 2}
    one = Const {i32 []}
    l = Neg(k:1)
"""


def test_readers_wait_for_what_the_node_waited_for():
    after = """
        x = Placeholder
        check = NoOp
        a = Relu(x, ^check)
        b = Neg(x, ^check)
        c = Add(x, b, ^check)
        i = Cast(x)
        j = Neg(i)
        k = Split(one, x)
        one = Const
        l = Neg(k:1)
    """
    report = check_pass(bypass, model(TEXT), after, nodes=("a",))
    assert report.bypassed == [BypassedRow("a", "x:0", 2, 2)]


def test_or_not():
    of = model(TEXT)
    bypass(of, nodes=("a",), control="drop")
    assert of.graph["c"].inputs == ("x", "b")


def test_a_chain():
    of = model(TEXT)
    bypass(of, nodes=("a", "b"), control="drop")
    assert of.graph["c"].inputs == ("x", "x")


def test_signatures_follow():
    meta = meta_graph()
    del meta.graph_def.node[:]
    of = model("x = Placeholder {dtype: f32}; a = Relu(x); out = Abs(a)", meta=meta)
    assert [row.tensor for row in bypass(of, nodes=("out",)).followed] == ["a:0"]


def test_function_bodies():
    body = notation.function("f", "a", "r:activations:0", "r = Relu(a) {T: f32}")
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    bypass(of, nodes=("f/r",))
    assert of.library.functions["f"].proto.ret["out0"] == "a"


def test_results_that_wait_are_told():
    meta = meta_graph()
    del meta.graph_def.node[:]
    of = model("x = Placeholder {dtype: f32}; c = NoOp; out = Abs(x, ^c)", meta=meta)
    check_refusal(bypass, of, PassError, "is a result that waits for other nodes", nodes=("out",))
    bypass(of, nodes=("out",), control="drop")


@pytest.mark.parametrize(
    ("nodes", "error", "match"),
    [
        ("z", NotFoundError, "no node 'z'"),
        ("i", PassError, "int32"),
        ("x", PassError, "op Placeholder has no data input"),
        ("check", PassError, "op NoOp has no data input"),
        ("k", PassError, "its output 'k:1' is read too, by 'l'"),
    ],
)
def test_refusals(nodes, error, match):
    check_refusal(bypass, model(TEXT), error, match, nodes=(nodes,))


def test_flow_is_not_bypassed():
    of = model("x = Placeholder {dtype: f32}; p = Placeholder {dtype: bool}; s = Switch(x, p); y = Relu(s)")
    check_refusal(bypass, of, PassError, "op Switch controls the flow", nodes=("s",))


def test_a_reader_that_takes_another_rank_declines():
    text = """
        x = Placeholder {dtype: f32, shape: shape[2, 4, 4, 3]}
        axes = Const {i32 [2]}
        pool = Mean(x, axes)
        w = Const {f32 [3, 5]}
        y = MatMul(pool, w)
    """
    with pytest.raises(PassError, match=r"y: \[2, 4, 4, 3\] is not of rank 2"):
        bypass(model(text), nodes="pool")
