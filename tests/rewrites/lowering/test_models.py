"""All control flow of a model's graph, with what comes along."""

from __future__ import annotations

import pytest

from graphsurgeon.checks import check
from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.lowering.models import lower_control_flow
from tests import notation
from tests.passes.harness import model, state
from tests.rewrites.lowering import nets


def test_what_has_no_control_flow_stays_as_it_is():
    of = model("x = Placeholder {dtype: f32}; y = Neg(x) {T: f32}")
    before = state(of)
    assert lower_control_flow(of) == ({}, {}, [])
    assert state(of) == before


def test_a_loop_in_a_branch_in_a_loop():
    inner = notation.function("inner", "x w", "y:output:0", "y = While(x, w)")
    body = "p = Less(x, w) {T: f32}; i = If(p:z:0, x, w)"
    outer, other = notation.function("outer", "x w", "i:output:0 w", body), notation.function("other", "x w", "w", "")
    text = "x = Placeholder {dtype: f32}; w = Const {f32 [] 2}; z = While(x, w); q = Neg(z) {T: f32}"
    functions, names = (nets.small(), nets.step(), inner, outer, other), {"y": ("small", "step")}
    of = nets.model(text, *functions, z=("small", "outer"), i=("inner", "other"), **names)
    done = lower_control_flow(of)
    check(of)
    assert [*done.nodes.values()] == ["While", "If", "While"]
    assert sorted(done.functions) == ["inner", "other", "outer", "small", "step"]
    assert not {node.op for node in of.graph} & {"While", "If", "StatefulPartitionedCall"}


def test_a_function_that_calls_itself_is_refused():
    itself = notation.function("itself", "x", "y:output:0", "y = If(q:z:0, x); q = Less(x, x) {T: f32}")
    text = "x = Placeholder {dtype: f32}; c = StatefulPartitionedCall(x)"
    of = nets.model(text, itself, *nets.BRANCHES, c="itself", y=("itself", "same"))
    before = state(of)
    with pytest.raises(PassError, match="function 'itself' calls itself"):
        lower_control_flow(of)
    assert state(of) == before


def test_what_is_compiled_stays_and_is_named():
    of = nets.loop()
    of.graph["y"].attrs["_xla_compile_id"] = b"1"
    assert lower_control_flow(of) == ({}, {"y": "_xla_compile_id"}, [])
    outer = notation.function("outer", "x w", "y:output:0 w", "y = While(x, w)")
    outer.proto.attr["_noinline"].b = True
    text = "x = Placeholder {dtype: f32}; w = Const {f32 [] 2}; c = StatefulPartitionedCall(x, w)"
    of = nets.model(text, nets.small(), nets.step(), outer, c="outer", y=("small", "step"))
    assert lower_control_flow(of) == ({}, {"c": "_noinline"}, [])


def test_a_graph_that_was_not_in_order_is_not_put_into_it():
    of = nets.loop()
    of.graph.set_nodes(list(reversed(list(of.graph))))
    lower_control_flow(of)
    assert [node.name for node in of.graph][:2] == ["z", "y"]


def test_a_body_that_is_called_as_a_whole():
    body = nets.step()
    body.proto.attr["_noinline"].b = True
    of = nets.loop(body)
    done = lower_control_flow(of)
    check(of)
    assert of.graph["y/body/_1"].op == "StatefulPartitionedCall"
    assert (done.nodes, done.left, done.functions) == ({"y": "While"}, {}, ["small"])
