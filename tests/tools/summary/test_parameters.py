"""The parameters of a model: variables or weights, and whether they are trained."""

from __future__ import annotations

import graphsurgeon as gs
from graphsurgeon.ir.index import Index
from graphsurgeon.tools.summary.parameters import parameters_of
from proto_utils import schema
from tests import notation
from tests.models import floats

BOTH = """
    x = Placeholder {dtype: f32, shape: shape[?,2]}; w = VariableV2 {dtype: f32, shape: shape[2,3]}
    zeros = Const {f32 [2,3]}; w/Assign = Assign(w, zeros); w/read = Identity(w); y = MatMul(x, w/read)
    global_step = VariableV2 {dtype: i64, shape: shape[]}
"""


def of(model: gs.Model):
    return parameters_of(model, Index(model.graph))


def test_weights_of_a_frozen_graph():
    text = """x = Placeholder {dtype: f32, shape: shape[?,2]}; w = Const {f32 [2,3]}
        w/read = Identity(w) {_class: loc:@w}; y = MatMul(x, w/read); other = Const {f32 [4]}"""
    (found,) = of(notation.model(text)).values()
    assert found == ("w", 6, 24, True)


def test_variables_and_not_what_they_are_initialized_with():
    found = of(notation.model(BOTH))
    assert found == {"w": ("w", 6, 24, True), "global_step": ("global_step", 1, 8, False)}


def test_collections_say_what_is_trained():
    model = notation.model(BOTH)
    model.meta = schema.MetaGraphDef()
    variable = schema.VariableDef(variable_name="w:0").SerializeToString()
    model.meta.collection_def["variables"].bytes_list.value.append(variable)
    assert not of(model)["w"].is_trained
    model.meta.collection_def["trainable_variables"].bytes_list.value.append(variable)
    assert of(model)["w"].is_trained


def test_objects_say_what_handles_of_calls_are():
    text = "x = Placeholder {dtype: f32}; Variable_7 = VarHandleOp {dtype: f32, shape: shape[5]}"
    model = notation.model(
        f"{text}; y = PartitionedCall(x, Variable_7) {{f: fn:serve, Tout: [f32]}}",
        notation.function("serve", "x h", "x", "a = NoOp"),
    )
    model.meta = schema.MetaGraphDef()
    objects = model.meta.object_graph_def
    objects.nodes.add()
    objects.nodes.add().variable.name = "dense/kernel"
    objects.concrete_functions["serve"].bound_inputs.append(1)
    assert of(model)["Variable_7"] == ("dense/kernel", 5, 20, False)
    objects.nodes[1].variable.trainable = True
    assert of(model)["Variable_7"].is_trained


def test_shapes_that_values_tell():
    model = notation.model("v = VariableV2 {dtype: f32, shape: shape[?]}; y = Identity(v)")
    assert of(model)["v"].size == 0
    model.variables["v"] = floats(1, 2, 3)
    assert of(model)["v"].size == 3
