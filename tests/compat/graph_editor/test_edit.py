"""Parts of a graph come off, go together and are passed by."""

from __future__ import annotations

import pytest

from graphsurgeon.compat import graph_editor as ge
from graphsurgeon.ir.graph import Graph


def test_detaching(graph: Graph):
    view, inputs, outputs = ge.detach(ge.sgv(graph["foo/c"], graph["a"]), control_ios=ge.ControlOutputs(graph))
    assert ge.matcher("^foo/c$").input_ops("^a$", "^foo/geph__b_0$")(graph["foo/c"])
    assert [t.name for t in inputs] == ["foo/geph__b_0:0"]
    assert [t.name for t in outputs] == ["foo/geph__c_0:0", "geph__a_0:0"]
    assert graph["foo/bar/h"].control_inputs == ()
    assert [t.name for t in view.inputs] == ["foo/geph__b_0:0"]


def test_connecting(graph: Graph):
    x, y = (graph.add("Const", name=name, value=[1.0, 1.0]) for name in "xy")
    z = graph.add("Add", [x, y], name="z")
    ge.connect(ge.sgv(x, y, z), ge.sgv(graph["foo/bar/e"]).remap_inputs([0]))
    assert ge.matcher("^foo/bar/e$").input_ops("^z$", "^foo/d$")(graph["foo/bar/e"])


def test_connecting_what_is_disconnected_first(graph: Graph):
    ge.connect(graph["foo/d"], ge.sgv(graph["foo/bar/g"]).remap_inputs([1]), disconnect_first=True)
    assert graph["foo/bar/g"].inputs == ("foo/c", "foo/d")
    assert graph["foo/bar/f"].inputs == ("foo/c", "foo/geph__d_0")


def test_bypassing(graph: Graph):
    _, inputs = ge.bypass(ge.sgv(graph["foo/bar/f"]).remap_inputs([0]))
    assert ge.matcher("^foo/bar/h$").input_ops("^foo/c$", "foo/bar/g$")(graph["foo/bar/h"])
    assert graph["foo/bar/f"].inputs == (inputs[0].text, "foo/d")


def test_control_edges_come_off(graph: Graph):
    ge.detach_control_inputs(graph["foo/bar/h"])
    assert graph["foo/bar/h"].control_inputs == ()
    ge.add_control_inputs(graph["foo/bar/h"], graph["foo/c"])
    ge.detach_control_outputs(graph["foo/c"], ge.ControlOutputs(graph))
    assert graph["foo/bar/h"].control_inputs == ()
    with pytest.raises(TypeError, match="ControlOutputs are wanted"):
        ge.detach_control_outputs(graph["foo/c"], None)  # type: ignore[arg-type]
