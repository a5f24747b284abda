"""What a body adds to the edits of a graph: how its outputs are written, and the index of before."""

from __future__ import annotations

from graphsurgeon.rewrites.freezing.body_edits import BodyEdits
from tests import notation


def test_the_index_of_before_stays():
    body = BodyEdits(notation.graph("a = NoOp; b = NoOp(^a)"))
    body.set_inputs(body.graph["b"], [])
    assert body.before.control_consumers("a") == [body.graph["b"]]
    assert body.index.control_consumers("a") == []


def test_how_outputs_are_written():
    graph = notation.graph("s = Switch(x, p) {T: f32}; n = SomeOp")
    outside, inside = BodyEdits(graph), BodyEdits(graph, "f")
    assert [outside.output(graph["s"], i) for i in (0, 1)] == ["s", "s:1"]
    assert [inside.output(graph["s"], i) for i in (0, 1)] == ["s:output_false:0", "s:output_true:0"]
    assert inside.output(graph["n"], 0) == "n:output:0"
    assert (outside.where("s"), inside.where("s")) == ("s", "f/s")
