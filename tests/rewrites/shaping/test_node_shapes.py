"""Static shapes of nodes: what attrs state, and what follows."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.shaping import node_shapes
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from tests import notation

NET = """
    x = Placeholder {dtype: f32, shape: shape[?,4]}
    w = Const {f32 [4,3]}
    y = MatMul(x, w)
    parts = Split(axis, y) {num_split: 3}
    axis = Const {i32 [] 1}
    odd = SomebodysOp
"""


def dims(model: Model, name: str, output: int = 0, *, infer: bool | None = None) -> list[int | None] | None:
    return NodeShapes(model, infer=infer).dims(model.graph[name], output)


def test_what_follows_from_others():
    model = notation.model(NET)
    assert (dims(model, "x"), dims(model, "w"), dims(model, "y")) == ([None, 4], [4, 3], [None, 3])
    assert dims(model, "parts", 2) == [None, 1]
    assert dims(model, "parts", 3) is None
    assert dims(model, "odd") is None


def test_without_inference_what_attrs_state(monkeypatch):
    model = notation.model(NET)
    assert (dims(model, "x", infer=False), dims(model, "y", infer=False)) == ([None, 4], None)
    monkeypatch.setattr(node_shapes, "MAX_NODES", 5)
    assert not NodeShapes(model).is_inferred
    assert dims(model, "y") is None
    assert dims(model, "y", infer=True) == [None, 3]


@pytest.mark.parametrize(("version", "shape"), [(21, None), (22, [])])
def test_a_scalar_that_old_placeholders_state_may_be_any_shape(version: int, shape: list[int] | None):
    model = notation.model("x = Placeholder {dtype: f32, shape: shape[]}; y = Relu(x)")
    model.rest.versions.producer = version
    assert (dims(model, "x"), dims(model, "y")) == (shape, shape)
    assert dims(model, "x", infer=False) == shape


def test_a_handle_has_no_shape_of_its_variable():
    handle = "v = VarHandleOp {dtype: f32, shape: shape[2]}"
    model = notation.model(f"{handle}; h = Identity(v); r = ReadVariableOp(h) {{dtype: f32}}")
    assert dims(model, "h") is None
    assert dims(model, "r") == [2]
