"""The signature by which a loss is trained."""

from __future__ import annotations

from graphsurgeon.rewrites.serving.loss_signature import add_loss_signature
from proto_utils import schema
from tests.passes.harness import model

TEXT = """
    x = Placeholder {dtype: f32, shape: shape[?,3]}
    labels = Placeholder {dtype: f32, shape: shape[?,3]}
    prob = Sigmoid(x)
    loss = SquaredDifference(x, labels)
"""


def test_a_model_without_signatures_gets_two():
    of = model(TEXT, meta=schema.MetaGraphDef())
    notes = add_loss_signature(of, "loss", "prob")
    assert of.meta is not None
    found = of.meta.signature_def
    assert {key: sorted(each.inputs) for key, each in found.items()} == {
        "serving_default": ["x"],
        "train": ["labels", "x"],
    }
    assert notes[0] == "signature 'serving_default' takes x, and gives prob"
    assert [dim.size for dim in found["train"].outputs["prob"].tensor_shape.dim] == [-1, 3]


def test_inputs_are_called_as_in_other_signatures():
    meta = schema.MetaGraphDef()
    meta.signature_def["serve"].inputs["images"].name = "x:0"
    of = model(TEXT, meta=meta)
    assert add_loss_signature(of, "loss", "prob") == ["signature 'train' takes images, labels, and gives loss, prob"]
    assert of.meta is not None
    assert sorted(of.meta.signature_def) == ["serve", "train"]
    assert add_loss_signature(of, "loss", "prob") == ["signature 'train' stays as it is, and says nothing of 'loss'"]


def test_a_bare_graph_has_none():
    of = model(TEXT)
    assert add_loss_signature(of, "loss", "prob") == []
