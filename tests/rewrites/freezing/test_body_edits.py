"""Edits of a body are gathered on copies, and yield the nodes they make."""

from __future__ import annotations

from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.freezing.body_edits import BodyEdits
from tests import notation

CHAIN = """
    a = Placeholder {dtype: f32}
    b = Neg(a)
    c = Neg(b:0, ^a)
    d = NoOp(^b)
    e = Neg(a, ^d)
"""


def test_edits_are_made_on_copies():
    body = BodyEdits(notation.graph(CHAIN))
    node = body.graph["b"]
    body.edit(node).op = "Abs"
    assert body.edit(node) is body.current(node)
    assert node.op == "Neg"
    assert [each.op for each in body.nodes()] == ["Placeholder", "Abs", "Neg", "NoOp", "Neg"]


def test_what_waited_for_a_removed_node_no_longer_does():
    body = BodyEdits(notation.graph(CHAIN))
    body.removed["d"] = None
    assert [each.inputs for each in body.nodes()] == [(), ("a",), ("b:0", "^a"), ("a",)]
    assert body.graph["e"].inputs == ("a", "^d")


def test_constants_are_added_once():
    body = BodyEdits(notation.graph(CHAIN))
    for name in ("new", "new", "a"):
        body.add_constant(Node.new(name, "Const"))
    assert [each.name for each in body.nodes()] == ["a", "b", "c", "d", "e", "new"]


def test_consumers_of_a_tensor():
    body = BodyEdits(
        notation.graph("s = Split(x, x) {num_split: 2, T: f32}; a = Neg(s); b = Neg(s:0); c = Neg(s:1); d = NoOp(^s)")
    )
    assert [node.name for node, _ in body.consumers("s")] == ["a", "b"]
    assert [node.name for node, _ in body.consumers("s:1")] == ["c"]
    inside = BodyEdits(notation.graph("a = Neg(s:output:0) {T: f32}; b = Neg(s:output:1) {T: f32}"), "f")
    assert [node.name for node, _ in inside.consumers("s:output:1")] == ["b"]


def test_how_outputs_are_written():
    graph = notation.graph("s = Switch(x, p) {T: f32}; n = SomeOp")
    outside, inside = BodyEdits(graph), BodyEdits(graph, "f")
    assert [outside.output(graph["s"], i) for i in (0, 1)] == ["s", "s:1"]
    assert [inside.output(graph["s"], i) for i in (0, 1)] == ["s:output_false:0", "s:output_true:0"]
    assert inside.output(graph["n"], 0) == "n:output:0"
    assert (outside.where("s"), inside.where("s")) == ("s", "f/s")
