"""Which variables functions of a SavedModel captured: by key, by a name of only one, and those that nobody knows."""

from __future__ import annotations

from graphsurgeon.ir.model import Model
from graphsurgeon.variables.captured import UNKNOWN, captured_by_functions, captured_variables, named_objects
from proto_utils import schema
from tests import notation


def _model() -> Model:
    made = notation.model(
        "v = VarHandleOp {dtype: f32, shape: shape[2]}; w = VarHandleOp {dtype: f32, shape: shape[2]}",
        notation.function("f", "x a b", "y:output:0", "y = Identity(x) {T: f32}"),
    )
    made.meta = schema.MetaGraphDef()
    nodes = made.meta.object_graph_def.nodes
    for name in ("v", "twice", "twice"):
        nodes.add().variable.name = name
    nodes.add().user_object.identifier = "model"
    return made


def _captured(model: Model, *numbers: int, **objects: list[int]) -> dict[str, dict[int, str]]:
    assert model.meta is not None
    del model.meta.object_graph_def.concrete_functions["f"].bound_inputs[:]
    model.meta.object_graph_def.concrete_functions["f"].bound_inputs.extend(numbers)
    return captured_variables(model, {"v": "v", "w": "key"}, objects)


def test_arguments_at_the_end():
    model = _model()
    assert named_objects(model) == {"v": [0]}
    assert _captured(model, 0) == {"f": {2: "v"}}
    assert captured_by_functions(model, model.graph.index) == {"f": {2: "v"}}
    assert _captured(model, 1, 0, key=[1]) == {"f": {1: "w", 2: "v"}}


def test_what_is_no_variable_or_not_known():
    model = _model()
    assert _captured(model, 3, 2) == {"f": {2: UNKNOWN}}
    assert _captured(model, 9) == {}
    assert _captured(model, 0, 0, 0, 0) == {"f": {0: "v", 1: "v", 2: "v"}}
    model.meta = None
    assert captured_variables(model, {}, {}) == captured_by_functions(model, model.graph.index) == {}
