"""What `unfreeze` would do, before it does."""

from __future__ import annotations

from pathlib import Path

import graphsurgeon as gs
from graphsurgeon.tools.report.page_data import page_data
from tests import notation


def test_it_is_what_unfreeze_does(fixtures: Path):
    model = gs.load(fixtures / "mobile_cnn.pb")
    page = page_data(model, plan="unfreeze")
    graph = page["graphs"][0]
    names = graph["nodes"]["name"]
    report = gs.unfreeze(model)
    assert {names[number]: name for number, name in graph["plan"].items()} == {
        row.name: row.name for row in report.variables
    }
    assert {names[number]: reason for number, reason in graph["kept"].items()} == {
        row.node: row.reason for row in report.kept
    }
    assert page["plan"]["summary"][0].startswith(f"{len(report.variables)} constants would become variables")


def test_the_model_stays_as_it_is(fixtures: Path):
    model = gs.load(fixtures / "mobile_cnn.pb")
    before = model.to_graph_def()
    page_data(model, plan="unfreeze")
    assert model.to_graph_def() == before
    assert model.meta is None


def test_what_unfreeze_declines_it_says():
    page = page_data(notation.model("x = Placeholder {dtype: f32}; y = Neg(x)"), plan="unfreeze")
    assert page["graphs"][0]["plan"] == {}
    (line,) = page["plan"]["summary"]
    assert line.startswith("it declines: ")


def test_constants_of_functions_stay():
    body = "w = Const {f32 [4,4]}; y = MatMul(a, w:output:0) {T: f32}"
    model = notation.model(
        "x = Placeholder {dtype: f32}; v = Const {f32 [4,4]}; m = MatMul(x, v); y = f(m)",
        notation.function("f", "a", "y:product:0", body),
    )
    page = page_data(model, plan="unfreeze")
    assert page["graphs"][1]["kept"] == {1: "inside function 'f', which cannot hold a variable"}
