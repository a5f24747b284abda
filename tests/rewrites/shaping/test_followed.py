"""What was written down of inferred shapes."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.rewrites.shaping.followed import (
    INFERRED,
    follow_shapes,
    mismatches,
    update_inferred,
    update_signatures,
)
from proto_utils import schema
from tests import notation
from tests.models import meta_graph
from tests.rewrites.shaping.test_shape_inference import inferred


def test_attrs_are_true_or_gone():
    node = notation.node("s = Split(a, b) {num_split: 2, T: f32}")
    node.attrs[INFERRED] = [Shape([1]), Shape([1])]
    update_inferred(node, [(2,)])
    assert node.attrs[INFERRED] == [Shape([2]), Shape()]
    update_inferred(node, ())
    assert INFERRED not in node.attrs


def test_signatures_that_say_something_else():
    meta = schema.MetaGraphDef()
    for key, name in (("a", "x:0"), ("b", "y:0")):
        info = meta.signature_def[key].outputs["y"]
        info.name = name
        info.tensor_shape.CopyFrom(Shape([2]).to_proto())
    made = inferred("x = Placeholder {dtype: f32, shape: shape[2]}; y = Relu(x)", x=(3,))
    assert list(update_signatures(meta, made, {"y"})) == ["b"]
    assert Shape.from_proto(meta.signature_def["b"].outputs["y"].tensor_shape) == Shape([3])
    assert list(update_signatures(None, made, {"y"})) == []


TEXT = """
    x = Placeholder {dtype: f32, shape: shape[2,3]}
    k = Const {f32 [3,4]}
    y = MatMul(x, k)
    out = Relu(y)
"""


def test_nodes_and_signatures_behind():
    model = notation.model(TEXT)
    model.meta = meta_graph()
    model.graph["y"].attrs["_output_shapes"] = [Shape([9, 9])]
    model.graph["k"].attrs["_output_shapes"] = [Shape([3, 4])]
    found = follow_shapes(model, ["x"], (), "p")
    assert (found.nodes, found.signatures) == (["y"], ["serving_default"])
    assert model.graph["y"].attrs["_output_shapes"] == [Shape([2, 4])]
    outputs = model.meta.signature_def["serving_default"].outputs
    assert [dim.size for dim in outputs["fetch"].tensor_shape.dim] == [2, 4]


def test_what_does_not_go_together_is_told_unless_it_did_not_before():
    model = notation.model(TEXT.replace("[2,3]", "[2,5]"))
    assert mismatches(model) == {"y"}
    with pytest.raises(PassError, match="does not go with it: y: "):
        follow_shapes(model, ["x"], (), "p")
    assert follow_shapes(model, ["x"], {"y"}, "p").nodes == []
