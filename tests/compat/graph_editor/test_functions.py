"""Ops are copied with the functions that they call."""

from __future__ import annotations

import pytest

from graphsurgeon.checks import check
from graphsurgeon.compat import graph_editor as ge
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from tests import notation

CALL = "x = Placeholder {dtype: f32}; y = PartitionedCall(x) {f: fn:outer, Tin: [f32], Tout: [f32]}; z = inner(y)"


def source(op: str = "Neg") -> Model:
    outer = "n = PartitionedCall(a) {f: fn:inner, Tin: [f32], Tout: [f32]}"
    return notation.model(
        CALL,
        notation.function("outer", "a", "n:output:0", outer),
        notation.function("inner", "a", "n:y:0", f"n = {op}(a) {{T: f32}}"),
        notation.function("unused", "a", "a", ""),
    )


def test_the_library_gets_what_is_called():
    model, into = source(), Model()
    ge.copy(model.graph, into.graph, "k")
    ge.copy(model.graph, into.graph, "k")
    assert sorted(into.library.functions) == ["inner", "outer"]
    assert into.library.functions["inner"] is not model.library.functions["inner"]
    assert [each.name for each in into.graph["k/z"].outputs] == ["k/z:0"]
    check(into)


def test_what_it_has_under_that_name_is_not_replaced():
    into = source("Abs")
    with pytest.raises(ValueError, match="the ops call inner, and the library of the model has another function"):
        ge.copy(source().graph, into.graph, "k")
    assert len(into.graph) == 3
    with pytest.raises(ValueError, match="the ops call inner, and the graph is of no model"):
        ge.copy(source().graph, Graph())


def test_a_function_that_comes_later_is_known():
    model = notation.model("x = Placeholder {dtype: f32}; y = later(x)")
    model.library.functions["other"] = notation.function("other", "a", "a", "")
    assert model.graph["y:0"].dtype is None
    model.library.functions["later"] = notation.function("later", "a", "a", "")
    assert model.graph["y:0"].dtype is not None
