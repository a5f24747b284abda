"""A signature that trains stands beside the one that serves."""

from __future__ import annotations

from graphsurgeon.rewrites.training.train_signature import add_train_signature
from proto_utils import schema
from tests.passes.harness import model

TEXT = """
    f = Const {bool []}
    training = PlaceholderWithDefault(f) {shape: shape[]}
    x = Placeholder {dtype: f32}
    a/y = Relu(x)
    update_op = NoOp
"""


def signed(*keys: str) -> schema.MetaGraphDef:
    meta = schema.MetaGraphDef()
    for key in keys:
        meta.signature_def[key].inputs["image"].name = "x:0"
        meta.signature_def[key].outputs["prob"].name = "a/y:0"
    return meta


def test_its_outputs_wait_for_the_updates():
    of = model(TEXT, meta=signed("serving_default"))
    assert add_train_signature(of, ["training"], "update_op") == "train"
    assert of.meta is not None
    made = of.meta.signature_def["train"]
    assert {key: info.name for key, info in made.inputs.items()} == {"image": "x:0", "training": "training:0"}
    assert made.outputs["prob"].name == "a/train:0"
    assert of.graph["a/train"].inputs == ("a/y", "^update_op")
    assert of.meta.signature_def["serving_default"].outputs["prob"].name == "a/y:0"


def test_without_one_that_serves_there_is_none():
    assert add_train_signature(model(TEXT), ["training"], "update_op") == ""
    assert add_train_signature(model(TEXT, meta=signed()), ["training"], "update_op") == ""
    assert add_train_signature(model(TEXT, meta=signed("a", "b")), ["training"], "update_op") == ""


def test_a_key_that_is_taken():
    assert add_train_signature(model(TEXT, meta=signed("serving_default", "train")), (), "") == "train_1"
