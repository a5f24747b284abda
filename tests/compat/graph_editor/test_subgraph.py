"""Views: what leads in and out of a part of a graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from graphsurgeon.compat import graph_editor as ge
from graphsurgeon.ir.graph import Graph
from tests import notation


def names(elements: Iterable[Any]) -> str:
    return " ".join(each.name for each in elements)


def test_inputs_and_outputs(graph: Graph):
    view = ge.sgv(graph)
    assert (names(view.outputs), names(view.inputs), len(view.ops)) == ("foo/bar/e:0 foo/bar/h:0", "", 8)
    view = ge.sgv(graph["foo/bar/f"], graph["foo/bar/g"])
    assert (names(view.outputs), names(view.inputs)) == ("foo/bar/f:0 foo/bar/g:0", "foo/c:0 foo/d:0 a:0")
    view = ge.sgv_scope("foo/bar", graph=graph)
    assert names(view.ops) == "foo/bar/e foo/bar/f foo/bar/g foo/bar/h"
    assert names(ge.sgv(graph["foo/c"]).consumers()) == "foo/bar/e foo/bar/f foo/bar/g"


def test_remapping(graph: Graph):
    view = ge.sgv(graph["foo/c"])
    assert (names(view.outputs), names(view.inputs)) == ("foo/c:0", "a:0 foo/b:0")
    view = view.remap_outputs_to_consumers()
    assert names(view.outputs) == "foo/c:0 foo/c:0 foo/c:0"
    view = view.remap_outputs_make_unique()
    assert names(view.outputs) == "foo/c:0"
    assert names(view.remap_inputs([graph["foo/b:0"], 0]).inputs) == "foo/b:0 a:0"
    view = view.remap(new_input_indices=[], new_output_indices=[])
    assert (len(view.inputs), len(view.outputs)) == (0, 0)
    view = view.remap_default()
    assert (names(view.outputs), names(view.inputs)) == ("foo/c:0", "a:0 foo/b:0")
    with pytest.raises(ValueError, match="an input is mapped twice"):
        view.remap_inputs([0, 0])
    with pytest.raises(ValueError, match="2 is not one of 0 to 1"):
        view.remap_inputs([2])


def test_ops_that_are_not_used(graph: Graph):
    view = ge.sgv(graph).remap_outputs(new_output_indices=[1]).remove_unused_ops()
    assert (names(view.outputs), len(view.ops)) == ("foo/bar/h:0", 7)


def test_tensors_that_pass_through(graph: Graph):
    view = ge.sgv(graph["foo/bar/e"], graph["a:0"], graph["foo/c:0"])
    assert (names(view.passthroughs), names(view.inputs)) == ("a:0", "foo/c:0 foo/d:0 a:0")
    assert (names(view.connected_inputs), names(view.connected_outputs)) == ("foo/c:0 foo/d:0", "foo/bar/e:0")
    assert (view.is_passthrough(graph["a:0"]), view.input_index(graph["a:0"]), view.output_index(graph["a:0"])) == (
        True,
        2,
        1,
    )
    assert "  a:0 *" in str(view)
    with pytest.raises(ValueError, match="foo/b:0 is not one of the inputs"):
        view.input_index(graph["foo/b:0"])


def test_views_are_found_and_copied(graph: Graph):
    view = ge.sgv("^foo/bar", graph=graph)
    assert view.op(0) is view.find_op_by_name("foo/bar/e") is graph["foo/bar/e"]
    with pytest.raises(ValueError, match="a is not in the subgraph"):
        view.find_op_by_name("a")
    with view as same:
        assert same is view
    assert ge.sgv(view) is view
    copied = view.copy()
    assert (names(copied.outputs), copied is view) == (names(view.outputs), False)
    assert not ge.SubGraphView()
    assert str(ge.SubGraphView()) == "SubGraphView: empty"
    with pytest.raises(ValueError, match="the view is of another graph"):
        ge.sgv(view, graph=notation.graph("a = NoOp"))
