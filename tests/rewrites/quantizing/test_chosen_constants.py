"""Constants that are large enough, and that the user means."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.quantizing.chosen_constants import chosen_constants, large_variables, reference_reader
from proto_utils.errors import NotFoundError
from tests import notation
from tests.passes.harness import FROZEN, model


def test_size_type_and_patterns():
    of = model(
        "a = Const {f32 [4]}; b = Const {f64 [5]}; c = Const {f32 [3]}; i = Const {i32 [9]}",
        notation.function("f", "x", "k:output:0", "k = Const {f32 [6]}"),
    )
    assert [each.name for each in chosen_constants(of, 4)] == ["a", "b", "f/k"]
    assert [each.name for each in chosen_constants(of, 4, select="a,f/.*", exclude="a")] == ["f/k"]
    with pytest.raises(NotFoundError):
        chosen_constants(of, 4, select="c")


def test_roles():
    assert [each.name for each in chosen_constants(model(FROZEN), 1, role="matmul_kernel")] == ["w"]
    assert chosen_constants(model(FROZEN), 1, role="bias") == []


def test_variables():
    of = model("v = VariableV2 {dtype: f32, shape: shape[2,3]}; i = VariableV2 {dtype: i32, shape: shape[9]}")
    assert [node.name for node, _ in large_variables(of, 6)] == ["v"]
    assert large_variables(of, 7) == []


def test_references():
    graph = notation.graph("w = Const {f32 [2]}; u = Const {f32 [2]}; s = AssignSub(w, u)")
    assert reference_reader(graph, graph["w"]) == "s"
    assert reference_reader(graph, graph["u"]) is None
