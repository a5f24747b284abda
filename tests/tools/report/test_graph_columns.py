"""Graphs as columns: nodes, edges, calls, frames; in graphs that are broken too."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.tools.report import graph_columns
from graphsurgeon.tools.report.graph_columns import GraphColumns, GraphReader
from graphsurgeon.tools.report.texts import StringTable
from tests import notation
from tests.passes.unfreeze.test_control_inputs import NESTED


def columns(model: Model) -> tuple[list[GraphColumns], list[str]]:
    strings = StringTable()
    return GraphReader(model, Index(model.graph), strings).read(), strings.texts


def edges(made: GraphColumns) -> dict[str, list[Any]]:
    names = made.nodes["name"]
    return {
        name: [[names[number], output] if number >= 0 else output for number, output in inputs]
        for name, inputs in zip(names, made.nodes["inputs"], strict=True)
    }


def test_edges_of_all_kinds():
    (made,), texts = columns(
        notation.model("a = Split(x:1, b, ^c) {num_split: 2}; b = Abs(a:1); c = NoOp; d = Neg(^z)")
    )
    assert edges(made) == {"a": ["x:1", ["b", 0], ["c", -1]], "b": [["a", 1]], "c": [], "d": ["^z"]}
    assert [texts[op] for op in made.nodes["op"]] == ["Split", "Abs", "NoOp", "Neg"]


def test_columns_are_of_one_length_and_devices_are_kept():
    (made,), texts = columns(notation.model("a = NoOp on /cpu:0; b = NoOp"))
    assert {len(column) for column in made.nodes.values()} == {2}
    assert [texts[device] for device in made.nodes["device"]] == ["/cpu:0", ""]


def test_a_function_has_arguments_and_results():
    function = notation.function("f", "a b", "y:z:0 b", "y = Mul(a, b)")
    (graph, made), texts = columns(notation.model("c = f(c, c)", function))
    assert graph.facts["calls"] == {0: [1]}
    assert edges(made) == {
        "a": [], "b": [], "y": [["a", 0], ["b", 0]], "out0": [["y", 0]], "out1": [["b", 0]],
    }  # fmt: skip
    assert made.facts["made"] == [0, 1, 3, 4]
    assert [texts[op] for op in made.nodes["op"]] == ["_Arg", "_Arg", "Mul", "_Retval", "_Retval"]
    assert made.facts["signature"] == "(a: float32, b: float32) -> (out0: float32, out1: float32)"


def test_outputs_by_name_in_a_body():
    body = "s = SplitV(a, b, a) {num_split: 3}; t = Unique(s:output:2); u = Neg(t:idx:0)"
    _, made = columns(notation.model("x = NoOp", notation.function("f", "a b", "u:y:0", body)))[0]
    assert edges(made)["t"] == [["s", 2]]
    assert edges(made)["u"] == [["t", 1]]


def test_frames_are_a_tree():
    (made,), _ = columns(notation.model(NESTED))
    outer, inner = made.facts["frames"]
    assert (outer["name"], outer["parent"], inner["name"], inner["parent"]) == ("outer", -1, "inner", 0)
    names = made.nodes["name"]
    assert {names[number] for number in inner["nodes"]} >= {"i/Enter", "i/Merge", "i/Next"}
    assert not set(inner["nodes"]) & set(outer["nodes"])


def test_frames_in_frames_cost_no_more_than_their_number():
    lines = ['e0 = Enter(x) {frame_name: "f0"}']
    lines += [f'e{i} = Enter(e{i - 1}) {{frame_name: "f{i}"}}' for i in range(1, 3000)]
    (made,), _ = columns(notation.model("\n".join(lines)))
    assert [row["parent"] for row in made.facts["frames"]] == list(range(-1, 2999))


def test_two_nodes_of_one_name():
    (made,), _ = columns(notation.model("a = NoOp; a = Const {f32 [2]}; b = Neg(a)"))
    assert made.nodes["name"] == ["a", "a", "b"]
    assert made.nodes["inputs"][2] == [[0, 0]]


def test_a_full_page_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(graph_columns, "MAX_NODES", 2)
    graphs, _ = columns(notation.model("a = Neg(c); b = NoOp; c = NoOp", notation.function("f", "", "", "d = NoOp")))
    assert [edges(made) for made in graphs] == [{"a": ["c"], "b": []}]


def test_calls_of_functions_that_are_not_on_the_page(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(graph_columns, "MAX_NODES", 3)
    f, g = (notation.function(name, "a", "y:y:0", "y = Neg(a)") for name in "fg")
    graphs, _ = columns(notation.model("a = f; b = g", f, g))
    assert [graph.name for graph in graphs] == ["", "f"]
    assert graphs[0].facts["calls"] == {0: [1]}


def test_very_many_inputs_are_counted():
    text = "x = Const {f32 [2]}\ns = AddN(" + ", ".join(["x"] * 1500) + ")"
    (made,), _ = columns(notation.model(text))
    assert len(made.nodes["inputs"][1]) == graph_columns.MAX_INPUTS + 1
    assert made.nodes["inputs"][1][-1] == [-1, "... 500 more inputs"]
