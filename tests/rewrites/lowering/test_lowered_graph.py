"""The graph that is being lowered: names, what keeps its name, and what goes again."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import LimitError
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.rewrites.lowering import lowered_graph
from graphsurgeon.rewrites.lowering.lowered_graph import LoweredGraph
from graphsurgeon.tensors.dtypes import FLOAT
from tests import notation
from tests.passes.harness import model

TEXT = "x = Placeholder {dtype: f32}; y = Neg(x) {T: f32}; z = Neg(y) {T: f32}; n = NoOp(^y); x/_1 = Neg(x) {T: f32}"


def test_names_are_numbered_and_free():
    graph = LoweredGraph(model(TEXT))
    assert [graph.new_name(each) for each in ("x", "x", "y")] == ["x/_0", "x/_2", "y/_3"]
    assert [graph.new_frame("y"), graph.new_frame("y")] == [b"y", b"y_1"]


def test_more_nodes_than_a_graph_can_hold(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lowered_graph, "_MAX_NODES", 6)
    graph = LoweredGraph(model(TEXT))
    graph.new_name("x")
    with pytest.raises(LimitError, match="nodes of the lowered graph"):
        graph.new_name("x")


def test_what_is_replaced_keeps_its_name():
    of = model(TEXT)
    of.graph["y"].attrs["_class"] = [b"loc:@x"]
    graph = LoweredGraph(of)
    node = graph.begin("y")
    result = graph.hand_on(graph.new_name("y/output"), "x", FLOAT.number)
    unread = graph.hand_on(graph.new_name("y/unread"), "x", FLOAT.number)
    graph.replace(node, [result], graph.add(graph.new_name("y/done"), "NoOp", [f"^{result}"]))
    graph.apply()
    assert unread not in of.graph
    assert notation.show(of.graph).splitlines()[1:5] == [
        "y = IdentityN(y/output/_0, ^y/done/_2) {_class: loc:@x}",
        "y/output/_0 = Identity(x)",
        "y/done/_2 = NoOp(^y/output/_0)",
        "z = Neg(y/output/_0)",
    ]
    assert of.graph["n"].inputs == ("^y/done/_2",)


def test_a_node_without_results_is_one_to_wait_for():
    of = model("x = Placeholder {dtype: f32}; y = NoOp; z = NoOp(^y)")
    graph = LoweredGraph(of)
    graph.replace(graph.begin("y"), [], graph.add(graph.new_name("y/done"), "NoOp", []))
    graph.apply()
    assert (of.graph["y"].op, of.graph["y"].inputs) == ("NoOp", ("^y/done/_0",))


def test_calls_that_are_made_go_with_their_names():
    of = model(TEXT)
    graph = LoweredGraph(of)
    graph.begin("y")
    call = graph.call(graph.new_name("y/call"), Func("f", {}), [FLOAT.number], [FLOAT.number], ["x"])
    graph.put_calls([call], "/cpu:0")
    graph.replace(graph.begin(call.name), ["x"], None)
    graph.apply()
    assert call.name not in of.graph
    assert call.device == "/cpu:0"


def test_nothing_runs_where_not_all_inputs_are_there():
    of = model("x = Placeholder {dtype: f32}; p = Placeholder {dtype: bool}; s = Switch(x, p); y = Neg(s)")
    graph = LoweredGraph(of)
    waits = graph.when_all_are_there(graph.begin("y"))
    assert [graph.edit.index.producers[each[1:]].inputs for each in waits] == [("s",)]
    assert LoweredGraph(model(TEXT)).when_all_are_there(model(TEXT).graph["y"]) == []
