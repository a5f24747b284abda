"""Ops and tensors by name, at boundaries, on walks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest

from graphsurgeon.compat import graph_editor as ge
from graphsurgeon.ir.graph import Graph


def names(elements: Iterable[Any]) -> str:
    return " ".join(each.name for each in elements)


def test_regular_expressions():
    regex = re.compile("foo")
    assert ge.can_be_regex("foo")
    assert ge.can_be_regex(regex)
    assert not ge.can_be_regex(3)
    assert ge.make_regex(regex) is regex
    with pytest.raises(ValueError, match="not a int"):
        ge.make_regex(3)


def test_filters(graph: Graph):
    assert len(ge.filter_ops(graph, True)) == len(ge.filter_ts(graph, True)) == 8
    assert len(ge.select._get_input_ts(graph)) == 6
    assert len(ge.select._get_output_ts(graph)) == 8
    assert names(ge.filter_ops(graph, lambda op: op.op == "Const")) == "a foo/b foo/d"
    assert names(ge.filter_ops_from_regex(graph, r"^.*\b[abc]$")) == "a foo/b foo/c"
    assert names(ge.filter_ts_from_regex(graph, r"/[fgh]:\d$")) == "foo/bar/f:0 foo/bar/g:0 foo/bar/h:0"
    assert len(ge.get_name_scope_ops(graph, "foo/")) == 7
    assert len(ge.get_name_scope_ops(graph, "foo/bar")) == 4


def test_what_is_next(graph: Graph):
    outputs = ge.ControlOutputs(graph)
    h, c = graph["foo/bar/h"], graph["foo/c"]
    assert [len(ge.get_ops_ios(h, control_ios=outputs)), len(ge.get_ops_ios(h))] == [3, 2]
    assert [len(ge.get_ops_ios(c, control_ios=outputs)), len(ge.get_ops_ios(c))] == [6, 5]


def test_boundaries(graph: Graph):
    read, made, inside = ge.compute_boundary_ts([graph["foo/bar/g"], graph["foo/bar/h"]])
    assert (names(read), names(made), names(inside)) == ("foo/c:0 a:0 foo/bar/f:0", "foo/bar/h:0", "foo/bar/g:0")
    read, made, inside = ge.compute_boundary_ts([graph["foo/c"], graph["foo/bar/g"]])
    assert (names(made), names(inside)) == ("foo/c:0 foo/bar/g:0", "foo/c:0")


def test_within_a_boundary(graph: Graph):
    c, f, h = (graph[name] for name in ("foo/c", "foo/bar/f", "foo/bar/h"))
    found = ge.get_within_boundary_ops(graph, f, [c, h], inclusive=False, control_ios=ge.ControlOutputs(graph))
    assert names(found) == "foo/d foo/bar/e foo/bar/f"
    assert names(ge.get_within_boundary_ops(graph, h, [f, graph["foo/bar/g"]])) == "foo/bar/f foo/bar/g foo/bar/h"
    with pytest.raises(ValueError, match="a seed is on the boundary"):
        ge.get_within_boundary_ops(graph, c, c)


def test_walks(graph: Graph):
    c, g = graph["foo/c"], graph["foo/bar/g"]
    assert names(ge.get_walks_intersection_ops([c], [g])) == "foo/c foo/bar/g"
    assert len(ge.get_walks_union_ops([graph["foo/bar/f"]], [g])) == 6
    assert names(ge.get_forward_walk_ops(graph["foo/d:0"], inclusive=False)) == "foo/bar/h"
    assert names(ge.get_backward_walk_ops([graph["foo/bar/g:0"]], stop_at_ts=[graph["foo/c:0"]])) == "foo/bar/g a"
    assert ge.get_forward_walk_ops([]) == []
    assert names(ge.get_forward_walk_ops(g, control_outputs=ge.ControlOutputs(graph))) == "foo/bar/g foo/bar/h"
    assert names(ge.get_backward_walk_ops(graph["foo/bar/h"], within_ops=[graph["foo/bar/h"], g])) == (
        "foo/bar/h foo/bar/g"
    )


@pytest.mark.parametrize(
    ("asked", "num_found"), [(("^foo/",), 7), (("^foo/bar/",), 4), (("^foo/bar/", "a"), 5), (("(?#ts)a",), 0)]
)
def test_selecting_ops(graph: Graph, asked: tuple[str, ...], num_found: int):
    assert len(ge.select_ops(*asked, graph=graph)) == num_found


def test_selecting_tensors(graph: Graph):
    assert len(ge.select_ts(".*:0", graph=graph)) == 8
    assert len(ge.select_ts(r"/bar/\w+:0", graph=graph)) == 4
    assert ge.select_ts("(?#ops)foo", graph=graph) == []
    assert names(ge.select_ts(graph["a"], graph["a:0"], positive_filter=lambda t: t.node.op == "Const")) == "a:0"


@pytest.mark.parametrize(("asked", "counts"), [(("^foo/.*",), (7, 0)), (("^foo/.*", "(?#ts)^foo/bar/.*"), (7, 4))])
def test_selecting_both(graph: Graph, asked: tuple[str, ...], counts: tuple[int, int]):
    ops, ts = ge.select_ops_and_ts(*asked, graph=graph)
    assert (len(ops), len(ts)) == counts


def test_what_cannot_be_selected(graph: Graph):
    with pytest.raises(ValueError, match="needs graph="):
        ge.select_ops("foo")
    with pytest.raises(ValueError, match="unexpected keywords"):
        ge.select_ops("foo", graph=graph, regex=True)
    with pytest.raises(TypeError, match="a Graph is wanted"):
        ge.select_ts("foo", graph=3)
    with pytest.raises(TypeError, match="ControlOutputs are wanted"):
        ge.check_cios(control_ios=3)  # type: ignore[arg-type]
    outputs = ge.ControlOutputs(graph)
    with pytest.raises(ValueError, match="stands for control_outputs"):
        ge.check_cios(control_outputs=outputs, control_ios=outputs)
