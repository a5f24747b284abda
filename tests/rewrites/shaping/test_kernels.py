"""Matrices become kernels where they are, or in the graph."""

from __future__ import annotations

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.shaping.dense_layers import DenseLayer
from graphsurgeon.rewrites.shaping.kernels import Kernels, rename_initial
from proto_utils import schema
from tests import notation
from tests.passes.harness import definitions, model, variable_def

TEXT = "x = Placeholder {dtype: f32}; w = Const {f32 [24, 5]}; r = Identity(w); y = MatMul(x, r) {transpose_b: false}"


def shaped(of: Model, *, is_channels_first: bool = False) -> tuple[str, str, Kernels]:
    edit = GraphEdit(of.graph)
    made = Kernels(of, edit)
    text, how = made.shape(DenseLayer(of.graph["y"], "x", (2, 3, 4, 5), is_channels_first, True))
    edit.apply()
    return text, how, made


def test_a_constant_is_the_same_bytes():
    of = model(TEXT)
    before = of.graph["w"].tensor.numpy()
    assert shaped(of)[:2] == ("r", "reshaped")
    np.testing.assert_array_equal(of.graph["w"].tensor.numpy(), before.reshape(2, 3, 4, 5))


@pytest.mark.parametrize("is_turned", [False, True])
def test_channels_first_is_another_order(is_turned: bool):
    text = TEXT.replace("transpose_b: false", f"transpose_b: {str(is_turned).lower()}")
    of = model(text.replace("[24, 5]", "[5, 24]") if is_turned else text)
    matrix = of.graph["w"].tensor.numpy()
    matrix = matrix.T if is_turned else matrix
    assert shaped(of, is_channels_first=True)[1] == "rearranged"
    wanted = matrix.reshape(4, 2, 3, 5).transpose(1, 2, 0, 3)
    np.testing.assert_array_equal(of.graph["w"].tensor.numpy(), wanted)


def test_what_others_read_is_reshaped_in_the_graph():
    of = model(TEXT + "; z = Neg(r)")
    text, how, _ = shaped(of)
    assert (text, how) == ("y/kernel", "reshaped in the graph")
    assert "y/kernel = Reshape(r, y/kernel/shape)" in notation.show(of.graph)
    assert of.graph["w"].tensor.shape == (24, 5)


def test_a_variable_with_its_initial_value_and_its_key():
    meta = schema.MetaGraphDef()
    meta.collection_def["variables"].bytes_list.value.append(variable_def("w"))
    of = model(
        "x = Placeholder {dtype: f32}; w = VariableV2 {dtype: f32, shape: shape[24, 5]}; "
        "w/zeros = Const {f32 [24, 5]}; w/Assign = Assign(w, w/zeros); w/read = Identity(w); y = MatMul(x, w/read)",
        meta=meta,
    )
    of.variables = {"w": np.arange(120, dtype=np.float32).reshape(24, 5)}
    text, how, made = shaped(of)
    rename_initial(of, made.initial)
    assert (text, how) == ("w/read", "reshaped")
    assert made.values["w"].shape == (2, 3, 4, 5)
    assert of.graph["w/Assign"].inputs == ("w", "w/initial_value")
    assert definitions(of, "variables")[0].initial_value_name == "w/initial_value:0"
    of.variables.update(made.values)
    assert gs.verify(of) == []
