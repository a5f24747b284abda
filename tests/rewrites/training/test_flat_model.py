"""A model of TensorFlow 2 is flat before it trains."""

from __future__ import annotations

from graphsurgeon.rewrites.training.flat_model import flatten_objects
from proto_utils import schema
from tests import notation
from tests.passes.harness import listed, model

BODY = notation.function("body", "x", "y:activations:0", "y = Relu(x) {T: f32}")
TEXT = """
    w = VarHandleOp {dtype: f32, shape: shape[3]}
    w/read = ReadVariableOp(w) {dtype: f32}
    call = PartitionedCall(w/read) {f: fn:body, Tin: [f32], Tout: [f32]}
"""


def test_calls_are_inlined_and_variables_listed():
    meta = schema.MetaGraphDef()
    meta.signature_def["serving_default"].outputs["y"].name = "call:0"
    saved = meta.object_graph_def.nodes.add().variable
    saved.name, saved.trainable = "w", True
    of = model(TEXT, BODY, meta=meta)
    (note,) = flatten_objects(of)
    assert "its objects are gone" in note
    assert of.meta is not None
    assert not of.meta.HasField("object_graph_def")
    assert not of.graph.nodes_of({"PartitionedCall"})
    assert of.library.functions == {}
    assert listed(of, "variables") == listed(of, "trainable_variables") == ["w"]
    assert "w/Assign" in of.graph


def test_any_other_is_left():
    of = model(TEXT, BODY, meta=schema.MetaGraphDef())
    assert flatten_objects(of) == []
    assert "call" in of.graph
