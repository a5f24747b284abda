"""What surrounds a graph that was specialized."""

from __future__ import annotations

from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.specializing.models import Specialized
from graphsurgeon.rewrites.specializing.surroundings import update_surroundings
from tests.models import meta_graph
from tests.passes.harness import model


def test_inputs_go_and_outputs_follow():
    meta = meta_graph()
    del meta.graph_def.node[:]
    of = model("x = Placeholder {dtype: f32}; out = Abs(x)", meta=meta)
    done = Specialized([], [], [], {"out:0": "x:0"}, set(), has_other_functions=False)
    inputs: dict[str, Node] = {"x": of.graph["x"]}
    contexts, gone, notes = update_surroundings(of, done, inputs, has_objects=False)
    assert contexts == 0
    assert {each.where for each in gone} == {"signature"}
    assert "now names 'x:0' instead of 'out:0'" in notes[0]
