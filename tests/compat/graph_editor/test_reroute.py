"""Readers change places."""

from __future__ import annotations

import pytest

from graphsurgeon.compat import graph_editor as ge
from graphsurgeon.ir.graph import Graph
from tests import notation


def inputs(graph: Graph, *names: str) -> list[tuple[str, ...]]:
    return [graph.node(name).inputs for name in names]


def test_swapping_tensors(pairs: Graph):
    assert ge.swap_ts([pairs["a0:0"], pairs["b0:0"]], [pairs["a1:0"], pairs["b1:0"]]) == 4
    assert inputs(pairs, "c0", "c1") == [("a1", "b1"), ("a0", "b0")]


def test_rerouting_tensors(pairs: Graph):
    assert ge.reroute_ts([pairs["a0:0"], pairs["b0:0"]], [pairs["a1:0"], pairs["b1:0"]]) == 2
    assert inputs(pairs, "c0", "c1") == [("a0", "b0"), ("a0", "b0")]
    assert ge.reroute_ts([pairs["a1:0"]], [pairs["a0:0"]], can_modify=pairs["c1"]) == 1
    assert inputs(pairs, "c0", "c1") == [("a0", "b0"), ("a1", "b0")]
    assert ge.reroute_ts(pairs["a2:0"], pairs["a2:0"]) == 0


def test_what_does_not_fit(pairs: Graph):
    with pytest.raises(ValueError, match=r"a0:0 has the shape Shape\(\[2\]\), and a2:0 has Shape\(\[3\]\)"):
        ge.reroute_ts(pairs["a0:0"], pairs["a2:0"])
    with pytest.raises(ValueError, match="there are 1 and 2"):
        ge.reroute_ts(pairs["a0:0"], [pairs["a1:0"], pairs["b1:0"]])
    other = pairs.add("Const", name="i", value=[1, 2])
    with pytest.raises(ValueError, match="a0:0 is float32, and i:0 is int32"):
        ge.reroute_ts(pairs["a0:0"], other.outputs[0])


def test_outputs_are_swapped_outside_of_both():
    graph = notation.graph("""
        a = Const {f32 [2]}; b = Const {f32 [2]}; c = Add(a, b); d = Add(a, c)
        e = Const {f32 [2]}; f = Const {f32 [2]}; g = Add(e, f)
    """)
    ge.swap_outputs(ge.sgv(graph["a"], graph["b"], graph["c"]), ge.sgv(graph["e"], graph["f"]))
    assert ge.matcher("^g$").input_ops("^a$", ge.matcher("^c$").input_ops("^a$", "^b$"))(graph["g"])
    assert ge.matcher("^d$").input_ops("^e$", "^f$")(graph["d"])


def test_an_op_that_reads_both_reads_both_the_other_way_round(pairs: Graph):
    assert ge.swap_ts(pairs["a0:0"], pairs["b0:0"]) == 2
    assert inputs(pairs, "c0") == [("b0", "a0")]


def test_views_follow_their_inputs(pairs: Graph):
    one, two = ge.sgv(pairs["c0"]), ge.sgv(pairs["c1"])
    ge.swap_inputs(one, two)
    assert [t.name for t in [*one.inputs, *two.inputs]] == ["a1:0", "b1:0", "a0:0", "b0:0"]
    passed = ge.SubGraphView(passthrough_ts=[pairs["a0:0"], pairs["b0:0"]])
    ge.reroute_inputs(two, passed)
    assert [t.name for t in passed.outputs] == ["a0:0", "b0:0"]
    ge.reroute_ios(one, two)
    assert inputs(pairs, "c0", "c1") == [("a1", "b1"), ("a1", "b1")]


def test_control_inputs(pairs: Graph):
    ge.add_control_inputs(pairs["c0"], [pairs["c2"], pairs["c1"]])
    assert pairs["c0"].inputs == ("a0", "b0", "^c1", "^c2")
    with pytest.raises(ValueError, match="c1 is a control input of c0 already"):
        ge.add_control_inputs(pairs["c0"], pairs["c1"])
    ge.remove_control_inputs(pairs["c0"], pairs["c2"])
    assert pairs["c0"].control_inputs == ("^c1",)
    with pytest.raises(ValueError, match="c2 is no control input of c0"):
        ge.remove_control_inputs(pairs["c0"], [pairs["c2"]])
    with pytest.raises(TypeError, match="a Node is wanted"):
        ge.add_control_inputs("c0", pairs["c1"])  # type: ignore[arg-type]


def test_views_of_two_graphs(pairs: Graph, graph: Graph):
    with pytest.raises(ValueError, match="of another graph"):
        ge.swap_inputs(pairs["c0"], graph["foo/c"])
