"""Constants of frozen graphs, and other values in their place."""

from __future__ import annotations

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.checks import verify
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.editing.constant_values import constants_of, is_frozen, replace_constants, values_of
from graphsurgeon.tensors.values import as_tensor
from tests.notation import graph


@pytest.fixture
def model() -> Model:
    made = graph(
        "x = Placeholder {dtype: f32}; w = Const {f32 [2, 2]}; shape = Const {i32 [2]}; "
        "y = MatMul(x, w, ^shape); z = Reshape(y, shape)"
    )
    return Model(made)


def test_of_the_same_dtype_it_is_the_same_node(model):
    report = gs.scale(model, factor=3.0, select=("w",))
    assert [row.name for row in report.changes] == ["w"]
    assert [node.name for node in model.graph] == ["x", "w", "shape", "y", "z"]
    assert model.graph["w"].op == "Const"
    assert verify(model) == []


def test_of_another_dtype_a_cast_has_the_name(model):
    before = model.graph["w"].tensor.numpy()
    gs.cast(model, dtype="float16")
    assert [(node.name, node.op) for node in model.graph][1:3] == [("w", "Cast"), ("w/float16", "Const")]
    assert model.graph["w/float16"].tensor.numpy().tolist() == before.astype(np.float16).tolist()
    assert model.graph["w"].inputs == ("w/float16",)
    assert verify(model) == []
    gs.cast(model, dtype="bfloat16", select=("w/float16",))
    assert model.graph["w/float16"].inputs == ("w/float16/bfloat16",)
    assert verify(model) == []


def test_single_numbers_are_cast_when_they_are_asked_for(model):
    model.graph.append(graph("epsilon = Const {f32 []}")["epsilon"].copy())
    report = gs.cast(model, dtype="float16")
    assert [row.name for row in report.skipped] == ["shape", "epsilon"]
    gs.cast(model, dtype="float16", select=("epsilon",))
    assert model.graph["epsilon"].op == "Cast"


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda model: gs.select(model, drop=("w",)), "w: a constant of a graph stays"),
        (lambda model: gs.slice(model, part="0", select=("w",)), r"w: is \[2, 2\] in the graph, and would be \[2\]"),
        (lambda model: gs.duplicate(model, map=("w=v",)), "v: no constant of the graph"),
    ],
)
def test_what_a_graph_cannot_take(model, edit, reason):
    before = list(model.graph)
    with pytest.raises(PassError, match=reason):
        edit(model)
    assert list(model.graph) == before


def test_names_that_are_taken(model):
    model.graph.append(graph("w/float16 = Const {f32 []}")["w/float16"].copy())
    gs.cast(model, dtype="float16", select=("w",))
    assert model.graph["w"].inputs == ("w/float16_1",)


def test_models_with_variables_and_others(model):
    assert is_frozen(model)
    assert list(constants_of(model)) == list(values_of(model)) == ["w", "shape"]
    held = Model(graph("v = VariableV2 {dtype: f32}"))
    held.variables = {"v": as_tensor(np.ones(2, np.float32))}
    assert not is_frozen(held)
    assert list(values_of(held)) == ["v"]
    with pytest.raises(TypeError, match=r"model\.variables"):
        gs.cast(held, dtype="float16")
    replace_constants(model, constants_of(model), constants_of(model), "cast")


def test_frozen_graphs_are_averaged(model):
    other = Model(graph("w = Const {f32 [2, 2]}"))
    mean = model.graph["w"].tensor.numpy()
    gs.average(model, [constants_of(other)], missing="keep")
    assert model.graph["w"].tensor.numpy().tolist() == mean.tolist()
