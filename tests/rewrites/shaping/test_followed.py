"""What was written down of inferred shapes."""

from __future__ import annotations

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.rewrites.shaping.followed import INFERRED, update_inferred, update_signatures
from proto_utils import schema
from tests import notation
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
