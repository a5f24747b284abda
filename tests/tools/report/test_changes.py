"""What differs, drawn: nodes of both sides in one picture, edges that one of them has, how far values moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import graphsurgeon as gs
from graphsurgeon.ir.model import Model
from graphsurgeon.tools.report.page_data import page_data
from tests import notation
from tests.models import shared

A = "x = Placeholder {dtype: f32}; w = Const {f32 [2]}; a = Mul(x, w); b = Neg(a); c = Abs(b)"


def drawn(a: Model, b: Model) -> tuple[dict[str, Any], dict[str, str], set[tuple[str, str, int, str]]]:
    page = page_data(a, against=b)
    graph = page["graphs"][0]
    names = graph["nodes"]["name"]
    change = {names[number]: kind for number, kind in graph["change"].items()}
    return page, change, {(names[start], names[end], out, kind) for start, end, out, kind in graph["edges"]}


def test_nothing_differs():
    page, change, edges = drawn(notation.model(A), notation.model(A))
    assert (change, edges) == ({}, set())
    assert page["against"]["summary"] == ["graph: 5 equal"]


def test_a_node_between_two():
    b = A.replace("b = Neg(a)", "n = Sqrt(a); b = Neg(n)")
    _, change, edges = drawn(notation.model(A), notation.model(b))
    assert change == {"b": "changed", "n": "added"}
    assert edges == {("a", "b", 0, "removed"), ("n", "b", 0, "added"), ("a", "n", 0, "added")}


def test_the_other_way_round_it_is_removed():
    b = A.replace("b = Neg(a)", "n = Sqrt(a); b = Neg(n)")
    _, change, edges = drawn(notation.model(b), notation.model(A))
    assert change == {"b": "changed", "n": "removed"}
    assert edges == {("n", "b", 0, "removed"), ("a", "b", 0, "added"), ("a", "n", 0, "removed")}


def test_what_changed_at_a_node_is_said():
    page, change, _ = drawn(notation.model(A), notation.model(A.replace("c = Abs(b)", "c = Abs(b) on /gpu:0")))
    assert change == {"c": "changed"}
    assert page["graphs"][0]["changed"] == {4: ["device: '' -> '/gpu:0'"]}


def test_a_renamed_node_is_one_node():
    page, change, edges = drawn(notation.model(A), notation.model(A.replace("b = ", "q = ").replace("(b)", "(q)")))
    assert (change, edges) == ({"b": "changed"}, set())
    assert page["graphs"][0]["changed"] == {3: ["renamed to q"]}


def test_control_inputs():
    _, change, edges = drawn(notation.model(A), notation.model(A.replace("c = Abs(b)", "c = Abs(b, ^x)")))
    assert (change, edges) == ({"c": "changed"}, {("x", "c", -1, "added")})


def test_functions_of_both_sides():
    f, g, h = (
        notation.function(name, "a", "y:y:0", f"y = {op}(a)")
        for name, op in zip("fgh", ("Neg", "Abs", "Exp"), strict=True)
    )
    changed = notation.function("g", "a", "z:y:0", "y = Abs(a); z = Neg(y:y:0)")
    call = "x = Placeholder {dtype: f32}; y = g(x)"
    page = page_data(notation.model(call, f, g), against=notation.model(call, changed, h))
    kinds = {
        graph["name"]: {graph["nodes"]["name"][number]: kind for number, kind in graph["change"].items()}
        for graph in page["graphs"]
    }
    assert set(kinds["f"].values()) == {"removed"}
    assert kinds["g"] == {"z": "added"}
    assert set(kinds["h"].values()) == {"added"}
    (g_graph,) = [graph for graph in page["graphs"] if graph["name"] == "g"]
    assert [g_graph["nodes"]["name"][start] for start, *_ in g_graph["edges"]] == ["y"]


def test_calls_of_the_other_side_lead_to_its_functions():
    h = notation.function("h", "a", "y:y:0", "y = Neg(a)")
    page = page_data(
        notation.model("x = Placeholder {dtype: f32}"),
        against=notation.model("x = Placeholder {dtype: f32}; y = h(x)", h),
    )
    assert page["graphs"][0]["calls"] == {1: [1]}
    assert page["graphs"][1]["name"] == "h"


def test_values_of_constants_and_how_far_they_moved(fixtures: Path):
    model = gs.load(fixtures / "mobile_cnn.pb")
    other = model.copy()
    gs.round_weights(other, num_steps=8)
    page, change, _ = drawn(model, other)
    moved = {row["name"]: row["change"] for row in page["weights"] if row["change"]}
    assert moved["Logits/weights"]["kind"] == "changed"
    assert 0 < moved["Logits/weights"]["largest_relative"] <= 1
    assert moved["Logits/weights"]["largest_absolute"] > 0
    assert change["Logits/weights"] == "changed"


def test_tensors_of_checkpoints(tmp_path: Path):
    same = np.ones(3, np.float32)
    gs.save_checkpoint({"a": same, "gone": same, "same": same}, tmp_path / "a")
    gs.save_checkpoint({"a": same * 2, "new": same, "same": same}, tmp_path / "b")
    page = page_data(tmp_path / "a", against=tmp_path / "b")
    found = {row["name"]: row["change"] and (row["change"]["kind"], row["change"]["largest_relative"])
             for row in page["weights"]}  # fmt: skip
    assert found == {"a": ("changed", 0.5), "gone": ("removed", None), "same": None, "new": ("added", None)}
    assert page["graphs"] == []


def test_real_models_of_which_one_was_made_of_the_other():
    folder = "zaneoliver6+char-rnn-lstm-receipts/"
    a, b = gs.load(shared(f"{folder}frozen_model.pb")), gs.load(shared(f"{folder}frozen_model_mobile.pb"))
    report = gs.diff(a, b)
    page, change, _ = drawn(a, b)
    assert report.graph is not None
    kinds = list(change.values())
    assert kinds.count("removed") == len(report.graph.removed) == 316
    assert kinds.count("changed") == len(report.graph.changed) == 7
    assert len(page["graphs"][0]["nodes"]["name"]) == len(a.graph) + len(report.graph.added)
