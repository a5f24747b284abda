"""set_shape: inputs declare another shape, what was inferred follows, and what does not go with it is listed."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.passes.set_shape import set_shape
from proto_utils import schema
from tests import notation
from tests.passes.harness import check_refusal, model

TEXT = """
    x = Placeholder {dtype: f32, shape: shape[1, 4]}
    w = Const {f32 [4, 2]}
    y = MatMul(x, w)
    z = Mine(y)
    u = Relu(w)
"""


def test_shapes_follow_or_go():
    of = model(TEXT)
    for name, dims in (("y", [1, 2]), ("z", [1, 2]), ("u", [4, 2])):
        of.graph[name].attrs["_output_shapes"] = [Shape(dims)]
    report = set_shape(of, shape=("x=8,4",))
    assert of.graph["x"].attrs["shape"] == Shape([8, 4])
    assert of.graph["y"].attrs["_output_shapes"] == [Shape([8, 2])]
    assert "_output_shapes" not in of.graph["z"].attrs
    assert report.to_json() == {
        "inputs": [{"node": "x", "shape": [8, 4], "was": [1, 4]}], "followed": 2, "signatures": [], "notes": [],
    }  # fmt: skip


@pytest.mark.parametrize("given", [("x=?,4",), "x=-1,4", {"x": [None, 4]}, {"x": "None,4"}, {"x": (-1, 4)}])
def test_ways_to_say_it(given):
    of = model(TEXT)
    set_shape(of, shape=given)
    assert of.graph["x"].attrs["shape"] == Shape([None, 4])


def test_signatures_follow():
    meta = schema.MetaGraphDef()
    served = meta.signature_def["serving_default"]
    served.inputs["image"].name, served.outputs["prob"].name, served.outputs["odd"].name = "x:0", "y:0", "z:0"
    of = model(TEXT, meta=meta)
    assert set_shape(of, shape={"image": [3, 4]}).signatures == ["serving_default"]
    assert of.meta is not None
    served = of.meta.signature_def["serving_default"]
    assert Shape.from_proto(served.inputs["image"].tensor_shape) == Shape([3, 4])
    assert Shape.from_proto(served.outputs["prob"].tensor_shape) == Shape([3, 2])
    assert Shape.from_proto(served.outputs["odd"].tensor_shape) == Shape()


def test_bodies_forget_what_was_inferred():
    body = notation.function("f", "a", "r:activations:0", "r = Relu(a) {T: f32}")
    body.body["r"].attrs["_output_shapes"] = [Shape([1, 4])]
    body.proto.arg_attr[0].attr["_output_shapes"].list.shape.add()
    of = model("x = Placeholder {dtype: f32, shape: shape[1, 4]}; y = f(x)", body)
    assert set_shape(of, shape=("x=2,4",)).followed == 2
    assert "_output_shapes" not in of.library.functions["f"].body["r"].attrs


RESHAPE = "x = Placeholder {dtype: f32, shape: shape[1, 2, 2]}; t = Const {i32 [2] 4}; y = Reshape(x, t)"


def test_reshapes_of_what_nobody_knows_are_named():
    text = "x = Placeholder {dtype: f32, shape: shape[4, 4]}; l = Mine(x); t = Const {i32 [2] 4}"
    text += "; y = Reshape(l, t) {T: f32}"
    assert set_shape(model(text), shape=("x=2,8",)).notes == ["nobody knows what 'y' reshapes to a constant size"]


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ("x=1,5", PassError, r"y: \[1, 5\] is not multiplied by \[4, 2\]"),
        ("q=1", NotFoundError, "no input 'q'"),
        ("y=1", PassError, "MatMul is no input"),
        ("x=1,a", PassError, "'1,a' is no shape"),
        ((), PassError, "no inputs are named"),
    ],
)
def test_what_is_refused(given, error, match):
    check_refusal(set_shape, model(TEXT), error, match, shape=given)
